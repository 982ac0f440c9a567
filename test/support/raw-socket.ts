/** A WebSocket without a library for the protocol, for messages that a correct client never sends. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";

export interface RawSocket {
  readonly socket: WebSocket;
  readonly send: (message: unknown) => void;
  /** The next unread message. */
  readonly next: () => Promise<Record<string, unknown>>;
  /** Unread messages so far. */
  readonly unread: () => readonly Record<string, unknown>[];
  /** How the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export interface RawSocketOptions {
  readonly headers?: Record<string, string>;
  readonly protocols?: readonly string[];
}

/** Opens a WebSocket for one test. Rejects with the HTTP status and body if the handshake is refused. */
export async function openSocket(
  url: string,
  { headers = {}, protocols = ["graphql-transport-ws"] }: RawSocketOptions = {},
): Promise<RawSocket> {
  const socket = new WebSocket(url.replace("http", "ws"), [...protocols], { headers });
  const messages: Record<string, unknown>[] = [];
  let onMessage = () => {};
  socket.on("message", (data) => {
    messages.push(JSON.parse(String(data)));
    onMessage();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
    socket.once("unexpected-response", async (_request, response: IncomingMessage) => {
      const body = (await response.toArray()).join("");
      reject(new Error(`HTTP ${response.statusCode}: ${body}`));
    });
  });
  const next = async () => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        onMessage = resolve;
      });
    }
    return messages.shift() ?? {};
  };
  return {
    socket,
    send: (message) => socket.send(JSON.stringify(message)),
    next,
    unread: () => messages,
    closed,
  };
}

/** Opens a WebSocket and sends `connection_init` with the payload. */
export async function openConnection(
  url: string,
  payload: Record<string, unknown> = {},
  options: RawSocketOptions = {},
): Promise<RawSocket> {
  const socket = await openSocket(url, options);
  socket.send({ type: "connection_init", payload });
  const answer = await socket.next();
  if (answer.type !== "connection_ack") throw new Error(`Expected an ack, got ${JSON.stringify(answer)}.`);
  return socket;
}
