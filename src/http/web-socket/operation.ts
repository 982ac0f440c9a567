/** Operations of one WebSocket: how many there are, what ends each, and its log line. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { StreamInterrupted } from "../../model/errors.ts";
import { createOperationLog, type OperationLog } from "../../model/operation-log.ts";
import type { InsertedText, ResultMark } from "../inserted-text.ts";
import { operationPart } from "../request-log.ts";

/** What a connection is to its operations. */
export interface Connection {
  /** The caller's. */
  headers: IncomingHttpHeaders;
  readonly texts: InsertedText;
  /** With the request id of the handshake in its lines. */
  readonly log: FastifyBaseLogger;
  readonly close: (code: number, reason: string) => void;
  readonly operations: ConnectionOperations;
}

export interface Operation {
  readonly operationLog: OperationLog;
  /** Aborts when the client completes the operation or goes away. */
  readonly signal: AbortSignal;
  readonly countResult: () => void;
  /** It is over: writes its log line. Only the first call counts. */
  readonly end: () => void;
}

export interface ConnectionOperations {
  readonly begin: (id: string) => Operation;
  /** Those that run, also those that are cancelled and not over yet. */
  readonly count: () => number;
  readonly cancel: (id: string) => void;
  readonly cancelAll: (reason: Error) => void;
}

export function createConnectionOperations(log: FastifyBaseLogger): ConnectionOperations {
  /** Not by id: while one is being cancelled, its id can be another's. */
  const running = new Map<Operation, { readonly id: string; readonly abort: (reason: Error) => void }>();

  const begin: ConnectionOperations["begin"] = (id) => {
    const controller = new AbortController();
    const { signal } = controller;
    const operationLog = createOperationLog();
    const beganAt = performance.now();
    let results = 0;
    const operation: Operation = {
      operationLog,
      signal,
      countResult: () => {
        results += 1;
      },
      end: () => {
        if (!running.delete(operation)) return;
        for (const error of operationLog.internalErrors) {
          // What a client caused by going away is no fault.
          if (!signal.aborted || error !== signal.reason) log.error({ err: error }, "internal error");
        }
        const durationMs = Math.round((performance.now() - beganAt) * 10) / 10;
        log.info({ durationMs, results, ...operationPart(operationLog) }, "operation");
      },
    };
    running.set(operation, { id, abort: (reason) => controller.abort(reason) });
    return operation;
  };

  const cancelWhere = (isMeant: (id: string) => boolean, reason: Error) => {
    for (const { id, abort } of running.values()) if (isMeant(id)) abort(reason);
  };

  return {
    begin,
    count: () => running.size,
    cancel: (id) =>
      cancelWhere((other) => other === id, new Error("The client has completed the operation.")),
    cancelAll: (reason) => cancelWhere(() => true, reason),
  };
}

/** "Going away", of RFC 6455: clients connect again. */
export const GOING_AWAY = { code: 1001, reason: "Going away" } as const;

/**
 * Results in the form that the library takes, which ends the operation with them. The library calls `return` when the
 * client completes the operation or goes away: that ends `results` first, as a generator that waits for something would
 * not return before that has come, which can be never.
 */
export function markResults(
  results: AsyncGenerator<string, void, undefined>,
  operation: Operation,
  { texts, close }: Connection,
): AsyncGenerator<ResultMark, void, undefined> {
  async function* mark() {
    try {
      for await (const text of results) {
        operation.countResult();
        yield texts.markOf(text);
      }
    } catch (error) {
      if (!(error instanceof StreamInterrupted)) throw error;
      // Neither an error nor the end of the operation: closing the connection makes the client reconnect.
      close(GOING_AWAY.code, GOING_AWAY.reason);
    } finally {
      operation.end();
    }
  }
  const marked = mark();
  const finish = marked.return.bind(marked);
  const end: typeof marked.return = async (value) => {
    await results.return();
    const last = await finish(value);
    operation.end();
    return last;
  };
  return Object.assign(marked, { return: end });
}
