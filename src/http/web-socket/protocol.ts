/**
 * The GraphQL over WebSocket protocol (graphql-transport-ws). The library graphql-ws implements its state machine;
 * the gateway runs the operations:
 *
 * 1. `handleMessage` passes a `subscribe` message to the library, which checks its id and calls `onSubscribe`.
 * 2. `onSubscribe` (`createStart`) runs the operation through the pipeline. It returns the running operation in the
 *    form of execution arguments, or request errors.
 * 3. The library calls `execute` or `subscribe` with these arguments. Both only return the results.
 * 4. The library sends a `next` message per result, with a placeholder for the raw JSON (`raw-json.ts`).
 *
 * A client may complete an operation at any time, even during step 2, and then reuse its id immediately.
 */
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
} from "graphql";
import {
  CloseCode,
  type Context,
  type Message,
  MessageType,
  makeServer,
  type SubscribePayload,
  stringifyMessage,
  validateMessage,
} from "graphql-ws";
import { codeOf, withTraceId } from "../../graphql/errors.ts";
import { type OperationRequest, type RunOperation, responsesOf } from "../../graphql/operation/run.ts";
import type { OperationTrace, Tracer } from "../../model/operation-trace.ts";
import { clientFields } from "../client-fields.ts";
import { documentIdOf, isRecord, withQuery } from "../document-id.ts";
import { BAD_REQUEST } from "../error-responses.ts";
import { type ObserveOperation, observeRejection } from "../finished-operation.ts";
import { forwardedTrace, readTraceHeaders } from "../forwarded-trace.ts";
import { parseLosslessJson } from "../lossless-json.ts";
import type { RateLimiter } from "../rate-limit.ts";
import type { JsonPlaceholder } from "../raw-json.ts";
import type { CreateContext } from "../request-context.ts";
import { DEADLINE_EXTENSION, InvalidDeadline, readDeadlineExtension } from "../request-deadline.ts";
import { InvalidConnectionParams, lowerCaseNames, withConnectionParams } from "./connection-params.ts";
import { toPlaceholders, type WebSocketConnection } from "./operation.ts";

export interface ProtocolOptions {
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

/** Serves a new connection. The returned callbacks receive its messages and its close event. */
export type Protocol = (
  connection: WebSocketConnection,
  socket: { readonly protocol: string; readonly send: (message: string) => Promise<void> },
) => {
  readonly onMessage: (text: string) => Promise<void>;
  readonly onClose: (code: number, reason: string) => Promise<void>;
};

interface Extra {
  readonly connection: WebSocketConnection;
  /** The payload of the `subscribe` message that is being passed to the library. */
  payload: SubscribePayload | null;
}

type Ctx = Context<Record<string, unknown> | undefined, Extra>;

/** Maximum number of concurrent operations of one connection. */
const MAX_CONCURRENT_OPERATIONS = 100;

/** A running operation, in the form that the library passes to `execute`. */
interface StartedOperation extends ExecutionArgs {
  readonly results: AsyncGenerator<JsonPlaceholder, void, undefined>;
}

/** The library requires a document with an operation. The real one was validated and started before. */
const PLACEHOLDER_DOCUMENT = parse("{ __typename }");

/** With a promise that never settles, the library sends nothing for an operation. It is garbage collected. */
const createNeverSettled = () => new Promise<never>(() => {});

export function createProtocol(options: ProtocolOptions): Protocol {
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    onConnect: acceptParams,
    onSubscribe: createStart(options),
    onError: (_ctx, _id, _payload, errors) => errors.map((error) => error.toJSON()),
    // The library passes on what `onSubscribe` returned.
    execute: (args) => (args as StartedOperation).results,
    subscribe: (args) => (args as StartedOperation).results,
  });

  return (connection, socket) => {
    const extra: Extra = { connection, payload: null };
    let receive: (text: string) => Promise<void> = async () => {};
    const onClose = server.opened(
      {
        ...socket,
        close: connection.close,
        onMessage: (listener) => {
          receive = listener;
        },
      },
      extra,
    );
    return { onClose, onMessage: (text) => handleMessage(text, extra, receive) };
  };
}

/**
 * Passes a message to the library. The payload of a `subscribe` message is passed separately, in `extra`: the library
 * retains its messages while their operations run, which may mean 1 MiB each for hours.
 */
async function handleMessage(
  text: string,
  extra: Extra,
  receive: (text: string) => Promise<void>,
): Promise<void> {
  const { connection } = extra;
  let message: Message;
  try {
    message = validateMessage(withPayloadQuery(parseLosslessJson(text)));
  } catch {
    connection.close(CloseCode.BadRequest, "Invalid message received");
    return;
  }
  // The library ends the results of a completed operation, but does not know operations that are still in step 2.
  if (message.type === MessageType.Complete) connection.operations.cancel(message.id);
  if (message.type !== MessageType.Subscribe) return receive(text);
  const { id, type, payload } = message;
  extra.payload = payload;
  // The library calls `onSubscribe` synchronously, or closes the connection.
  const handled = receive(stringifyMessage({ id, type, payload: { query: "" } }));
  extra.payload = null;
  return handled;
}

/** The library requires a document. */
const withPayloadQuery = (message: unknown): unknown =>
  isRecord(message) && message.type === MessageType.Subscribe
    ? { ...message, payload: withQuery(message.payload) }
    : message;

function acceptParams(ctx: Ctx): boolean {
  const { connection } = ctx.extra;
  try {
    const params = lowerCaseNames(ctx.connectionParams);
    connection.headers = withConnectionParams(connection.headers, params);
    connection.client = { ...connection.client, ...clientFields(params) };
    // The library would retain the payload, which contains credentials, while the connection is open.
    Object.assign(ctx, { connectionParams: undefined });
    return true;
  } catch (error) {
    if (!(error instanceof InvalidConnectionParams)) throw error;
    connection.close(CloseCode.BadRequest, error.message);
    return false;
  }
}

/** Starts an operation. Returns what the library executes next, or the errors that it sends. */
const createStart =
  ({ schema, run, createContext, rateLimiter, onOperation, tracer }: ProtocolOptions) =>
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
