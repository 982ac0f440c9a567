/**
 * Snapshots of jobs, shared between requests of one identity: by the cache for seconds, and by request coalescing while
 * a call is in flight. What one identity may see says nothing about the next, so nothing is shared between identities.
 *
 * Two rules hold, for one identity and job, whatever requests come at the same time:
 *
 * 1. What is served never becomes older. Of two snapshots the newer is the one whose upstream call was started later.
 *    As soon as it has come, nothing older is served: not from the cache, not by joining a call that was started
 *    earlier, and not to those who wait for such a call already. They get the newer snapshot where that has what they
 *    need, else they ask again, which costs a call only when a newer status overtook a call with host results.
 * 2. A request that needs the status alone may be served by a call with host results, but does not inherit a failure
 *    that may be due to those: it makes a call of its own then (`status-fallback.ts`).
 */
import { type JobOutcome, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { Lookup, UpstreamClient } from "../upstream/client.ts";
import { createInFlightCalls } from "./in-flight-calls.ts";
import { createSnapshotCache, type SnapshotCacheOptions } from "./snapshot-cache.ts";
import { mayBeDueToHosts } from "./status-fallback.ts";

export type SnapshotOptions = SnapshotCacheOptions;

export interface Snapshots {
  /**
   * The job as its caller may see it, as fresh as the lookup demands.
   * @throws UpstreamError; the reason of the lookup's signal when that aborts.
   */
  readonly get: (lookup: SnapshotLookup) => Promise<JobOutcome>;
}

/**
 * How fresh a snapshot must be: `cached` may come from the cache, `inFlight` only from a call that has not returned
 * yet, `fresh` only from a call that was started after the request arrived.
 */
export type Freshness = "cached" | "inFlight" | "fresh";

interface SnapshotLookup extends Lookup {
  readonly accept: Freshness;
  /** When the request arrived, on the clock of `performance.now()`; now by default. */
  readonly arrivedAt?: number;
}

/**
 * Calls that one request waits for until it takes what it gets, though a newer status is there. Only somebody who keeps
 * asking for the status with `no-cache`, faster than host results come, makes a request need the last of them.
 */
const MAX_CALLS = 3;

export function createSnapshots(upstream: UpstreamClient, options: SnapshotOptions): Snapshots {
  const cache = createSnapshotCache(options);
  const inFlight = createInFlightCalls(cache.set);

  const get: Snapshots["get"] = async (lookup) => {
    const { ref, requiredData, caller, signal, accept, arrivedAt = performance.now() } = lookup;
    const key = `${caller.identity} ${jobPath(ref.scope, ref.jobInstanceId)}`;
    let cachedFrom = accept === "cached" ? -Infinity : arrivedAt;
    const joinedFrom = accept === "fresh" ? arrivedAt : -Infinity;
    let most: RequiredData = "hosts";
    for (let calls = 1; ; calls += 1) {
      signal.throwIfAborted();
      const cached = cache.find(key, requiredData, cachedFrom);
      if (cached) return cached.outcome;
      const call =
        inFlight.find(key, requiredData, most, joinedFrom) ??
        inFlight.start(key, requiredData, (shared) => upstream.getJobInstance({ ...lookup, signal: shared }));
      try {
        const outcome = await call.wait(signal);
        if (!call.isOvertaken() || calls === MAX_CALLS) return outcome;
        // Whatever overtook it is fresh enough.
        cachedFrom = Math.min(cachedFrom, call.startedAt);
      } catch (error) {
        if (call.requiredData === requiredData || !mayBeDueToHosts(error)) throw error;
        most = "status";
      }
    }
  };

  return { get };
}
