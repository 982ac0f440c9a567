/** Which job ids exist in which scope, and who answers for them. */
import { createBulkJobs } from "./bulk-jobs.ts";
import type { Responder, ResponderOptions } from "./call.ts";
import { FAULTS } from "./faults.ts";
import { SCRIPTED_JOBS } from "./scripted-jobs.ts";

export interface JobDirectory {
  /** Who answers for a job id in a scope (`type:id`); undefined when there is no such job in it. */
  find(scope: string, id: string): Responder | undefined;
}

/** All scripted jobs and faults, each with its own state, and the bulk ids. */
export function createJobDirectory(options: ResponderOptions): JobDirectory {
  const known = new Map(
    [...SCRIPTED_JOBS, ...FAULTS].map(({ scope, id, create }) => [`${scope}/${id}`, create(options)]),
  );
  const bulkJobs = createBulkJobs();
  return {
    find: (scope, id) => known.get(`${scope}/${id}`) ?? bulkJobs.find(scope, id),
  };
}
