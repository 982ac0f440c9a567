/** WebSockets at `/graphql`: takes connections and ends them. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyBaseLogger } from "fastify";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer } from "ws";
import { endSocket } from "../error-responses.ts";
import { GRAPHQL_PATH } from "../paths.ts";
import { createConnector } from "./connection.ts";
import { createHandshake, type HandshakeOptions } from "./handshake.ts";
import { createKeepAlive } from "./keep-alive.ts";
import { GOING_AWAY } from "./operation.ts";
import { createProtocol, type ProtocolOptions } from "./protocol.ts";

export interface WebSocketServerOptions extends ProtocolOptions, HandshakeOptions {
  /** Maximum size of a message from a client. */
  readonly maxMessageBytes: number;
  readonly logger: FastifyBaseLogger;
}

export interface WebSockets {
  /** For `upgrade` events of an HTTP server, where the upgrade is to WebSocket. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Takes no more, and closes those that are open with 1001. Done when all are closed, after a second at the most. */
  readonly close: () => Promise<void>;
}

/** How long a client has to confirm that it heard of the end. */
const CLOSING_MS = 1_000;

export function createWebSocketServer(options: WebSocketServerOptions): WebSockets {
  const { maxMessageBytes, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    handleProtocols: (names) => handleProtocols(names),
    // The library learns in later turns that a completed operation has ended; its id can be another's in the next message.
    allowSynchronousEvents: false,
  });
  const keepAlive = createKeepAlive();
  const connect = createConnector(createProtocol(options), keepAlive, logger);
  let isClosing = false;
  const refusalOf = createHandshake(options, () => ({ isClosing, connections: sockets.clients.size }));

  const upgrade: WebSockets["upgrade"] = (request, socket, head) => {
    // A client that goes away is no news.
    socket.on("error", () => socket.destroy());
    const refusal = refusalOf(request);
    if (refusal === null) {
      sockets.handleUpgrade(request, socket, head, (opened) => connect(opened, request));
      return;
    }
    const { status, code, message } = refusal;
    const statusCode = Number.parseInt(status, 10);
    logger.info({ path: GRAPHQL_PATH, statusCode, errorCodes: [code] }, "connection");
    endSocket(socket, status, code, message);
  };

  const close: WebSockets["close"] = async () => {
    isClosing = true;
    const open = [...sockets.clients];
    const ends = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of open) socket.close(GOING_AWAY.code, GOING_AWAY.reason);
    await Promise.race([Promise.all(ends), sleep(CLOSING_MS, undefined, { ref: false })]);
    for (const socket of open) socket.terminate();
    keepAlive.stop();
  };

  return { upgrade, close };
}
