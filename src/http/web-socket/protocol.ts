/**
 * The GraphQL over WebSocket protocol (graphql-transport-ws). The library graphql-ws implements its state machine;
 * the gateway runs the operations:
 *
 * 1. `handleMessage` passes a `subscribe` message to the library, which checks its id and calls `onSubscribe`.
 * 2. `onSubscribe` (`start-operation.ts`) runs the operation through the pipeline. It returns the running operation in the
 *    form of execution arguments, or request errors.
 * 3. The library calls `execute` or `subscribe` with these arguments. Both only return the results.
 * 4. The library sends a `next` message per result, with a placeholder for the raw JSON (`raw-json.ts`).
 *
 * A client may complete an operation at any time, even during step 2, and then reuse its id immediately.
 */
import {
  CloseCode,
  type Message,
  MessageType,
  makeServer,
  stringifyMessage,
  validateMessage,
} from "graphql-ws";
import { clientFields } from "../client-fields.ts";
import { isRecord, withQuery } from "../document-id.ts";
import { parseLosslessJson } from "../lossless-json.ts";
import { InvalidConnectionParams, lowerCaseNames, withConnectionParams } from "./connection-params.ts";
import type { WebSocketConnection } from "./operation.ts";
import {
  type Ctx,
  createStartOperation,
  type Extra,
  type StartedOperation,
  type StartOptions,
} from "./start-operation.ts";

/** Serves a new connection. The returned callbacks receive its messages and its close event. */
export type Protocol = (
  connection: WebSocketConnection,
  socket: { readonly protocol: string; readonly send: (message: string) => Promise<void> },
) => {
  readonly onMessage: (text: string) => Promise<void>;
  readonly onClose: (code: number, reason: string) => Promise<void>;
};

export function createProtocol(options: StartOptions): Protocol {
  const server = makeServer<Record<string, unknown> | undefined, Extra>({
    onConnect: acceptParams,
    onSubscribe: createStartOperation(options),
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
