/** Connects one WebSocket (`ws`) with the protocol (graphql-ws), its writer, its operations and its log. */
import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { CloseCode } from "graphql-ws";
import type { RawData, WebSocket } from "ws";
import type { ObserveLimit } from "../../model/limits.ts";
import { clientFields } from "../client-fields.ts";
import type { ObserveOperation } from "../finished-operation.ts";
import { GRAPHQL_PATH } from "../paths.ts";
import { createRawJson } from "../raw-json.ts";
import { CLIENT_DISCONNECTED } from "../request-context.ts";
import { operationFields, requestId } from "../request-log.ts";
import { handshakeHeaders } from "./connection-params.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { createConnectionOperations, type WebSocketConnection } from "./operation.ts";
import type { Protocol } from "./protocol.ts";
import { createWriter } from "./writer.ts";

/** Serves an open WebSocket. `request` is its handshake. */
export type ConnectionHandler = (socket: WebSocket, request: IncomingMessage) => void;

interface ConnectionOptions {
  /** Queries that take longer have the hash of their document in the log. 0: none has. */
  readonly slowOperationMs: number;
  /** Observes operations; null to observe none. */
  readonly onOperation: ObserveOperation | null;
  /** Observes messages that exceed their limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
}

export function createConnectionHandler(
  protocol: Protocol,
  keepAlive: KeepAlive,
  logger: FastifyBaseLogger,
  { slowOperationMs, onOperation, onLimit }: ConnectionOptions,
): ConnectionHandler {
  return (socket, request) => {
    const log = logger.child({ requestId: requestId(request) });
    const logInternalError = (error: unknown) => log.error({ err: error }, "internal error");
    const send = createWriter(socket, keepAlive.watch(socket));
    const rawJson = createRawJson();
    const connection: WebSocketConnection = {
      headers: handshakeHeaders(request.headers),
      address: request.socket.remoteAddress ?? "",
      client: clientFields(request.headers),
      rawJson,
      log,
      close: (code, reason) => socket.close(code, closeReason(reason)),
      operations: createConnectionOperations(
        log,
        (operationLog, durationMs) => ({
          ...connection.client,
          ...operationFields(operationLog, durationMs, slowOperationMs),
        }),
        onOperation,
      ),
    };
    const openedAt = performance.now();
    const { onMessage, onClose } = protocol(connection, {
      protocol: socket.protocol,
      send: (frame) => send(rawJson.splice(frame)),
    });
    socket.on("message", (data: RawData) => {
      onMessage(String(data)).catch((error: unknown) => {
        logInternalError(error);
        connection.close(CloseCode.InternalServerError, "Internal server error");
      });
    });
    // Invalid frames and messages that are too long: `ws` closes the connection with the appropriate code.
    socket.on("error", (error: Error & { readonly code?: string }) => {
      if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") onLimit?.("MAX_BODY_BYTES");
    });
    socket.once("close", (code, reason) => {
      connection.operations.cancelAll(new Error(CLIENT_DISCONNECTED));
      onClose(code, String(reason)).catch(logInternalError);
      const durationMs = Math.round((performance.now() - openedAt) * 10) / 10;
      log.info({ path: GRAPHQL_PATH, closeCode: code, durationMs, ...connection.client }, "connection");
    });
  };
}

/** Maximum size of a close reason (RFC 6455). */
const MAX_REASON_BYTES = 123;

/** Shortens a reason, which may contain an id from the client. A UTF-16 code unit takes at most 3 bytes in UTF-8. */
const closeReason = (reason: string): string =>
  Buffer.byteLength(reason) <= MAX_REASON_BYTES ? reason : `${reason.slice(0, MAX_REASON_BYTES / 3 - 1)}…`;
