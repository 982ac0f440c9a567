/** Subscriptions to jobs: limits, admission, and the pollers that they share. */
import pLimit from "p-limit";
import type { Freshness, Snapshots } from "../jobs/snapshots.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { type JobRef, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import { createOperationLog, type OperationLog } from "../model/operation-log.ts";
import type { Caller } from "../upstream/caller.ts";
import { admit } from "./admission.ts";
import { createLatestValue } from "./latest-value.ts";
import type { PollScheduleOptions } from "./poll-schedule.ts";
import { createPoller, type Poller } from "./poller.ts";
import type { FetchJob, Subscriber } from "./subscribers.ts";
import { createSubscriptionLimits, type SubscriptionLimitOptions } from "./subscription-limits.ts";

export interface LiveOptions extends PollScheduleOptions, SubscriptionLimitOptions {
  /** Every subscriber's permission is checked again within this time, in milliseconds. */
  readonly recheckMs: number;
  /** Who shares a poller: all subscribers of a job within a tenant, or only those with the same identity. */
  readonly sharing: "job" | "identity";
}

interface WatchRequest {
  readonly ref: JobRef;
  readonly requiredData: RequiredData;
  readonly caller: Caller;
  /** Where the subscriber's first call is noted. */
  readonly operationLog: OperationLog;
  /** Aborts when the subscriber has gone away. */
  readonly signal: AbortSignal;
}

export interface LiveJobs {
  /**
   * The state now, and then every state in which the job is found, only the latest where the reader is slower. Ends
   * after a finished job, "no such job" and "no permission". Throws UpstreamError when the upstream failed too often,
   * refuses the credentials, or asks to wait too long before the first state; StreamInterrupted after `close`.
   * @throws TooManySubscriptions
   */
  readonly watch: (request: WatchRequest) => AsyncGenerator<ObservedJob, void, undefined>;
  /** Interrupts every stream, now and from now on. */
  readonly close: () => void;
}

/**
 * @param connections of the upstream. First calls and checks take a quarter of them each at most: subscribers who come
 *   or are due by the thousand must not keep queries waiting, nor those who come keep checks waiting.
 */
export function createLiveJobs(snapshots: Snapshots, options: LiveOptions, connections: number): LiveJobs {
  const quarter = Math.max(1, Math.floor(connections / 4));
  const limitFirstCalls = pLimit(quarter);
  const limits = createSubscriptionLimits(options);
  const pollerFor = createPollers(snapshots, options, quarter);
  /** Interrupts each stream. */
  const interrupts = new Set<() => void>();
  let isClosed = false;

  const watch: LiveJobs["watch"] = (request) => {
    const { ref, requiredData, caller } = request;
    const removeFromLimits = limits.add(caller.identity);
    const ended = new AbortController();
    let leave = () => {};
    const end = (error?: Error) => {
      if (ended.signal.aborted) return;
      ended.abort();
      leave();
      removeFromLimits();
      interrupts.delete(interrupt);
      request.signal.removeEventListener("abort", stop);
      latest.end(error);
    };
    const stop = () => end();
    const interrupt = () => end(new StreamInterrupted());
    const latest = createLatestValue<ObservedJob>(stop);
    interrupts.add(interrupt);
    request.signal.addEventListener("abort", stop, { once: true });
    if (isClosed) interrupt();
    if (request.signal.aborted) stop();

    const subscriber: Subscriber = { caller, requiredData, next: latest.put, end };
    const { signal } = ended;
    const fetchFirst = () => limitFirstCalls(() => snapshots.get({ ...request, signal, accept: "inFlight" }));
    const start = async () => {
      const outcome = await admit(fetchFirst, options, signal);
      if (signal.aborted) return;
      if (outcome.kind === "job" && !outcome.isFinished) {
        leave = pollerFor(ref, caller).join(subscriber, outcome);
      } else {
        latest.put({ outcome, state: null });
        end();
      }
    };
    start().catch(end);
    return latest.stream;
  };

  const close = () => {
    isClosed = true;
    for (const interrupt of interrupts) interrupt();
  };

  return { watch, close };
}

/** Finds or creates the poller that subscribers of a job share. It is there for as long as it has subscribers. */
function createPollers(
  snapshots: Snapshots,
  options: LiveOptions,
  maxChecks: number,
): (ref: JobRef, caller: Caller) => Poller {
  const pollers = new Map<string, Poller>();
  const limitChecks = pLimit(maxChecks);

  return (ref, { tenantId, identity }) => {
    const group = options.sharing === "identity" ? identity : (tenantId ?? "");
    const key = JSON.stringify([group, jobPath(ref.scope, ref.jobInstanceId)]);
    const known = pollers.get(key);
    if (known) return known;
    // A poller's calls belong to no operation: they are noted nowhere.
    const fetchWith =
      (accept: Freshness): FetchJob =>
      (caller, requiredData, signal) =>
        snapshots.get({ ref, caller, requiredData, signal, operationLog: createOperationLog(), accept });
    const fetchChecked = fetchWith("inFlight");
    const poller = createPoller({
      schedule: options,
      recheckMs: options.recheckMs,
      poll: fetchWith("fresh"),
      check: (...call) => limitChecks(() => fetchChecked(...call)),
      onEmpty: () => pollers.delete(key),
    });
    pollers.set(key, poller);
    return poller;
  };
}
