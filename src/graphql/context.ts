/** What resolvers and plugins know of the request that they work for. */

import type { ExecutionResult } from "graphql";
import type { JobLoader } from "../jobs/job-loader.ts";
import type { Trace } from "../upstream/trace.ts";
import type { DetachedJson } from "./executor/detached-rows.ts";

export interface GraphQLContext {
  /** Lookups of this operation. */
  readonly jobs: JobLoader;
  readonly trace: Trace;
  /** Parts of the response that are JSON already. */
  readonly detached: DetachedJson;
  /** What became of the operation, when it ran before Apollo Server came to it. */
  settled?: Promise<ExecutionResult>;
}
