/** Subscriptions to jobs: subscription limits, admission, and shared pollers. */
import pLimit from "p-limit";
import type { Freshness, Snapshots } from "../jobs/snapshots.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { type JobRef, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import { createOperationLog, type OperationLog } from "../model/operation-log.ts";
import type { PollPurpose, Tracer } from "../model/operation-trace.ts";
import type { Caller } from "../upstream/caller.ts";
import { admit } from "./admission.ts";
import { createLatestValue } from "./latest-value.ts";
import type { PollScheduleOptions } from "./poll-schedule.ts";
import { createPoller, type Poller } from "./poller.ts";
import type { PollSharing } from "./shared-polling.ts";
import type { FetchJob, Subscriber } from "./subscribers.ts";
import { createSubscriptionLimits, type SubscriptionLimitOptions } from "./subscription-limits.ts";

export interface LiveOptions extends PollScheduleOptions, SubscriptionLimitOptions {
  /** Maximum time between permission checks of a subscriber, in milliseconds. */
  readonly recheckMs: number;
  /** Which subscribers of a job share a poller: all within a tenant, or only those with the same identity. */
  readonly sharing: "job" | "identity";
}

interface WatchRequest {
  readonly ref: JobRef;
  readonly requiredData: RequiredData;
  readonly caller: Caller;
  /** Records the subscriber's first call. */
  readonly operationLog: OperationLog;
  /** Aborts when the client completes the subscription or disconnects. */
  readonly signal: AbortSignal;
}

export interface LiveJobs {
  /**
   * The current state of the job, then each state that a poll finds. A slow reader gets only the latest one. The
   * stream ends after a finished job, "no such job" or "no permission". It throws UpstreamError when the upstream
   * fails too often, rejects the credentials, or requests too long a delay before the first state; StreamInterrupted
   * after `close`.
   * @throws TooManySubscriptions
   */
  readonly watch: (request: WatchRequest) => AsyncGenerator<ObservedJob, void, undefined>;
  /** Interrupts all streams, current and future ones. */
  readonly close: () => void;
  readonly counts: () => LiveCounts;
}

export interface LiveCounts {
  /** Open subscriptions. */
  readonly subscriptions: number;
  /** Jobs that are being polled. */
  readonly pollers: number;
}

/**
 * @param connections of the upstream. First calls and permission checks may use a quarter of them each, so that
 *   thousands of subscribers delay neither queries nor each other's permission checks.
 * @param startPoll traces polls and permission checks; null if the gateway does not trace.
 * @param sharing null if instances do not share polls.
 */
export function createLiveJobs(
  snapshots: Snapshots,
  options: LiveOptions,
  connections: number,
  startPoll: Tracer["startPoll"] | null = null,
  sharing: PollSharing | null = null,
): LiveJobs {
  const quarter = Math.max(1, Math.floor(connections / 4));
  const limitFirstCalls = pLimit(quarter);
  const limits = createSubscriptionLimits(options);
  const { pollerFor, count } = createPollers(snapshots, options, quarter, startPoll, sharing);
  const interrupts = new Set<() => void>();
  let isClosed = false;

  const watch: LiveJobs["watch"] = (request) => {
    const { ref, requiredData, caller } = request;
    const removeFromLimits = limits.add(caller.identity);
    const ended = new AbortController();
    let leavePoller = () => {};
    // Releases everything that the subscription holds, once: after a finished job, an error, a client abort or
    // shutdown, whichever comes first.
    const end = (error?: Error) => {
      if (ended.signal.aborted) return;
      ended.abort();
      leavePoller();
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
    // Never from the cache, because a cached snapshot says nothing about the current permission.
    const fetchFirst = () => limitFirstCalls(() => snapshots.get({ ...request, signal, accept: "inFlight" }));
    const start = async () => {
      const outcome = await admit(fetchFirst, options, signal);
      // Ended during the first call. It must not join a poller now, because nothing would remove it from there.
      if (signal.aborted) return;
      if (outcome.kind === "job" && !outcome.isFinished) {
        leavePoller = pollerFor(ref, caller).join(subscriber, outcome);
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

  return { watch, close, counts: () => ({ subscriptions: interrupts.size, pollers: count() }) };
}

interface Pollers {
  /** Finds or creates the shared poller of a job. It exists while it has subscribers. */
  readonly pollerFor: (ref: JobRef, caller: Caller) => Poller;
  readonly count: () => number;
}

function createPollers(
  snapshots: Snapshots,
  options: LiveOptions,
  maxChecks: number,
  startPoll: Tracer["startPoll"] | null,
  sharing: PollSharing | null,
): Pollers {
  const pollers = new Map<string, Poller>();
  const limitChecks = pLimit(maxChecks);

  const pollerFor: Pollers["pollerFor"] = (ref, { tenantId, identity }) => {
    const sharedBy = options.sharing === "identity" ? identity : (tenantId ?? "");
    // With what is shared, because other instances may have another setting.
    const key = JSON.stringify([options.sharing, sharedBy, jobPath(ref.scope, ref.jobInstanceId)]);
    const existing = pollers.get(key);
    if (existing) return existing;
    // The calls of a poller belong to no operation, so nothing reads this operation log. Each call is a trace of its own.
    const fetchWith =
      (accept: Freshness, purpose: PollPurpose): FetchJob =>
      (caller, requiredData, signal, onJob) => {
        const operationLog = createOperationLog(startPoll?.(purpose) ?? null);
        const lookup = { ref, caller, requiredData, signal, operationLog, accept };
        return snapshots.get(onJob ? { ...lookup, onJob } : lookup);
      };
    const fetchForCheck = fetchWith("inFlight", "permission_check");
    const poller = createPoller({
      schedule: options,
      recheckMs: options.recheckMs,
      poll: fetchWith("fresh", "poll"),
      check: (...call) => limitChecks(() => fetchForCheck(...call)),
      onEmpty: () => pollers.delete(key),
      sharing: sharing && { ...sharing, key },
    });
    pollers.set(key, poller);
    return poller;
  };

  return { pollerFor, count: () => pollers.size };
}
