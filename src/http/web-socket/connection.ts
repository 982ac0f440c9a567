/** One WebSocket: between `ws`, which knows sockets, and graphql-ws, which knows the protocol. */
import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { CloseCode } from "graphql-ws";
import type { RawData, WebSocket } from "ws";
import { createInsertedText } from "../inserted-text.ts";
import { GRAPHQL_PATH } from "../paths.ts";
import { CLIENT_GONE } from "../request-context.ts";
import { requestId } from "../request-log.ts";
import { handshakeHeaders } from "./connection-params.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { type Connection, createConnectionOperations } from "./operation.ts";
import type { Protocol } from "./protocol.ts";
import { createWriter } from "./writer.ts";

/** Serves a WebSocket that was just opened. */
export type Connector = (socket: WebSocket, request: IncomingMessage) => void;

export function createConnector(
  protocol: Protocol,
  keepAlive: KeepAlive,
  logger: FastifyBaseLogger,
): Connector {
  return (socket, request) => {
    const log = logger.child({ requestId: requestId(request) });
    const logInternalError = (error: unknown) => log.error({ err: error }, "internal error");
    const send = createWriter(socket, keepAlive.watch(socket));
    const texts = createInsertedText();
    const connection: Connection = {
      headers: handshakeHeaders(request.headers),
      texts,
      log,
      close: (code, reason) => socket.close(code, closeReason(reason)),
      operations: createConnectionOperations(log),
    };
    const beganAt = performance.now();
    const { onMessage, onClose } = protocol(connection, {
      protocol: socket.protocol,
      send: (frame) => send(texts.insert(frame)),
    });
    socket.on("message", (data: RawData) => {
      onMessage(String(data)).catch((error: unknown) => {
        logInternalError(error);
        connection.close(CloseCode.InternalServerError, "Internal server error");
      });
    });
    // What it sends that is no WebSocket frame, or too long: `ws` closes it with the code for that.
    socket.on("error", () => {});
    socket.once("close", (code, reason) => {
      connection.operations.cancelAll(new Error(CLIENT_GONE));
      onClose(code, String(reason)).catch(logInternalError);
      const durationMs = Math.round((performance.now() - beganAt) * 10) / 10;
      log.info({ path: GRAPHQL_PATH, closeCode: code, durationMs }, "connection");
    });
  };
}

/** Maximum size of a reason, of RFC 6455. */
const MAX_REASON_BYTES = 123;

/** A reason can have an id of the client's in it. A character is 3 bytes at the most. */
const closeReason = (reason: string): string =>
  Buffer.byteLength(reason) <= MAX_REASON_BYTES ? reason : `${reason.slice(0, MAX_REASON_BYTES / 3 - 1)}…`;
