/** Finds the responder of a job id in a scope. */
import { createBulkJobs } from "./bulk-jobs.ts";
import type { Responder, ResponderOptions } from "./call.ts";
import { ERROR_JOBS } from "./error-jobs.ts";
import { SCRIPTED_JOBS } from "./scripted-jobs.ts";

export interface JobDirectory {
  /** The responder of a job in a scope (`type:id`). Undefined if the scope has no such job. */
  find(scope: string, id: string): Responder | undefined;
}

/** All scripted jobs, error jobs and bulk jobs, with state of their own. */
export function createJobDirectory(options: ResponderOptions): JobDirectory {
  const known = new Map(
    [...SCRIPTED_JOBS, ...ERROR_JOBS].map(({ scope, id, create }) => [`${scope}/${id}`, create(options)]),
  );
  const bulkJobs = createBulkJobs();
  return {
    find: (scope, id) => known.get(`${scope}/${id}`) ?? bulkJobs.find(scope, id),
  };
}
