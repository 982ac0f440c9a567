/** The operations of one WebSocket: their number, their cancellation, and their log lines. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { StreamInterrupted } from "../../model/errors.ts";
import { createOperationLog, type OperationLog } from "../../model/operation-log.ts";
import type { OperationTrace } from "../../model/operation-trace.ts";
import type { ClientFields } from "../client-fields.ts";
import type { ObserveOperation } from "../finished-operation.ts";
import type { JsonPlaceholder, RawJson } from "../raw-json.ts";

/** What a connection provides to its operations. */
export interface WebSocketConnection {
  /** The caller's headers. `connection_init` may override those of the handshake. */
  headers: IncomingHttpHeaders;
  /** IP address of the client. */
  readonly address: string;
  /** For log lines. `connection_init` may override it. */
  client: ClientFields;
  readonly rawJson: RawJson;
  /** Its lines contain the request id of the handshake. */
  readonly log: FastifyBaseLogger;
  readonly close: (code: number, reason: string) => void;
  readonly operations: ConnectionOperations;
}

export interface WebSocketOperation {
  readonly operationLog: OperationLog;
  /** Aborts when the client completes the operation or disconnects. */
  readonly signal: AbortSignal;
  readonly countResult: () => void;
  /** Ends the operation and writes its log line. Further calls have no effect. */
  readonly end: () => void;
}

export interface ConnectionOperations {
  /** @param trace of the operation; null if it belongs to none. */
  readonly start: (id: string, trace: OperationTrace | null) => WebSocketOperation;
  /** Number of operations that have not ended, including cancelled ones. */
  readonly count: () => number;
  readonly cancel: (id: string) => void;
  readonly cancelAll: (reason: Error) => void;
}

/**
 * @param fieldsOf the fields of the log line of an operation, besides those of this file.
 * @param onOperation observes the operations; null to observe none.
 */
export function createConnectionOperations(
  log: FastifyBaseLogger,
  fieldsOf: (operationLog: OperationLog, durationMs: number) => object,
  onOperation: ObserveOperation | null,
): ConnectionOperations {
  /** Not keyed by id, because a new operation may reuse the id of one that is being cancelled. */
  const running = new Map<
    WebSocketOperation,
    { readonly id: string; readonly abort: (reason: Error) => void }
  >();

  const start: ConnectionOperations["start"] = (id, trace) => {
    const controller = new AbortController();
    const { signal } = controller;
    const operationLog = createOperationLog(trace);
    const traceId = trace?.traceId ?? null;
    const operationLogger = traceId === null ? log : log.child({ traceId });
    const startedAt = performance.now();
    let results = 0;
    const operation: WebSocketOperation = {
      operationLog,
      signal,
      countResult: () => {
        results += 1;
      },
      end: () => {
        if (!running.delete(operation)) return;
        for (const error of operationLog.internalErrors) {
          // The reason of the signal is not an internal error: the client caused it.
          if (!signal.aborted || error !== signal.reason)
            operationLogger.error({ err: error }, "internal error");
        }
        const elapsedMs = performance.now() - startedAt;
        const isAborted = signal.aborted;
        // Has an effect only if the operation was rejected before it ran.
        trace?.endOperation(operationLog.errorCodes, isAborted);
        onOperation?.({ transport: "websocket", operationLog, durationMs: elapsedMs, isAborted });
        const durationMs = Math.round(elapsedMs * 10) / 10;
        operationLogger.info({ durationMs, results, ...fieldsOf(operationLog, durationMs) }, "operation");
      },
    };
    running.set(operation, { id, abort: (reason) => controller.abort(reason) });
    return operation;
  };

  const cancelWhere = (matches: (id: string) => boolean, reason: Error) => {
    for (const { id, abort } of running.values()) if (matches(id)) abort(reason);
  };

  return {
    start,
    count: () => running.size,
    cancel: (id) =>
      cancelWhere((other) => other === id, new Error("The client has completed the operation.")),
    cancelAll: (reason) => cancelWhere(() => true, reason),
  };
}

/** Close code 1001 of RFC 6455, "going away". Clients reconnect. */
export const GOING_AWAY = { code: 1001, reason: "Going away" } as const;

/**
 * Replaces results by placeholders, in the form that graphql-ws expects, and ends the operation after the last one.
 *
 * graphql-ws calls `return` when the client completes the operation or disconnects. A generator that waits for a value
 * handles `return` only once that value has arrived, which may be never. So `return` first ends `results`, which
 * makes the pending wait finish.
 */
export function toPlaceholders(
  results: AsyncGenerator<string, void, undefined>,
  operation: WebSocketOperation,
  { rawJson, close }: WebSocketConnection,
): AsyncGenerator<JsonPlaceholder, void, undefined> {
  async function* generate() {
    try {
      for await (const json of results) {
        operation.countResult();
        yield rawJson.placeholderFor(json);
      }
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) throw error;
      // Sends neither an error nor a completion: closing the connection makes the client reconnect.
      close(GOING_AWAY.code, GOING_AWAY.reason);
    } finally {
      operation.end();
    }
  }
  const placeholders = generate();
  const returnPlaceholders = placeholders.return.bind(placeholders);
  const end: typeof placeholders.return = async (value) => {
    await results.return();
    const last = await returnPlaceholders(value);
    operation.end();
    return last;
  };
  return Object.assign(placeholders, { return: end });
}
