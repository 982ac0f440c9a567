/** `extensions` of a response: the jobs whose state is older than the operation, because their upstream calls failed. */
import type { JobLoader } from "../../jobs/job-loader.ts";
import type { StaleJob } from "../../jobs/snapshots.ts";
import { SCOPE_TYPES } from "../../model/status.ts";

export interface ResponseExtensions {
  readonly stale: readonly {
    readonly ref: { readonly scopeType: string; readonly scopeId: string; readonly jobInstanceId: string };
    readonly ageMs: number;
    readonly code: string;
  }[];
}

/** Call it when all jobs have been loaded. @returns null if the response has no extensions */
export function responseExtensions({ staleJobs }: Pick<JobLoader, "staleJobs">): ResponseExtensions | null {
  const jobs = staleJobs?.() ?? [];
  return jobs.length === 0 ? null : { stale: jobs.map(toExtension) };
}

const toExtension = ({ ref: { scope, jobInstanceId }, ageMs, code }: StaleJob) => ({
  ref: { scopeType: SCOPE_TYPES.get(scope.typeRaw) ?? scope.typeRaw, scopeId: scope.id, jobInstanceId },
  ageMs,
  code,
});
