/**
 * Lookups of one operation. However often it names a job, and whatever it needs of it in each place, one upstream call
 * serves them all; only when that call fails for its host results, lookups of the status alone make one of their own.
 */
import DataLoader from "dataloader";
import { InvalidInput } from "../model/errors.ts";
import { type JobOutcome, type JobRef, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { OperationLog } from "../model/operation-log.ts";
import type { Caller } from "../upstream/caller.ts";
import type { Freshness, Snapshots } from "./snapshots.ts";
import { mayBeDueToHosts } from "./status-fallback.ts";

/** Most distinct jobs of one operation: lists are short, but an operation may have many of them. */
const MAX_JOBS = 100;

export interface JobLoader {
  /** @throws UpstreamError, and InvalidInput when the operation names too many jobs. */
  readonly load: (ref: JobRef, requiredData: RequiredData) => Promise<JobOutcome>;
}

interface LoaderKey {
  readonly ref: JobRef;
  readonly path: string;
  readonly requiredData: RequiredData;
}

export interface JobLoaderOptions {
  readonly snapshots: Snapshots;
  readonly caller: Caller;
  /** Where upstream calls are noted. */
  readonly operationLog: OperationLog;
  /** Aborts the upstream calls when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
  /** How fresh the jobs must be. */
  readonly accept: Freshness;
}

/** To be created when the operation arrives: `fresh` lookups are served by no call that was started before. */
export function createJobLoader({
  snapshots,
  caller,
  operationLog,
  signal,
  accept,
}: JobLoaderOptions): JobLoader {
  const arrivedAt = performance.now();
  const paths = new Set<string>();
  const fetch = ({ ref, requiredData }: LoaderKey) =>
    snapshots.get({ ref, requiredData, caller, operationLog, signal, accept, arrivedAt });

  const loadBatch = (batch: readonly LoaderKey[]): Promise<(JobOutcome | Error)[]> => {
    const withHosts = new Map<string, Promise<JobOutcome>>();
    for (const key of batch) if (key.requiredData === "hosts") withHosts.set(key.path, fetch(key));
    const results = batch.map((key) => {
      const shared = withHosts.get(key.path);
      if (!shared) return fetch(key);
      if (key.requiredData === "hosts") return shared;
      return shared.catch((error: unknown) => (mayBeDueToHosts(error) ? fetch(key) : Promise.reject(error)));
    });
    return Promise.all(results.map((result) => result.catch((error: Error) => error)));
  };

  const loader = new DataLoader<LoaderKey, JobOutcome, string>(
    async (batch) => {
      // Thrown here it fails every lookup of the operation, before the upstream is asked for any.
      if (paths.size > MAX_JOBS) {
        throw new InvalidInput(
          `Expected an operation to name at most ${MAX_JOBS} distinct jobs, got ${paths.size}. Split it.`,
        );
      }
      return loadBatch(batch);
    },
    { cacheKeyFn: ({ path, requiredData }) => `${path} ${requiredData}` },
  );

  const load: JobLoader["load"] = (ref, requiredData) => {
    const path = jobPath(ref.scope, ref.jobInstanceId);
    paths.add(path);
    return loader.load({ ref, path, requiredData });
  };

  return { load };
}
