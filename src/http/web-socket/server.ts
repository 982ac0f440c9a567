/** The WebSocket server at `/graphql`: accepts connections, and closes them at shutdown. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyBaseLogger } from "fastify";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer } from "ws";
import type { ObserveLimit } from "../../model/limits.ts";
import { endSocket } from "../error-responses.ts";
import { observeRejection } from "../finished-operation.ts";
import { GRAPHQL_PATH } from "../paths.ts";
import { createConnectionHandler } from "./connection.ts";
import { createHandshakeCheck, type HandshakeOptions } from "./handshake.ts";
import { createKeepAlive } from "./keep-alive.ts";
import { GOING_AWAY } from "./operation.ts";
import { createProtocol } from "./protocol.ts";
import type { StartOptions } from "./start-operation.ts";

export interface WebSocketServerOptions extends StartOptions, HandshakeOptions {
  /** Maximum size of a message from a client, in bytes. */
  readonly maxMessageBytes: number;
  readonly logger: FastifyBaseLogger;
  /** Queries that take longer have the hash of their document in the log. 0: none has. */
  readonly slowOperationMs: number;
  /** Observes messages that exceed their limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
}

export interface WebSockets {
  /** Handles the `upgrade` event of the HTTP server for WebSockets. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Rejects new connections and closes open ones with code 1001. Resolves within a second. */
  readonly close: () => Promise<void>;
  /** Number of open connections. */
  readonly count: () => number;
}

/**
 * A connection error: the client has disconnected, which needs no log line. It is not a closure, because that would retain
 * the request of the handshake as long as the connection.
 */
function destroySocket(this: Duplex): void {
  this.destroy();
}

/** How long clients may take to confirm the close. */
const CLOSE_TIMEOUT_MS = 1_000;

export function createWebSocketServer(options: WebSocketServerOptions): WebSockets {
  const { maxMessageBytes, logger, onOperation } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    handleProtocols: (names) => handleProtocols(names),
    // graphql-ws frees the id of a completed operation asynchronously. The next message may reuse the id, so it must
    // arrive in a later turn of the event loop.
    allowSynchronousEvents: false,
  });
  const keepAlive = createKeepAlive();
  const serveConnection = createConnectionHandler(createProtocol(options), keepAlive, logger, options);
  let isClosing = false;
  const checkHandshake = createHandshakeCheck(options, () => ({
    isClosing,
    connections: sockets.clients.size,
  }));

  const upgrade: WebSockets["upgrade"] = (request, socket, head) => {
    socket.on("error", destroySocket);
    const rejection = checkHandshake(request);
    if (rejection === null) {
      sockets.handleUpgrade(request, socket, head, (webSocket) => serveConnection(webSocket, request));
      return;
    }
    const { status, code, message } = rejection;
    const statusCode = Number.parseInt(status, 10);
    logger.info({ path: GRAPHQL_PATH, statusCode, errorCodes: [code] }, "connection");
    if (onOperation) observeRejection("websocket", code, onOperation);
    endSocket(socket, status, code, message);
  };

  const close: WebSockets["close"] = async () => {
    isClosing = true;
    const open = [...sockets.clients];
    const closed = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of open) socket.close(GOING_AWAY.code, GOING_AWAY.reason);
    await Promise.race([Promise.all(closed), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    for (const socket of open) socket.terminate();
    keepAlive.stop();
  };

  return { upgrade, close, count: () => sockets.clients.size };
}
