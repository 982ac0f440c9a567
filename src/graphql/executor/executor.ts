/** What an executor is. There are two: `plan-executor.ts` for production, `reference-executor.ts` to compare it with. */
import type { GraphQLError } from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { Plan, PlanSource, Variables } from "./plan.ts";

/** An operation, ready to run. */
export interface Execution {
  readonly source: PlanSource;
  readonly plan: Plan;
  readonly variables: Variables;
  readonly context: GraphQLContext;
}

/** What an operation has to say. */
export interface ExecutionResponse {
  readonly errors: readonly GraphQLError[];
  /** The whole response: `{"data":…}`, or `{"errors":…,"data":…}`. */
  readonly body: string | Buffer;
  /** To be called when the body was sent, or is not needed any more: its memory is used again. */
  readonly release: () => void;
}

/** Runs an operation on the schema that the executor was made for. @throws ResponseTooLarge */
export type Executor = (execution: Execution) => Promise<ExecutionResponse>;
