/** Runs operations. All transports call this, and get one response or a stream of responses. */
import { type GraphQLError, type GraphQLFormattedError, OperationTypeNode } from "graphql";
import type { ObserveLimit } from "../../model/limits.ts";
import type { OperationTrace } from "../../model/operation-trace.ts";
import type { OperationContext } from "../context.ts";
import { codeOf, formatError, formatGraphQLError, reasonOf, withTraceId } from "../errors.ts";
import type { Executor } from "../executor/executor.ts";
import { ResponseTooLarge } from "../executor/json-sink.ts";
import type { Variables } from "../executor/plan.ts";
import type { Documents, RequestedDocument } from "./documents.ts";
import { createRowBudget } from "./operation-limits.ts";
import type { Prepare, Prepared } from "./prepare.ts";
import { isInvalid, type RequestErrors } from "./request-errors.ts";

/** An operation as a client sends it. */
export interface OperationRequest extends RequestedDocument {
  readonly operationName: string | null;
  readonly variables: Variables;
}

/** One response. */
export interface Single {
  readonly kind: "single";
  /** JSON. */
  readonly body: string | Buffer;
  /** Call it when the body was sent: its memory is reused. */
  readonly release: () => void;
  /** Errors that prevented the execution. Null if the operation was executed, even with errors in fields. */
  readonly requestErrors: readonly GraphQLFormattedError[] | null;
}

/** The responses of a subscription as JSON: the current state, then one per change. */
export interface Stream {
  readonly kind: "stream";
  /** `return()` ends it immediately. @throws StreamInterrupted at shutdown */
  readonly responses: AsyncGenerator<string, void, undefined>;
}

/** Never rejects: internal errors become masked error responses and entries of the operation log. */
export type RunOperation = (request: OperationRequest, context: OperationContext) => Promise<Single | Stream>;

/**
 * Starts a subscription with coerced variables, in a context with `watch`. Never throws.
 * @returns the stream, or the errors that prevented its start
 */
export type StartSubscription = (
  prepared: Prepared,
  variables: Variables,
  context: OperationContext,
) => Stream | RequestErrors;

export interface RunOptions {
  readonly documents: Pick<Documents, "textOf">;
  readonly prepare: Prepare;
  readonly execute: Executor;
  readonly startSubscription: StartSubscription;
  /** Observes responses that exceed a limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
}

const SUBSCRIPTION_OVER_HTTP: GraphQLFormattedError = {
  message:
    "A plain HTTP response cannot carry a subscription. Subscribe over WebSocket, by server-sent events at " +
    "/graphql/stream, or with the header `Accept: multipart/mixed;subscriptionSpec=1.0`.",
  extensions: { code: "BAD_REQUEST" },
};

export function createRunOperation(options: RunOptions): RunOperation {
  const runSafely: RunOperation = async (request, context) => {
    try {
      return await runOperation(options, request, context);
    } catch (error) {
      // An internal error must not close a connection that carries other operations.
      if (error instanceof ResponseTooLarge) options.onLimit?.("MAX_RESPONSE_BYTES");
      else context.operationLog.internalErrors.push(error);
      return rejectOperation([formatError({ message: String(error) }, error)], context, reasonOf(error));
    }
  };
  return (request, context) =>
    context.operationLog.trace === null
      ? runSafely(request, context)
      : runTraced(context.operationLog.trace, context, () => runSafely(request, context));
}

/** Runs an operation in its trace. That of a subscription ends with its first response (`subscription/`). */
async function runTraced(
  { startOperation, endOperation }: OperationTrace,
  { operationLog, signal }: OperationContext,
  run: () => Promise<Single | Stream>,
): Promise<Single | Stream> {
  startOperation();
  const result = await run();
  if (result.kind === "single") endOperation(operationLog.errorCodes, signal.aborted);
  return result;
}

async function runOperation(
  { documents, prepare, execute, startSubscription }: RunOptions,
  request: OperationRequest,
  context: OperationContext,
): Promise<Single | Stream> {
  const { operationLog, jobs, watch, signal } = context;
  const traceId = operationLog.trace?.traceId ?? null;
  const { operationName, variables } = request;
  const text = documents.textOf(request);
  if (typeof text === "string") operationLog.document = text;
  const prepared = typeof text === "string" ? prepare(text, operationName) : text;
  if (isInvalid(prepared)) return rejectOperation(prepared.errors, context, prepared.reason);
  operationLog.operationName = prepared.name;
  operationLog.operationType = prepared.type;
  operationLog.trace?.describeOperation(prepared.name, prepared.type, operationLog.document ?? "");
  if (prepared.type === OperationTypeNode.SUBSCRIPTION) operationLog.document = null;
  const { coerced, errors } = coerce(prepared, variables);
  if (errors) return rejectOperation(errors, context);
  if (prepared.type === OperationTypeNode.SUBSCRIPTION) {
    if (!watch) return rejectOperation([SUBSCRIPTION_OVER_HTTP], context);
    const started = startSubscription(prepared, coerced, context);
    return "errors" in started ? rejectOperation(started.errors, context, started.reason) : started;
  }
  const plan = prepared.planFor(coerced);
  const { requiredData } = plan;
  const resolverContext = { jobs, watch, signal, requiredData, examineRows: createRowBudget(), traceId };
  const response = await execute({ source: prepared, plan, variables: coerced, context: resolverContext });
  for (const error of response.errors) logError(error, context);
  return { kind: "single", body: response.body, release: response.release, requestErrors: null };
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

/**
 * Creates the response to a request that is not executed, and records its errors.
 * @param reason see `OperationLog`
 */
export function rejectOperation(
  errors: readonly GraphQLFormattedError[],
  { operationLog }: Pick<OperationContext, "operationLog">,
  reason: string | null = null,
): Single {
  operationLog.reason ??= reason;
  operationLog.errorCodes.push(...errors.map(codeOf));
  const traceId = operationLog.trace?.traceId ?? null;
  const requestErrors = errors.map((error) => withTraceId(error, traceId));
  return {
    kind: "single",
    body: JSON.stringify({ errors: requestErrors }),
    release: () => {},
    requestErrors,
  };
}

function logError(error: GraphQLError, { operationLog }: OperationContext): void {
  const code = codeOf(formatGraphQLError(error));
  operationLog.errorCodes.push(code);
  operationLog.reason ??= reasonOf(error);
  if (code === "INTERNAL_SERVER_ERROR") operationLog.internalErrors.push(error.originalError ?? error);
}

/** @returns the responses of any operation as a stream, for transports that can send several */
export function responsesOf(result: Single | Stream): Stream["responses"] {
  if (result.kind === "stream") return result.responses;
  const body = String(result.body);
  result.release();
  return single(body);
}

async function* single(body: string): Stream["responses"] {
  yield body;
}
