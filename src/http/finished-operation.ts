/** Operations that have ended, for an observer such as metrics: over HTTP when the response is closed. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { createOperationLog, type OperationLog } from "../model/operation-log.ts";
import { acceptsMultipart } from "./multipart.ts";
import { GRAPHQL_PATH, MCP_PATH, STREAM_PATH } from "./paths.ts";

type OperationTransport = "http" | "mcp" | "multipart" | "sse" | "websocket";

/** An operation that has ended, or a request that was rejected before it reached an operation. */
interface FinishedOperation {
  readonly transport: OperationTransport;
  readonly operationLog: OperationLog;
  /** Until the response was sent, or the stream ended. */
  readonly durationMs: number;
  /** The client disconnected or completed the operation before its end. Normal for subscriptions. */
  readonly isAborted: boolean;
}

export type ObserveOperation = (operation: FinishedOperation) => void;

/** Reports a closed request if it is for an operation. The explorer's page and other routes are not. */
export function observeRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  onOperation: ObserveOperation,
): void {
  const { operationLog } = request;
  const transport = transportOf(request);
  if (transport === null || operationLog === null) return;
  if (operationLog.operationType === null && operationLog.errorCodes.length === 0) return;
  const isAborted = !reply.raw.writableFinished;
  onOperation({ transport, operationLog, durationMs: reply.elapsedTime, isAborted });
}

function transportOf({ routeOptions, headers, operationLog }: FastifyRequest): OperationTransport | null {
  if (routeOptions.url === STREAM_PATH) return "sse";
  if (routeOptions.url === MCP_PATH) return "mcp";
  if (routeOptions.url !== GRAPHQL_PATH) return null;
  const isSubscription = operationLog?.operationType === "subscription";
  return isSubscription && acceptsMultipart(headers.accept) ? "multipart" : "http";
}

/** Reports a request that was rejected with an error code before it reached an operation. */
export function observeRejection(
  transport: OperationTransport,
  code: string,
  onOperation: ObserveOperation,
): void {
  const operationLog = createOperationLog();
  operationLog.errorCodes.push(code);
  onOperation({ transport, operationLog, durationMs: 0, isAborted: false });
}
