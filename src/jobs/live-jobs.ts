/** Jobs that are watched: who may, how many, and which poller tells them. */
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { StreamInterrupted } from "../model/interruption.ts";
import { type JobOutcome, type JobRef, jobPath, type Needs } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { Caller } from "../upstream/caller.ts";
import { createTrace, type Trace } from "../upstream/trace.ts";
import type { Viewer } from "./audience.ts";
import { createLatest } from "./latest.ts";
import { askedWaitMs, createPace, type PaceOptions } from "./pace.ts";
import { createPoller, type Poller } from "./poller.ts";
import { createSeats, type SeatOptions } from "./seats.ts";
import type { Snapshots } from "./snapshots.ts";

export interface LiveOptions extends PaceOptions, SeatOptions {
  /** Every viewer's permission is checked again within this time, in milliseconds. */
  readonly recheckMs: number;
  /** Who shares a poller: all who watch a job within a tenant, or only those with the same identity. */
  readonly sharing: "job" | "identity";
}

interface WatchRequest {
  readonly ref: JobRef;
  readonly needs: Needs;
  readonly caller: Caller;
  /** Where the viewer's first call is noted. */
  readonly trace: Trace;
  /** Aborts when the viewer has gone away. */
  readonly signal: AbortSignal;
}

export interface LiveJobs {
  /**
   * The state now, and then every state in which the job is found, the newest only where the reader is slower. Ends
   * after a finished job, "no such job" and "no permission". Throws UpstreamError when the upstream failed too often or
   * does not accept the credentials.
   * @throws TooManyViewers
   */
  readonly watch: (request: WatchRequest) => AsyncGenerator<ObservedJob, void, undefined>;
  /** Ends every stream, now and from now on. */
  readonly close: () => void;
}

/**
 * @param connections of the upstream. First calls and checks take a quarter of them each at the most: viewers who come
 *   or are due by the thousand must not keep queries waiting, nor those who come keep checks waiting.
 */
export function createLiveJobs(snapshots: Snapshots, options: LiveOptions, connections: number): LiveJobs {
  const pollers = new Map<string, Poller>();
  const seats = createSeats(options);
  const share = Math.max(1, Math.floor(connections / 4));
  const limitFirst = pLimit(share);
  const limitChecks = pLimit(share);
  /** Ends each viewer. */
  const viewers = new Set<() => void>();
  let isClosed = false;

  const pollerOf = (ref: JobRef, { tenantId, identity }: Caller): Poller => {
    const group = options.sharing === "identity" ? identity : `${tenantId ?? ""}`;
    const key = JSON.stringify([group, jobPath(ref.scope, ref.jobInstanceId)]);
    const known = pollers.get(key);
    if (known) return known;
    const poller = createPoller({
      pace: options,
      recheckMs: options.recheckMs,
      // What a poller asks is no viewer's operation: it is noted nowhere.
      poll: (caller, needs, signal) =>
        snapshots.get({ ref, caller, needs, signal, trace: createTrace(), accept: "fresh" }),
      check: (caller, needs, signal) =>
        limitChecks(() =>
          snapshots.get({ ref, caller, needs, signal, trace: createTrace(), accept: "inFlight" }),
        ),
      onEmpty: () => pollers.delete(key),
    });
    pollers.set(key, poller);
    return poller;
  };

  /** The first state, by a call with the viewer's own credentials. */
  const admit = async (request: WatchRequest, signal: AbortSignal): Promise<JobOutcome> => {
    const pace = createPace(options);
    for (;;) {
      try {
        return await limitFirst(() => snapshots.get({ ...request, signal, accept: "inFlight" }));
      } catch (error) {
        signal.throwIfAborted();
        await sleep(Math.max(pace.failed(error), askedWaitMs(error)), undefined, { signal });
      }
    }
  };

  const watch: LiveJobs["watch"] = (request) => {
    const { ref, needs, caller } = request;
    const giveUpSeat = seats.take(caller.identity);
    const gone = new AbortController();
    let leave = () => {};
    const end = (error?: Error) => {
      if (gone.signal.aborted) return;
      gone.abort();
      leave();
      giveUpSeat();
      viewers.delete(interrupt);
      request.signal.removeEventListener("abort", giveUp);
      latest.end(error);
    };
    const giveUp = () => end();
    const interrupt = () => end(new StreamInterrupted());
    const latest = createLatest<ObservedJob>(giveUp);
    viewers.add(interrupt);
    request.signal.addEventListener("abort", giveUp, { once: true });
    if (isClosed) interrupt();
    if (request.signal.aborted) end();

    const viewer: Viewer = { caller, needs, tell: latest.put, end };
    const begin = async () => {
      const outcome = await admit(request, gone.signal);
      if (gone.signal.aborted) return;
      if (outcome.kind === "job" && !outcome.isFinished) {
        leave = pollerOf(ref, caller).join(viewer, outcome);
      } else {
        viewer.tell({ outcome, state: null });
        end();
      }
    };
    begin().catch(end);
    return latest.stream;
  };

  const close = () => {
    isClosed = true;
    for (const interrupt of viewers) interrupt();
  };

  return { watch, close };
}
