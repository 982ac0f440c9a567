/**
 * Starts an operation of a WebSocket: reads its deadline and its trace, counts it for the rate limit, and runs it through
 * the pipeline. `protocol.ts` has the messages before and after that.
 */
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
} from "graphql";
import type { Context, SubscribePayload } from "graphql-ws";
import { codeOf, withTraceId } from "../../graphql/errors.ts";
import { type OperationRequest, type RunOperation, responsesOf } from "../../graphql/operation/run.ts";
import type { OperationTrace, Tracer } from "../../model/operation-trace.ts";
import { documentIdOf } from "../document-id.ts";
import { BAD_REQUEST } from "../error-responses.ts";
import { type ObserveOperation, observeRejection } from "../finished-operation.ts";
import { forwardedTrace, readTraceHeaders } from "../forwarded-trace.ts";
import type { RateLimiter } from "../rate-limit.ts";
import type { JsonPlaceholder } from "../raw-json.ts";
import type { CreateContext } from "../request-context.ts";
import { DEADLINE_EXTENSION, InvalidDeadline, readDeadlineExtension } from "../request-deadline.ts";
import { toPlaceholders, type WebSocketConnection } from "./operation.ts";

export interface StartOptions {
  readonly schema: GraphQLSchema;
  readonly run: RunOperation;
  readonly createContext: CreateContext;
  /** Null: no rate limit. */
  readonly rateLimiter: Pick<RateLimiter, "count"> | null;
  /** Observes operations; null to observe none. */
  readonly onOperation: ObserveOperation | null;
  /** Null if the gateway does not trace. */
  readonly tracer: Tracer | null;
}

export interface Extra {
  readonly connection: WebSocketConnection;
  /** The payload of the `subscribe` message that is being passed to the library. */
  payload: SubscribePayload | null;
}

export type Ctx = Context<Record<string, unknown> | undefined, Extra>;

/** Maximum number of concurrent operations of one connection. */
const MAX_CONCURRENT_OPERATIONS = 100;

/** A running operation, in the form that the library passes to `execute`. */
export interface StartedOperation extends ExecutionArgs {
  readonly results: AsyncGenerator<JsonPlaceholder, void, undefined>;
}

/** The library requires a document with an operation. The real one was validated and started before. */
const PLACEHOLDER_DOCUMENT = parse("{ __typename }");

/** With a promise that never settles, the library sends nothing for an operation. It is garbage collected. */
const createNeverSettled = () => new Promise<never>(() => {});

/** Starts an operation. Returns what the library executes next, or the errors that it sends. */
export const createStartOperation =
  ({ schema, run, createContext, rateLimiter, onOperation, tracer }: StartOptions) =>
  async ({ extra: { connection, payload } }: Ctx, id: string): Promise<StartedOperation | GraphQLError[]> => {
    if (payload === null) throw new Error("Expected the payload of a subscribe message, got none.");
    if (connection.operations.count() >= MAX_CONCURRENT_OPERATIONS) {
      if (onOperation) observeRejection("websocket", TOO_MANY_OPERATIONS, onOperation);
      return [tooManyOperations()];
    }
    const deadlineMs = deadlineOf(payload);
    if (deadlineMs instanceof InvalidDeadline) {
      if (onOperation) observeRejection("websocket", BAD_REQUEST, onOperation);
      return [new GraphQLError(deadlineMs.message, { extensions: { code: BAD_REQUEST } })];
    }
    const operation = connection.operations.start(id, traceOf(payload, tracer));
    const { operationLog, signal } = operation;
    // After `start`, so that the client can complete the operation meanwhile.
    const rateLimited = rateLimiter && (await rateLimiter.count(connection.headers, connection.address));
    if (rateLimited) {
      operationLog.errorCodes.push(codeOf(rateLimited));
      operationLog.reason = "RATE_LIMIT_MAX";
      operation.end();
      return signal.aborted
        ? createNeverSettled()
        : [toGraphQLError(withTraceId(rateLimited, operationLog.trace?.traceId ?? null))];
    }
    const context = createContext({
      headers: connection.headers,
      operationLog,
      signal,
      deadlineMs,
      acceptsSubscriptions: true,
    });
    const result = await run(requestOf(payload), context).catch((error: unknown) => {
      operation.end();
      // After a cancellation, errors are expected and there is nobody to report them to.
      if (!signal.aborted) throw error;
      return null;
    });
    // Cancelled while it was starting. The client may reuse the id already, and the library would send results of this
    // operation with it. So nothing is returned.
    if (signal.aborted) {
      if (result?.kind === "stream") await result.responses.return();
      operation.end();
    }
    if (result === null || signal.aborted) return createNeverSettled();
    if (result.kind === "single" && result.requestErrors) {
      operation.end();
      return result.requestErrors.map(toGraphQLError);
    }
    return {
      schema,
      document: PLACEHOLDER_DOCUMENT,
      results: toPlaceholders(responsesOf(result), operation, connection),
    };
  };

function deadlineOf({ extensions }: SubscribePayload): number | null | InvalidDeadline {
  try {
    return readDeadlineExtension(extensions?.[DEADLINE_EXTENSION]);
  } catch (error) {
    if (error instanceof InvalidDeadline) return error;
    throw error;
  }
}

/**
 * The fields `traceparent` and `tracestate` of `extensions`, with the values of the headers. Those of the handshake are not
 * used: a WebSocket can carry unrelated operations for hours.
 */
function traceOf({ extensions }: SubscribePayload, tracer: Tracer | null): OperationTrace | null {
  const headers = extensions ?? {};
  return tracer ? tracer.startWebSocketOperation(readTraceHeaders(headers)) : forwardedTrace(headers);
}

const requestOf = (payload: SubscribePayload): OperationRequest => ({
  query: payload.query,
  documentId: documentIdOf(payload),
  operationName: payload.operationName ?? null,
  variables: payload.variables ?? {},
});

/** Wraps an error that has been formatted already. */
const toGraphQLError = (formatted: GraphQLFormattedError): GraphQLError =>
  Object.assign(new GraphQLError(formatted.message), { toJSON: () => formatted });

const TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS";

const tooManyOperations = (): GraphQLError =>
  new GraphQLError(
    `Too many operations on this WebSocket (maximum ${MAX_CONCURRENT_OPERATIONS}). Complete one, or open another WebSocket.`,
    { extensions: { code: TOO_MANY_OPERATIONS } },
  );
