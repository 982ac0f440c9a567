/** WebSockets at `/graphql`: the adapter between `ws`, which knows sockets, and graphql-ws, which knows the protocol. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyBaseLogger } from "fastify";
import { CloseCode, handleProtocols } from "graphql-ws";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { createInsertedText } from "./inserted-text.ts";
import { isAllowedOrigin, OTHER_ORIGIN } from "./origin.ts";
import { BAD_REQUEST, endSocket, GRAPHQL_PATH, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE } from "./problems.ts";
import { requestId } from "./request-id.ts";
import { KEEP_ALIVE_MS, MAX_STUCK_MS } from "./streamed-response.ts";
import { callerHeaders } from "./web-socket-caller.ts";
import { type Connection, createProtocol, type ProtocolOptions } from "./web-socket-protocol.ts";

export interface WebSocketOptions extends ProtocolOptions {
  /** Most WebSockets at one time. */
  readonly maxConnections: number;
  readonly allowedOrigins: readonly string[];
  /** Most bytes of one message. */
  readonly maxMessageBytes: number;
  readonly logger: FastifyBaseLogger;
}

export interface WebSockets {
  /** For `upgrade` events of an HTTP server, where the upgrade is to WebSocket. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Takes no more, and closes those that are open with 1001. Done when all are closed, after a second at the most. */
  readonly close: () => Promise<void>;
}

/** "Going away", of RFC 6455. */
const GOING_AWAY = 1001;

/** How long a client has to say that it heard of the end. */
const CLOSING_MS = 1_000;

export function createWebSockets(options: WebSocketOptions): WebSockets {
  const { maxConnections, allowedOrigins, maxMessageBytes, logger } = options;
  const protocol = createProtocol(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    handleProtocols: (names) => handleProtocols(names),
    // The library learns in later turns that a completed operation has ended; its id can be another's in the next message.
    allowSynchronousEvents: false,
  });
  let isClosing = false;

  /** Sockets that have not answered a ping, and since when; on the clock of `performance.now()`. */
  const silent = new Map<WebSocket, number>();
  const keepAlive = setInterval(() => {
    const now = performance.now();
    for (const socket of sockets.clients) {
      const since = silent.get(socket);
      // A ping waits behind what was written before it: who has yet to take that has as long for it as by other ways.
      const limitMs = socket.bufferedAmount > 0 ? MAX_STUCK_MS : 0;
      if (since !== undefined && now - since > limitMs) socket.terminate();
      if (since !== undefined) continue;
      silent.set(socket, now);
      socket.ping();
    }
  }, KEEP_ALIVE_MS);
  keepAlive.unref();

  const refuse = (
    request: IncomingMessage,
  ): readonly [status: string, code: string, message: string] | null => {
    const { headers, url = "" } = request;
    if (url.split("?")[0] !== GRAPHQL_PATH) {
      return ["404 Not Found", BAD_REQUEST, `Expected a WebSocket at ${GRAPHQL_PATH}; nothing else is here.`];
    }
    if (!isAllowedOrigin(headers, allowedOrigins)) return ["403 Forbidden", BAD_REQUEST, OTHER_ORIGIN];
    if (isClosing) return ["503 Service Unavailable", SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE];
    if (sockets.clients.size >= maxConnections) {
      const message = `Expected at most ${maxConnections} WebSockets at one time, got one more. Try again later, or another instance.`;
      return ["503 Service Unavailable", "TOO_MANY_OPERATIONS", message];
    }
    return null;
  };

  const upgrade: WebSockets["upgrade"] = (request, socket, head) => {
    // A client that goes away is no news.
    socket.on("error", () => socket.destroy());
    const refusal = refuse(request);
    if (refusal) {
      const [status, code, message] = refusal;
      logger.info(
        { path: GRAPHQL_PATH, statusCode: Number.parseInt(status, 10), errorCodes: [code] },
        "connection",
      );
      return endSocket(socket, status, code, message);
    }
    sockets.handleUpgrade(request, socket, head, (opened) => open(opened, request));
  };

  const open = (socket: WebSocket, request: IncomingMessage) => {
    const gone = new AbortController();
    const texts = createInsertedText();
    const log = logger.child({ requestId: requestId(request) });
    const close = (code: number, reason: string) => socket.close(code, closeReason(reason));
    const tellFault = (error: unknown) => log.error({ err: error }, "fault");
    const connection: Connection = {
      headers: callerHeaders(request.headers),
      signal: gone.signal,
      texts,
      log,
      close,
      beginning: 0,
      lastWithId: new Map(),
    };
    const beganAt = performance.now();
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (frame) => write(socket, texts.insert(frame)),
        close,
        onMessage: (receive) =>
          socket.on("message", (data: RawData) => {
            receive(String(data)).catch((error: unknown) => {
              tellFault(error);
              close(CloseCode.InternalServerError, "Internal server error");
            });
          }),
      },
      connection,
    );
    socket.on("pong", () => silent.delete(socket));
    // What it says that is no WebSocket, or too long: `ws` closes it with the code for that.
    socket.on("error", () => {});
    socket.once("close", (code, reason) => {
      silent.delete(socket);
      gone.abort(new Error("The client has gone away."));
      closed(code, String(reason)).catch(tellFault);
      const durationMs = Math.round((performance.now() - beganAt) * 10) / 10;
      log.info({ path: GRAPHQL_PATH, closeCode: code, durationMs }, "connection");
    });
  };

  const close: WebSockets["close"] = async () => {
    isClosing = true;
    const open = [...sockets.clients];
    const ends = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of open) socket.close(GOING_AWAY, "Going away");
    await Promise.race([Promise.all(ends), sleep(CLOSING_MS, undefined, { ref: false })]);
    for (const socket of open) socket.terminate();
    clearInterval(keepAlive);
  };

  return { upgrade, close };
}

/** Bytes that a client has not read, from which on it is not listened to: it could ask for more answers without end. */
const MAX_UNREAD_BYTES = 2 ** 20;

/** Settles when the frame was handed to the operating system: the library goes on with the next result then. */
const write = (socket: WebSocket, frame: string): Promise<void> =>
  new Promise((resolve) => {
    // Whatever goes wrong closes the socket, which ends its operations.
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(frame, () => {
      if (socket.isPaused && socket.bufferedAmount <= MAX_UNREAD_BYTES) socket.resume();
      resolve();
    });
    if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.pause();
  });

/** Most bytes of a reason, of RFC 6455. */
const MAX_REASON_BYTES = 123;

/** A reason can have an id of the client's in it. A character is 3 bytes at the most. */
const closeReason = (reason: string): string =>
  Buffer.byteLength(reason) <= MAX_REASON_BYTES ? reason : `${reason.slice(0, MAX_REASON_BYTES / 3 - 1)}…`;
