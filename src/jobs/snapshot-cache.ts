/** The newest snapshot of each job by identity, cached for seconds and bounded in bytes. */
import { LRUCache } from "lru-cache";
import { columnBytes } from "../model/host-table.ts";
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";

export interface SnapshotCacheOptions {
  /** How long the state of a running job is cached, in milliseconds. 0: not at all. */
  readonly maxAgeRunningMs: number;
  /** How long that of a finished job is cached: not for ever, as a retry reopens it and permissions are withdrawn. */
  readonly maxAgeFinishedMs: number;
  /** Memory limit in bytes, by estimate. Least recently used snapshots are evicted first. */
  readonly maxBytes: number;
}

/** What one upstream call returned. */
export interface Snapshot {
  readonly outcome: JobOutcome;
  /** What the call asked for. */
  readonly requiredData: RequiredData;
  /**
   * When the call was started, on the clock of `performance.now()`, which nobody sets back. The upstream read the job
   * no earlier than this, so of two snapshots the one started later counts as the newer.
   */
  readonly startedAt: number;
}

export interface SnapshotCache {
  /** The newest snapshot for `key` if it has what is needed and its call was started at `from` or later. */
  readonly find: (key: string, requiredData: RequiredData, from: number) => Snapshot | null;
  /** Replaces the snapshot for `key` by a newer one. */
  readonly set: (key: string, snapshot: Snapshot) => void;
}

export function createSnapshotCache(options: SnapshotCacheOptions): SnapshotCache {
  const cache = new LRUCache<string, Snapshot>({
    // The library takes 0 for "no limit"; with 1 no snapshot fits.
    maxSize: Math.max(1, options.maxBytes),
    perf: { now: () => performance.now() },
    ttlResolution: 0,
    // Thousands of callers who each ask once leave nothing behind.
    ttlAutopurge: true,
  });

  const find: SnapshotCache["find"] = (key, requiredData, from) => {
    const snapshot = cache.get(key);
    return snapshot && snapshot.startedAt >= from && satisfies(snapshot, requiredData) ? snapshot : null;
  };

  const set: SnapshotCache["set"] = (key, snapshot) => {
    const ttl = maxAgeOf(snapshot.outcome, options);
    // What is not cached still ends what was: that is older. (A TTL of 0 would mean "for ever" to the library.)
    if (ttl <= 0) cache.delete(key);
    // One that is larger than the whole cache is not stored, and ends the older one too.
    else cache.set(key, snapshot, { ttl, size: outcomeBytes(snapshot.outcome) });
  };

  return { find, set };
}

/**
 * A snapshot with host results serves a request without; the reverse only where there is no job to have any. There is
 * one snapshot for a job, not one for each need: an older one with host results must not be served, to either need,
 * once a newer one without has been.
 */
const satisfies = (snapshot: Snapshot, requiredData: RequiredData): boolean =>
  requiredData === "status" || snapshot.requiredData === "hosts" || snapshot.outcome.kind !== "job";

/** "No such job" and "no permission" are cached no longer than this: people who look again have often mended both. */
const MAX_AGE_PROBLEM_MS = 1_000;

function maxAgeOf(outcome: JobOutcome, { maxAgeRunningMs, maxAgeFinishedMs }: SnapshotCacheOptions): number {
  if (outcome.kind !== "job") return Math.min(MAX_AGE_PROBLEM_MS, maxAgeRunningMs);
  return outcome.isFinished ? maxAgeFinishedMs : maxAgeRunningMs;
}

/** About what an outcome without host results takes, and each of its steps. */
const BASE_BYTES = 2_000;
const STEP_BYTES = 1_000;

function outcomeBytes(outcome: JobOutcome): number {
  if (outcome.kind !== "job") return BASE_BYTES;
  const tables = outcome.steps.flatMap(({ hostResults }) => hostResults?.table ?? []);
  // Tables read from one body share its bytes.
  const bodies = new Set(tables.map(({ bytes }) => bytes.buffer));
  const bodyBytes = [...bodies].reduce((sum, { byteLength }) => sum + byteLength, 0);
  return tables.reduce(
    (sum, table) => sum + columnBytes(table),
    BASE_BYTES + outcome.steps.length * STEP_BYTES + bodyBytes,
  );
}
