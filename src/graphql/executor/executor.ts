/** The interface of both executors: `plan-executor.ts`, and `reference-executor.ts` to compare it with. */
import type { GraphQLError } from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { Plan, PlanSource, Variables } from "./plan.ts";

/** A query to execute, with coerced variables. */
export interface Execution {
  readonly source: PlanSource;
  readonly plan: Plan;
  readonly variables: Variables;
  readonly context: GraphQLContext;
}

export interface ExecutionResponse {
  readonly errors: readonly GraphQLError[];
  /** The whole response: `{"data":…}`, or `{"errors":…,"data":…}`. */
  readonly body: string | Buffer;
  /** Call it when the body was sent or is no longer needed: its memory is reused. */
  readonly release: () => void;
}

/** Executes a query. @throws ResponseTooLarge; the reason of the context's signal if the client aborted */
export type Executor = (execution: Execution) => Promise<ExecutionResponse>;
