/** GraphQL over WebSocket (graphql-transport-ws): what the messages of a connection mean to the gateway. */
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
import { type OperationRequest, type RunOperation, responsesOf } from "../../graphql/operation/run.ts";
import type { ResultMark } from "../inserted-text.ts";
import { parseLosslessJson } from "../lossless-json.ts";
import type { CreateContext } from "../request-context.ts";
import { InvalidConnectionParams, withParams } from "./connection-params.ts";
import { type Connection, markResults } from "./operation.ts";

export interface ProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly run: RunOperation;
  readonly createContext: CreateContext;
}

/** Serves a connection that was just opened; the returned callbacks receive its messages and its close. */
export type Protocol = (
  connection: Connection,
  socket: { readonly protocol: string; readonly send: (message: string) => Promise<void> },
) => {
  readonly onMessage: (text: string) => Promise<void>;
  readonly onClose: (code: number, reason: string) => Promise<void>;
};

interface Extra {
  readonly connection: Connection;
  /** Of the `subscribe` message that is being handed to the library. */
  payload: SubscribePayload | null;
}

type Ctx = Context<Record<string, unknown> | undefined, Extra>;

/** Maximum number of operations of one connection at one time. */
const MAX_OPERATIONS = 100;

/** An operation that runs already, in the library's form. */
interface Started extends ExecutionArgs {
  readonly results: AsyncGenerator<ResultMark, void, undefined>;
}

/** The library looks whether there is an operation in a document; by then it was found good elsewhere. */
const ANY_DOCUMENT = parse("{ __typename }");

/** Tells the library to send nothing more for this operation: a promise that never settles, garbage collected with it. */
const NEVER = () => new Promise<never>(() => {});

export function createProtocol(options: ProtocolOptions): Protocol {
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    onConnect: acceptParams,
    onSubscribe: createBegin(options),
    onError: (_ctx, _id, _payload, errors) => errors.map((error) => error.toJSON()),
    // Only what `begin` started gets here.
    execute: (args) => (args as Started).results,
    subscribe: (args) => (args as Started).results,
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
    return { onClose, onMessage: (text) => handOver(text, extra, receive) };
  };
}

/**
 * Hands a message to the library, without what a `subscribe` message carries: the library keeps each for as long as its
 * operation runs, and that can be 1 MiB for hours.
 */
async function handOver(text: string, extra: Extra, receive: (text: string) => Promise<void>): Promise<void> {
  const { connection } = extra;
  let message: Message;
  try {
    message = validateMessage(parseLosslessJson(text));
  } catch {
    connection.close(CloseCode.BadRequest, "Invalid message received");
    return;
  }
  if (message.type === MessageType.Complete) connection.operations.cancel(message.id);
  if (message.type !== MessageType.Subscribe) return receive(text);
  const { id, type, payload } = message;
  extra.payload = payload;
  // The library has called `onSubscribe` when this returns, or closes the connection.
  const handled = receive(stringifyMessage({ id, type, payload: { query: "" } }));
  extra.payload = null;
  return handled;
}

function acceptParams(ctx: Ctx): boolean {
  const { connection } = ctx.extra;
  try {
    connection.headers = withParams(connection.headers, ctx.connectionParams);
    // Nothing else of them is kept.
    Object.assign(ctx, { connectionParams: undefined });
    return true;
  } catch (error) {
    if (!(error instanceof InvalidConnectionParams)) throw error;
    connection.close(CloseCode.BadRequest, error.message);
    return false;
  }
}

/** Starts operations. Returns what the library executes next, or errors to send. */
const createBegin =
  ({ schema, run, createContext }: ProtocolOptions) =>
  async ({ extra: { connection, payload } }: Ctx, id: string): Promise<Started | GraphQLError[]> => {
    if (payload === null) throw new Error("Expected the payload of a subscribe message.");
    if (connection.operations.count() >= MAX_OPERATIONS) return [tooMany()];
    const operation = connection.operations.begin(id);
    const { operationLog, signal } = operation;
    const context = createContext({
      headers: connection.headers,
      operationLog,
      signal,
      acceptsSubscriptions: true,
    });
    const result = await run(requestOf(payload), context).catch((error: unknown) => {
      operation.end();
      if (!signal.aborted) throw error;
      return null;
    });
    // Its id can be another's by now, for which the library would take this one.
    if (signal.aborted) {
      if (result?.kind === "stream") await result.responses.return();
      operation.end();
    }
    if (result === null || signal.aborted) return NEVER();
    if (result.kind === "single" && result.refusal) {
      operation.end();
      return result.refusal.map(asError);
    }
    return {
      schema,
      document: ANY_DOCUMENT,
      results: markResults(responsesOf(result), operation, connection),
    };
  };

const requestOf = ({ query, operationName, variables }: SubscribePayload): OperationRequest => ({
  query,
  operationName: operationName ?? null,
  variables: variables ?? {},
});

/** An error as it was formatted already. */
const asError = (formatted: GraphQLFormattedError): GraphQLError =>
  Object.assign(new GraphQLError(formatted.message), { toJSON: () => formatted });

const tooMany = (): GraphQLError =>
  new GraphQLError(
    `Too many operations on this WebSocket (maximum ${MAX_OPERATIONS}). Complete one, or open another WebSocket.`,
    { extensions: { code: "TOO_MANY_OPERATIONS" } },
  );
