/** What an operation knows of the request that it came with, and what resolvers know of the operation. */
import type { JobLoader } from "../jobs/job-loader.ts";
import type { JobRef, RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { OperationLog } from "../model/operation-log.ts";

/** Watches a job: the state now, then every state in which it is found. @throws TooManySubscriptions */
type WatchJob = (ref: JobRef, requiredData: RequiredData) => AsyncGenerator<ObservedJob, void, undefined>;

/** What a transport provides for one operation. */
export interface OperationContext {
  /** Lookups of this operation. */
  readonly jobs: JobLoader;
  /** Null where the transport carries one response only, and so no subscription. */
  readonly watch: WatchJob | null;
  /** Where it is noted what the operation does. */
  readonly operationLog: OperationLog;
  /** Aborts when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
}

/** What resolvers get. */
export interface GraphQLContext {
  readonly jobs: JobLoader;
  readonly watch: WatchJob | null;
  /** Aborts when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
  /** To be called before this many host rows are filtered, ordered or grouped. @throws InvalidInput */
  readonly examineRows: (count: number) => void;
  /** What the root field with this response key requires from the upstream. */
  readonly requiredData: (responseKey: string | number) => RequiredData;
}
