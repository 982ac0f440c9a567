/** What resolvers and plugins know of the request that they work for. */

import type { DocumentNode, ExecutionResult } from "graphql";
import type { JobLoader } from "../jobs/job-loader.ts";
import type { JobRef, Needs } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { Trace } from "../upstream/trace.ts";
import type { DetachedJson } from "./executor/detached-rows.ts";

/** A subscription that has begun. */
export interface LiveOperation {
  /** Valid, with the operation in it. */
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** What it tells of. */
  readonly states: AsyncGenerator<ObservedJob, void, undefined>;
}

/** Apollo Server works on a copy of the context, and this is what that has in common with it. */
export interface LiveContext {
  /** Watches a job. @throws TooManySubscriptions */
  readonly watch: (ref: JobRef, needs: Needs) => AsyncGenerator<ObservedJob, void, undefined>;
  /** The operation when it is a subscription, once it was found good and has begun. */
  begun: LiveOperation | null;
}

export interface GraphQLContext {
  /** Lookups of this operation. */
  readonly jobs: JobLoader;
  readonly trace: Trace;
  /** Parts of the response that are JSON already. */
  readonly detached: DetachedJson;
  /** What became of the operation, when it ran before Apollo Server came to it. */
  settled?: Promise<ExecutionResult>;
  /** For subscriptions. Null where the answer is one result. */
  readonly live: LiveContext | null;
}
