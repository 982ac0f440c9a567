/** The snapshot cache: the newest snapshot of each job by identity, for a few seconds and up to a memory limit. */
import { LRUCache } from "lru-cache";
import { columnBytes } from "../model/host-table.ts";
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";

/** How long snapshots are used. */
export interface MaxAges {
  /** How long the state of a running job is cached, in milliseconds. 0 disables caching. */
  readonly maxAgeRunningMs: number;
  /**
   * How long the state of a finished job is cached. It is limited, because retries reopen jobs and permissions
   * change.
   */
  readonly maxAgeFinishedMs: number;
}

export interface SnapshotCacheOptions extends MaxAges {
  /**
   * How old a job may be to be served when an upstream call fails, in milliseconds, counted from the start of the call
   * that returned it. 0, the default: never.
   */
  readonly staleIfErrorMs?: number;
  /** Memory limit in bytes (estimated). Least recently used snapshots are evicted first. */
  readonly maxBytes: number;
}

/** The result of an upstream call. */
export interface Snapshot {
  readonly outcome: JobOutcome;
  /** What the call requested. */
  readonly requiredData: RequiredData;
  /**
   * When the call started, by `performance.now()`, which is monotonic. The upstream read the job no earlier than this,
   * so the snapshot whose call started later is the newer one.
   */
  readonly startedAt: number;
}

export interface SnapshotCache {
  /** The snapshot for `key`, if it contains the required data and its call started at `from` or later. */
  readonly find: (key: string, requiredData: RequiredData, from: number) => Snapshot | null;
  /** The same for jobs, even if they are no longer fresh. The caller must say so. */
  readonly findStale: (key: string, requiredData: RequiredData, from: number) => Snapshot | null;
  /** Replaces the snapshot for `key` by a newer one. @param ageMs how long ago it was received. Default: 0. */
  readonly set: (key: string, snapshot: Snapshot, ageMs?: number) => void;
  /** Memory of the cached snapshots in bytes (estimated). */
  readonly bytes: () => number;
}

export function createSnapshotCache(options: SnapshotCacheOptions): SnapshotCache {
  const { staleIfErrorMs = 0 } = options;
  const cache = new LRUCache<string, Snapshot>({
    // For the library, 0 means unlimited. With 1, no snapshot fits.
    maxSize: Math.max(1, options.maxBytes),
    perf: { now: () => performance.now() },
    ttlResolution: 0,
  });
  const scheduleSweep = createSweep(cache);

  const find: SnapshotCache["find"] = (key, requiredData, from) => {
    const snapshot = cache.get(key);
    if (!snapshot || snapshot.startedAt < from || !satisfies(snapshot, requiredData)) return null;
    return staleIfErrorMs === 0 || isFresh(key, snapshot) ? snapshot : null;
  };

  const isFresh = (key: string, { outcome }: Snapshot): boolean =>
    ttlOf(outcome) - cache.getRemainingTTL(key) < maxAgeOf(outcome, options);

  const findStale: SnapshotCache["findStale"] = (key, requiredData, from) => {
    const snapshot = cache.get(key);
    const oldest = Math.max(from, performance.now() - staleIfErrorMs);
    // Outcomes other than jobs are not served for longer: a permission may have been granted since.
    if (snapshot?.outcome.kind !== "job" || snapshot.startedAt < oldest) return null;
    return satisfies(snapshot, requiredData) ? snapshot : null;
  };

  const ttlOf = (outcome: JobOutcome): number => {
    const maxAgeMs = maxAgeOf(outcome, options);
    return outcome.kind === "job" ? Math.max(maxAgeMs, staleIfErrorMs) : maxAgeMs;
  };

  const set: SnapshotCache["set"] = (key, snapshot, ageMs = 0) => {
    const ttl = ttlOf(snapshot.outcome) - ageMs;
    // A snapshot that is not cached still invalidates the older one. (For the library, a TTL of 0 means unlimited.)
    if (ttl <= 0) cache.delete(key);
    // If the snapshot exceeds the memory limit, the library deletes the older one and stores nothing.
    else {
      cache.set(key, snapshot, { ttl, size: outcomeBytes(snapshot.outcome) });
      scheduleSweep();
    }
  };

  return { find, findStale, set, bytes: () => cache.calculatedSize };
}

const SWEEP_INTERVAL_MS = 1_000;

/**
 * Removes expired snapshots even if they are never looked up again. One timer for all of them, because a timer for each
 * (the library's `ttlAutopurge`) costs a small request more than its cache entry. There is none while the cache is empty.
 */
function createSweep(cache: LRUCache<string, Snapshot>): () => void {
  let isScheduled = false;
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(sweep, SWEEP_INTERVAL_MS).unref();
  };
  const sweep = () => {
    isScheduled = false;
    cache.purgeStale();
    if (cache.size > 0) schedule();
  };
  return schedule;
}

/**
 * A snapshot with host results also serves requests for the status. The reverse holds only if there is no job. There
 * is a single snapshot per job, not one per kind of required data: once a newer snapshot without host results has
 * been served, an older one with host results must not be.
 */
export const satisfies = (snapshot: Snapshot, requiredData: RequiredData): boolean =>
  requiredData === "status" || snapshot.requiredData === "hosts" || snapshot.outcome.kind !== "job";

/** "No such job" and "no permission" are cached briefly, because users who retry have often just fixed the cause. */
const MAX_AGE_PROBLEM_MS = 1_000;

export function maxAgeOf(outcome: JobOutcome, { maxAgeRunningMs, maxAgeFinishedMs }: MaxAges): number {
  if (outcome.kind !== "job") return Math.min(MAX_AGE_PROBLEM_MS, maxAgeRunningMs);
  return outcome.isFinished ? maxAgeFinishedMs : maxAgeRunningMs;
}

/** Estimated size of an outcome and of each step, without host results. */
const OUTCOME_BYTES = 2_000;
const STEP_BYTES = 1_000;

function outcomeBytes(outcome: JobOutcome): number {
  if (outcome.kind !== "job") return OUTCOME_BYTES;
  const tables = outcome.steps.flatMap(({ hostResults }) => hostResults?.table ?? []);
  // The tables of one response share its body.
  const bodies = new Set(tables.map(({ bytes }) => bytes.buffer));
  const bodyBytes = [...bodies].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return tables.reduce(
    (sum, table) => sum + columnBytes(table),
    OUTCOME_BYTES + outcome.steps.length * STEP_BYTES + bodyBytes,
  );
}
