/**
 * The lookups of one operation. All lookups of a job are served by one upstream call with the union of their required
 * data. If that call fails in a way that host results may have caused, lookups of the status are retried without
 * them.
 */
import DataLoader from "dataloader";
import { InvalidInput } from "../model/errors.ts";
import { type JobOutcome, type JobRef, jobPath, type RequiredData } from "../model/job-instance.ts";
import type { OperationLog } from "../model/operation-log.ts";
import type { Caller } from "../upstream/caller.ts";
import { createDeadline } from "../upstream/deadline.ts";
import type { UpstreamError } from "../upstream/upstream-error.ts";
import type { Freshness, Snapshots, StaleJob } from "./snapshots.ts";
import { mayBeDueToHosts } from "./status-fallback.ts";

/** Maximum number of distinct jobs per operation. It also bounds operations with several lists of references. */
const MAX_JOBS = 100;

export interface JobLoader {
  /** @throws UpstreamError, or InvalidInput if the operation refers to too many jobs. */
  readonly load: (ref: JobRef, requiredData: RequiredData) => Promise<JobOutcome>;
  /** The loaded jobs that are stale, because their calls failed. Absent if the loader never returns any. */
  readonly staleJobs?: () => readonly StaleJob[];
}

interface LoaderKey {
  readonly ref: JobRef;
  readonly path: string;
  readonly requiredData: RequiredData;
}

export interface JobLoaderOptions {
  readonly snapshots: Pick<Snapshots, "get">;
  readonly caller: Caller;
  /** Records the upstream calls. */
  readonly operationLog: OperationLog;
  /** Aborts the upstream calls when the client disconnects. */
  readonly signal: AbortSignal;
  /** How fresh the jobs must be. */
  readonly accept: Freshness;
  /** How long the caller waits for the jobs, in milliseconds. Default: as long as the upstream calls take. */
  readonly deadlineMs?: number | null;
  /** Whether an earlier state may be returned if a call fails, and the caller accepts cached states. Default: false. */
  readonly acceptsStale?: boolean;
}

/** Create it when the operation arrives: `fresh` lookups use only calls that start after that. */
export function createJobLoader({
  snapshots,
  caller,
  operationLog,
  signal,
  accept,
  deadlineMs = null,
  acceptsStale = false,
}: JobLoaderOptions): JobLoader {
  const arrivedAt = performance.now();
  const deadline = deadlineMs === null ? null : createDeadline(deadlineMs);
  const stale = acceptsStale && accept === "cached" ? createStaleJobs(operationLog) : null;
  const request = { caller, operationLog, signal, accept, arrivedAt, deadline, mayRetry: true };
  const paths = new Set<string>();
  const fetch = ({ ref, requiredData }: LoaderKey) =>
    snapshots.get({ ...request, ref, requiredData, onStale: stale?.add ?? null });
  /** The error instead of which a stale job with host results was returned, by path. */
  const staleHostsErrors = stale ? new Map<string, UpstreamError>() : null;
  const fetchHosts = (key: LoaderKey) => {
    if (!stale) return fetch(key);
    const onStale = (job: StaleJob, error: UpstreamError) => {
      stale.add(job);
      staleHostsErrors?.set(key.path, error);
    };
    return snapshots.get({ ...request, ref: key.ref, requiredData: "hosts", onStale });
  };

  const loadBatch = (batch: readonly LoaderKey[]): Promise<(JobOutcome | Error)[]> => {
    const withHosts = new Map<string, Promise<JobOutcome>>();
    for (const key of batch) if (key.requiredData === "hosts") withHosts.set(key.path, fetchHosts(key));
    const results = batch.map((key) => {
      const shared = withHosts.get(key.path);
      if (!shared) return fetch(key);
      if (key.requiredData === "hosts") return shared;
      return shared.then(
        // A stale job replaces the status only if a call for the status fails, too.
        (outcome) => {
          const error = staleHostsErrors?.get(key.path);
          return error && mayBeDueToHosts(error) ? fetch(key) : outcome;
        },
        (error: unknown) => (mayBeDueToHosts(error) ? fetch(key) : Promise.reject(error)),
      );
    });
    return Promise.all(results.map((result) => result.catch((error: Error) => error)));
  };

  const loader = new DataLoader<LoaderKey, JobOutcome, string>(
    async (batch) => {
      // Thrown in the batch function, it fails all lookups of the operation before the first upstream call.
      if (paths.size > MAX_JOBS) {
        throw new InvalidInput(
          `Too many distinct jobs in one operation (maximum ${MAX_JOBS}, got ${paths.size}). Split the operation.`,
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

  return stale ? { load, staleJobs: stale.list } : { load };
}

/** Collects stale jobs, each once: an operation can look up the status and the host results of a job. */
function createStaleJobs(operationLog: OperationLog) {
  const jobs = new Map<string, StaleJob>();
  return {
    add: (job: StaleJob) => {
      operationLog.isStale = true;
      jobs.set(jobPath(job.ref.scope, job.ref.jobInstanceId), job);
    },
    list: () => [...jobs.values()],
  };
}
