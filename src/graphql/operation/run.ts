/** Runs operations. Every transport comes through here, and gets one response or a stream of them. */
import { type GraphQLError, type GraphQLFormattedError, OperationTypeNode } from "graphql";
import type { OperationContext } from "../context.ts";
import { codeOf, formatError, showError } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { ResponseTooLarge } from "../executor/json-sink.ts";
import type { Variables } from "../executor/plan.ts";
import { isRefusal, type Prepare, type Prepared } from "./prepare.ts";
import { createRowBudget } from "./row-budget.ts";

/** What a client asks for. */
export interface OperationRequest {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Variables;
}

/** One response. */
export interface Single {
  readonly kind: "single";
  /** JSON. */
  readonly body: string | Buffer;
  /** To be called when the body was sent: its memory is used again. */
  readonly release: () => void;
  /** The errors when nothing was executed, for a fault of the request; else null, also for a partial response. */
  readonly refusal: readonly GraphQLFormattedError[] | null;
}

/** The responses of a subscription, each of them JSON: the state now, then one for every change. */
export interface Stream {
  readonly kind: "stream";
  /** `return()` ends it at once. @throws StreamInterrupted */
  readonly responses: AsyncGenerator<string, void, undefined>;
}

/** Never rejects: faults of our own are responses too, masked, and noted for the log. */
export type RunOperation = (request: OperationRequest, context: OperationContext) => Promise<Single | Stream>;

/** A subscription that runs, or why it could not begin. */
type Started = Stream | { readonly kind: "refused"; readonly errors: readonly GraphQLFormattedError[] };

/** Begins a subscription with coerced variables. The context has `watch`. Never throws. */
export type StartSubscription = (
  prepared: Prepared,
  variables: Variables,
  context: OperationContext,
) => Started;

export interface RunOptions {
  readonly prepare: Prepare;
  readonly execute: Executor;
  readonly startSubscription: StartSubscription;
}

const NO_SUBSCRIPTION =
  "This request carries one response, and so no subscription. Subscribe over WebSocket, by server-sent events at " +
  "/graphql/stream, or with the header `Accept: multipart/mixed;subscriptionSpec=1.0`.";

export function createRunOperation(options: RunOptions): RunOperation {
  return async (request, context) => {
    try {
      return await runOperation(options, request, context);
    } catch (error) {
      // A fault of our own must not end what else the connection carries.
      if (!(error instanceof ResponseTooLarge)) context.operationLog.internalErrors.push(error);
      return refuse([formatError({ message: String(error) }, error)], context);
    }
  };
}

async function runOperation(
  { prepare, execute, startSubscription }: RunOptions,
  { query, operationName, variables }: OperationRequest,
  context: OperationContext,
): Promise<Single | Stream> {
  const { operationLog, jobs, watch, signal } = context;
  const prepared = prepare(query, operationName);
  if (isRefusal(prepared)) return refuse(prepared.errors, context);
  operationLog.operationName = prepared.name;
  const { coerced, errors } = coerce(prepared, variables);
  if (errors) return refuse(errors, context);
  if (prepared.type === OperationTypeNode.SUBSCRIPTION) {
    if (!watch) return refuse([badRequest(NO_SUBSCRIPTION)], context);
    const started = startSubscription(prepared, coerced, context);
    return started.kind === "stream" ? started : refuse(started.errors, context);
  }
  const plan = prepared.planFor(coerced);
  const { requiredData } = plan;
  const resolverContext = { jobs, watch, signal, requiredData, examineRows: createRowBudget() };
  const response = await execute({ source: prepared, plan, variables: coerced, context: resolverContext });
  for (const error of response.errors) noteError(error, context);
  return { kind: "single", body: response.body, release: response.release, refusal: null };
}

function coerce(prepared: Prepared, variables: Variables) {
  const result = prepared.coerceVariables(variables);
  if (!("errors" in result)) return { coerced: result.coerced, errors: null };
  const code = "BAD_USER_INPUT";
  return {
    coerced: {},
    errors: result.errors.map((error) => formatError({ ...error.toJSON(), extensions: { code } }, error)),
  };
}

/** The response to a request of which nothing is executed. */
export const refusal = (errors: readonly GraphQLFormattedError[]): Single => ({
  kind: "single",
  body: JSON.stringify({ errors }),
  release: () => {},
  refusal: errors,
});

const badRequest = (message: string): GraphQLFormattedError => ({
  message,
  extensions: { code: "BAD_REQUEST" },
});

function refuse(errors: readonly GraphQLFormattedError[], { operationLog }: OperationContext): Single {
  operationLog.errorCodes.push(...errors.map(codeOf));
  return refusal(errors);
}

function noteError(error: GraphQLError, { operationLog }: OperationContext): void {
  const code = codeOf(showError(error));
  operationLog.errorCodes.push(code);
  if (code === "INTERNAL_SERVER_ERROR") operationLog.internalErrors.push(error.originalError ?? error);
}

/** The responses of any operation, for transports that carry many: those of a stream, or the single one. */
export function responsesOf(result: Single | Stream): Stream["responses"] {
  if (result.kind === "stream") return result.responses;
  const body = String(result.body);
  result.release();
  return single(body);
}

async function* single(body: string): Stream["responses"] {
  yield body;
}
