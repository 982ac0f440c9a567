/**
 * Snapshots of jobs. Requests of one identity share them: through the snapshot cache for a few seconds, and through
 * request coalescing while a call is in flight. Identities share nothing, because permissions differ.
 *
 * Two rules hold for each identity and job, whatever the concurrency:
 *
 * 1. Responses never become older. The newer of two snapshots is the one whose upstream call started later. Once it has
 *    arrived, no older snapshot is served: not from the cache, not by joining a call that started earlier, and not to
 *    requests that are already waiting for such a call. Those get the newer snapshot if it contains the data they require.
 *    Otherwise they try again, which costs another call only if a newer status has overtaken a call with host results.
 * 2. A request for the status may join a call with host results, but does not inherit a failure that host results may
 *    have caused. It then makes a call of its own (`status-fallback.ts`).
 *
 * When the upstream rejects the credentials of an identity, its earlier responses to them are no longer served: calls that
 * started earlier are repeated, whatever they return.
 *
 * If an upstream call fails, requests that permit it get the newest snapshot instead, marked as stale (`staleIfErrorMs`). It is
 * the newest one that has been served, so the first rule holds.
 */
import { type JobOutcome, type JobRef, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { LookupSource } from "../model/operation-trace.ts";
import type { Caller } from "../upstream/caller.ts";
import type { JobResponse, Lookup, UpstreamClient } from "../upstream/client.ts";
import { type Deadline, deadlineError } from "../upstream/deadline.ts";
import { areCredentialsRejected, UpstreamError, type UpstreamErrorCode } from "../upstream/upstream-error.ts";
import { createInFlightCalls, type InFlightCalls } from "./in-flight-calls.ts";
import { createRejections, type Rejections } from "./rejections.ts";
import type { SharedSnapshots } from "./shared-snapshots.ts";
import { createSnapshotCache, type SnapshotCache, type SnapshotCacheOptions } from "./snapshot-cache.ts";
import { mayBeDueToHosts } from "./status-fallback.ts";
import { createWait } from "./waiting.ts";

export type SnapshotOptions = SnapshotCacheOptions;

export interface Snapshots {
  /**
   * The outcome for the caller, as fresh as `accept` demands.
   * @throws UpstreamError, also when the deadline passes, or the reason of the lookup's signal when it aborts.
   */
  readonly get: (lookup: SnapshotLookup) => Promise<JobOutcome>;
  /** Memory of the cached snapshots in bytes (estimated). */
  readonly cachedBytes: () => number;
}

/** Called for each lookup, and again if a lookup has to try again. */
export type ObserveLookup = (source: LookupSource) => void;

/**
 * How fresh a snapshot must be. `cached`: it may come from the cache. `inFlight`: only from a call that has not
 * returned yet. `fresh`: only from a call that starts after the request has arrived.
 */
export type Freshness = "cached" | "inFlight" | "fresh";

interface SnapshotLookup extends Omit<Lookup, "terms" | "trace"> {
  readonly accept: Freshness;
  /** When the request arrived, by `performance.now()`. Default: now. */
  readonly arrivedAt?: number;
  /** Whether the call may be retried after a transient failure. Default: false. */
  readonly mayRetry?: boolean;
  /** Until when the request waits for calls. Default: as long as they take. */
  readonly deadline?: Deadline | null;
  /**
   * Called when a stale snapshot is returned, because the call has failed. Default: the error is thrown.
   */
  readonly onStale?: ((job: StaleJob, error: UpstreamError) => void) | null;
}

/** A job whose call failed, so that an earlier state was returned. */
export interface StaleJob {
  readonly ref: JobRef;
  /** How long ago the call for the returned state started, in milliseconds. */
  readonly ageMs: number;
  /** Of the error. */
  readonly code: UpstreamErrorCode;
}

const snapshotKey = ({ identity }: Caller, { scope, jobInstanceId }: JobRef): string =>
  `${identity} ${jobPath(scope, jobInstanceId)}`;

const identityOf = (key: string): string => key.slice(0, key.indexOf(" "));

/** Errors that say nothing about the job or the caller: the upstream failed, was too slow, or was not called. */
const isOutage = (error: unknown): error is UpstreamError =>
  error instanceof UpstreamError &&
  (error.code === "UPSTREAM_UNAVAILABLE" ||
    error.code === "UPSTREAM_TIMEOUT" ||
    (error.code === "UPSTREAM_ERROR" && (error.upstream.httpStatus ?? 0) >= 500));

/**
 * Maximum number of calls per request. The result of the last one is served even if a newer status has overtaken it.
 * This happens only if other requests keep asking for the status with `no-cache` faster than host results arrive.
 */
const MAX_CALLS = 3;

/**
 * @param onLookup observes lookups; null to observe none.
 * @param shared snapshots of other instances; null if instances share none.
 */
export function createSnapshots(
  upstream: Pick<UpstreamClient, "getJobInstance">,
  options: SnapshotOptions,
  onLookup: ObserveLookup | null = null,
  shared: SharedSnapshots | null = null,
): Snapshots {
  const cache = createSnapshotCache(options);
  const rejections = createRejections(identityOf);
  const inFlight = createInFlightCalls({
    onNewest: shared
      ? (key, snapshot) => {
          cache.set(key, snapshot);
          shared.setNewest(key, snapshot.startedAt);
        }
      : cache.set,
    onFailed: (key, startedAt, error) => {
      if (areCredentialsRejected(error)) rejections.add(key, startedAt);
    },
    usableFrom: rejections.latest,
  });
  const callUpstream = shared ? createSharingCall(upstream, shared) : null;
  const parts = { cache, rejections, onLookup };
  const findShared = shared ? createFindShared({ ...parts, shared, inFlight }) : null;

  /** The call belongs to the operation that starts it, also if others join. */
  const startCall = (key: string, lookup: SnapshotLookup) => {
    const { requiredData, operationLog } = lookup;
    const trace = operationLog.trace?.startCall(requiredData) ?? null;
    return inFlight.start(key, requiredData, trace, (signal, terms) => {
      const call = { ...lookup, signal, terms, trace };
      return callUpstream?.(key, call) ?? upstream.getJobInstance(call);
    });
  };

  const getCurrent = async (lookup: SnapshotLookup): Promise<JobOutcome> => {
    const { ref, requiredData, caller, signal, accept, mayRetry = false, deadline = null } = lookup;
    const { arrivedAt = performance.now() } = lookup;
    const { trace } = lookup.operationLog;
    const key = snapshotKey(caller, ref);
    let cachedFrom = accept === "cached" ? -Infinity : arrivedAt;
    const joinedFrom = accept === "fresh" ? arrivedAt : -Infinity;
    let maxData: RequiredData = "hosts";
    // Without credentials, there is no call either.
    if (findShared && accept === "cached" && caller.authorization !== null) {
      signal.throwIfAborted();
      const waitForShared = createWait(findShared(key, lookup), () => {});
      const outcome = await waitForShared(signal, deadline);
      if (outcome) return outcome;
    }
    for (let calls = 1; ; calls += 1) {
      signal.throwIfAborted();
      const cached = cache.find(key, requiredData, Math.max(cachedFrom, rejections.latest(key)));
      if (cached) {
        onLookup?.("cache");
        trace?.recordLookup("cache", null);
        return cached.outcome;
      }
      if (deadline && performance.now() >= deadline.at) throw deadlineError(deadline);
      const joined = inFlight.find(key, requiredData, maxData, joinedFrom);
      const source = joined ? "coalesced" : "upstream";
      onLookup?.(source);
      trace?.recordLookup(source, joined?.trace ?? null);
      const call = joined ?? startCall(key, lookup);
      try {
        const outcome = await call.wait(signal, mayRetry, deadline);
        if (!call.isOvertaken() || (calls >= MAX_CALLS && call.isUsable())) return outcome;
        // The snapshot that overtook this call is fresh enough.
        cachedFrom = Math.min(cachedFrom, call.startedAt);
      } catch (error) {
        if (call.requiredData === requiredData || !mayBeDueToHosts(error)) throw error;
        // Retry, and do not join a call with host results again.
        maxData = "status";
      }
    }
  };

  const staleInsteadOf = (options.staleIfErrorMs ?? 0) > 0 ? createStaleInsteadOf(parts) : null;
  const get: Snapshots["get"] = staleInsteadOf
    ? (lookup) => getCurrent(lookup).catch((error: unknown) => staleInsteadOf(error, lookup))
    : getCurrent;

  return { get, cachedBytes: cache.bytes };
}

interface SnapshotParts {
  readonly cache: SnapshotCache;
  readonly rejections: Rejections;
  readonly onLookup: ObserveLookup | null;
}

interface SharedParts extends SnapshotParts {
  readonly shared: SharedSnapshots;
  readonly inFlight: InFlightCalls;
}

/** @returns a function that looks for a snapshot of another instance if the lookup would call the upstream otherwise */
function createFindShared({ cache, rejections, onLookup, shared, inFlight }: SharedParts) {
  return async (key: string, lookup: SnapshotLookup): Promise<JobOutcome | null> => {
    const { requiredData, operationLog } = lookup;
    const isServed =
      cache.find(key, requiredData, rejections.latest(key)) !== null ||
      inFlight.find(key, requiredData, "hosts", -Infinity) !== null;
    if (isServed) return null;
    const found = await shared.find(key, requiredData);
    if (!found) return null;
    const { snapshot, latestStart, ageMs } = found;
    // Newer ones may have arrived meanwhile.
    if (snapshot.startedAt < Math.max(rejections.latest(key), shared.newestStart(key))) return null;
    shared.setNewest(key, latestStart);
    inFlight.overtake(key, latestStart);
    cache.set(key, snapshot, ageMs);
    onLookup?.("shared");
    operationLog.trace?.recordLookup("shared", null);
    return snapshot.outcome;
  };
}

/** @returns a function that returns the newest snapshot instead of an error, or throws it if none may be served */
function createStaleInsteadOf({ cache, rejections, onLookup }: SnapshotParts) {
  return (error: unknown, lookup: SnapshotLookup): JobOutcome => {
    const { ref, requiredData, caller, onStale } = lookup;
    const key = snapshotKey(caller, ref);
    if (!onStale || !isOutage(error)) throw error;
    const snapshot = cache.findStale(key, requiredData, rejections.latest(key));
    if (!snapshot) throw error;
    onLookup?.("stale");
    lookup.operationLog.trace?.recordLookup("stale", null);
    onStale({ ref, ageMs: Math.round(performance.now() - snapshot.startedAt), code: error.code }, error);
    return snapshot.outcome;
  };
}

type SharedLookup = Lookup & Required<Pick<Lookup, "terms">>;

/** @returns a function that calls the upstream and shares the result if a query waits for it */
const createSharingCall =
  (upstream: Pick<UpstreamClient, "getJobInstance">, shared: SharedSnapshots) =>
  async (key: string, lookup: SharedLookup): Promise<JobOutcome> => {
    const { terms } = lookup;
    let response: JobResponse | null = null;
    const onJob = (received: JobResponse) => {
      response = received;
      lookup.onJob?.(received);
    };
    let outcome: JobOutcome;
    try {
      outcome = await upstream.getJobInstance({ ...lookup, onJob });
    } catch (error) {
      // Earlier responses of the upstream to these credentials must no longer be served.
      if (areCredentialsRejected(error)) shared.invalidate(key, terms.startedAt);
      throw error;
    }
    // Polls come every few seconds, each with a new snapshot. Only queries permit retries.
    if (terms.mayRetry) {
      const { startedAt } = terms;
      shared.put(key, { outcome, requiredData: lookup.requiredData, startedAt }, response);
    }
    return outcome;
  };
