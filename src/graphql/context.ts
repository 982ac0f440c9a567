/** What resolvers know of the request that they work for. */
import type { JobLoader } from "../jobs/job-loader.ts";

export interface GraphQLContext {
  /** Lookups of this operation. */
  readonly jobs: JobLoader;
}
