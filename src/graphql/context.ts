/** The context of an operation, which a transport creates, and the context of resolvers. */
import type { JobLoader } from "../jobs/job-loader.ts";
import type { JobRef, RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { OperationLog } from "../model/operation-log.ts";

/** Watches a job: yields the current state, then every changed state. @throws TooManySubscriptions */
type WatchJob = (ref: JobRef, requiredData: RequiredData) => AsyncGenerator<ObservedJob, void, undefined>;

/** What a transport provides for one operation. */
export interface OperationContext {
  /** Loads the jobs of this operation. */
  readonly jobs: JobLoader;
  /** Null if the transport cannot carry subscriptions. */
  readonly watch: WatchJob | null;
  readonly operationLog: OperationLog;
  /** Aborts when the client has disconnected or completed the operation. */
  readonly signal: AbortSignal;
}

/** The context of resolvers. */
export interface GraphQLContext extends Pick<OperationContext, "jobs" | "watch" | "signal"> {
  /**
   * Call it before filtering, ordering or grouping this many host results.
   * @throws InvalidInput beyond the row budget
   */
  readonly examineRows: (count: number) => void;
  /** What the root field with this response key requires from the upstream (look-ahead). */
  readonly requiredData: (responseKey: string | number) => RequiredData;
  /** Errors contain it. Null if the gateway does not trace. Default: null. */
  readonly traceId?: string | null;
}
