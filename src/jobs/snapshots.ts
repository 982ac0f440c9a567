/**
 * Snapshots of jobs, shared between requests: who asks for what another request of the same identity is just being
 * told, or was told a moment ago, gets that. What one identity may see says nothing about the next, so nothing is
 * shared between identities.
 */
import { columnBytes } from "../model/host-table.ts";
import { type JobOutcome, jobPath } from "../model/job-instance.ts";
import type { Lookup, UpstreamClient } from "../upstream/client.ts";
import { createFlights } from "./flights.ts";

export interface SnapshotOptions {
  /** How long the state of a job that goes on is kept, in milliseconds. 0: not at all. */
  readonly maxAgeRunningMs: number;
  /** How long that of a finished job is kept: not for ever, as a retry reopens it and permissions are withdrawn. */
  readonly maxAgeFinishedMs: number;
  /** Most memory that all of them together may take, in bytes, by estimate. The longest unused go first. */
  readonly maxBytes: number;
}

export interface Snapshots {
  /**
   * The job as its caller may see it now, or saw it a moment ago.
   * @throws UpstreamError; the reason of the lookup's signal when that aborts.
   */
  readonly get: (lookup: SnapshotLookup) => Promise<JobOutcome>;
}

/**
 * How fresh a state must be: `fresh` is what the upstream says from now on, `inFlight` also what it is being asked
 * already, `recent` also what it said a moment ago.
 */
export type Freshness = "recent" | "inFlight" | "fresh";

interface SnapshotLookup extends Lookup {
  readonly accept: Freshness;
}

interface Kept {
  readonly outcome: JobOutcome;
  /** On the clock of `performance.now()`, which nobody sets back. */
  readonly until: number;
  readonly bytes: number;
}

/** "No such job" and "no permission" are kept no longer than this: both are mended by people who then look again. */
const MAX_AGE_PROBLEM_MS = 1_000;

export function createSnapshots(upstream: UpstreamClient, options: SnapshotOptions): Snapshots {
  const flights = createFlights<JobOutcome>();
  /** By key, the longest unused first. */
  const kept = new Map<string, Kept>();
  let keptBytes = 0;

  const drop = (key: string): void => {
    keptBytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };

  const find = (key: string): JobOutcome | null => {
    const entry = kept.get(key);
    if (!entry) return null;
    drop(key);
    if (entry.until <= performance.now()) return null;
    kept.set(key, entry);
    keptBytes += entry.bytes;
    return entry.outcome;
  };

  const keep = (key: string, outcome: JobOutcome): void => {
    const maxAgeMs = maxAgeOf(outcome, options);
    const bytes = outcomeBytes(outcome);
    drop(key);
    if (maxAgeMs <= 0 || bytes > options.maxBytes) return;
    kept.set(key, { outcome, until: performance.now() + maxAgeMs, bytes });
    keptBytes += bytes;
    // Those that are over are of no use, and thousands of callers who each ask once a minute leave many behind. One that
    // is not over may be before them; it is so for seconds only.
    for (const [oldest, { until }] of kept) {
      if (keptBytes <= options.maxBytes && until > performance.now()) break;
      drop(oldest);
    }
  };

  const get: Snapshots["get"] = async (lookup) => {
    const { ref, needs, caller, signal, accept } = lookup;
    signal.throwIfAborted();
    const job = `${caller.identity} ${jobPath(ref.scope, ref.jobInstanceId)}`;
    // A snapshot with host results serves a request without them; never the reverse.
    const servedBy = needs === "hosts" ? ["hosts"] : ["hosts", "status"];
    for (const served of accept === "fresh" ? [] : servedBy) {
      const key = `${job} ${served}`;
      const outcome = (accept === "recent" ? find(key) : null) ?? flights.join(key, signal);
      if (outcome) return outcome;
    }
    const key = `${job} ${needs}`;
    return flights.start(key, signal, async (shared) => {
      const outcome = await upstream.getJobInstance({ ...lookup, signal: shared });
      keep(key, outcome);
      return outcome;
    });
  };

  return { get };
}

function maxAgeOf(outcome: JobOutcome, { maxAgeRunningMs, maxAgeFinishedMs }: SnapshotOptions): number {
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
