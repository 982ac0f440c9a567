/**
 * Request ids and request logging: one log line per request, written when the response is complete or the client has
 * disconnected. Internal errors have separate lines with the same request id.
 */
import { hash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import { withTraceId } from "../graphql/errors.ts";
import { createOperationLog, type OperationLog } from "../model/operation-log.ts";
import type { Tracer } from "../model/operation-trace.ts";
import { clientFields } from "./client-fields.ts";
import { type ObserveOperation, observeRequest } from "./finished-operation.ts";
import { forwardedTrace } from "./forwarded-trace.ts";
import { isMonitoring } from "./health.ts";
import { startRequestTrace } from "./request-trace.ts";

export interface RequestLog {
  /** Sets the headers that every response has, and writes the log line when the response is closed. */
  readonly begin: (request: FastifyRequest, reply: FastifyReply) => void;
  /** The operation log of the request, part of its log line. Created empty on first use. */
  readonly operationLogOf: (request: FastifyRequest) => OperationLog;
  /** Logs the internal errors of the operation, except the one that `signal` caused when the client disconnected. */
  readonly logInternalErrors: (request: FastifyRequest, signal: AbortSignal) => void;
}

/** The id that connects a response to its log lines: the client's `X-Request-Id` if it is valid, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Operation names come from clients. A name that is too long to be useful is not logged. */
const loggedName = (name: string | null): string | null =>
  name !== null && name.length <= 100 ? name : null;

/**
 * The fields of an operation in a log line. Internal errors have separate lines.
 * @param slowOperationMs an operation that took longer has the hash of its document. 0: none has.
 */
export const operationFields = (operationLog: OperationLog, durationMs: number, slowOperationMs: number) => {
  const { operationName, document, upstreamCalls, upstreamRetries, upstreamRequestIds, errorCodes } =
    operationLog;
  const isSlow = document !== null && slowOperationMs > 0 && durationMs > slowOperationMs;
  return {
    operationName: loggedName(operationName),
    upstreamCalls,
    ...(upstreamRetries > 0 && { upstreamRetries }),
    upstreamRequestIds,
    errorCodes,
    ...(operationLog.reason !== null && { reason: operationLog.reason }),
    ...(operationLog.isStale && { stale: true }),
    ...(isSlow && { slow: true, documentHash: hash("sha256", document) }),
  };
};

declare module "fastify" {
  interface FastifyRequest {
    /** Null until the operation starts. */
    operationLog: OperationLog | null;
  }
}

/** Log levels at which request lines are not written. */
const ABOVE_INFO: ReadonlySet<string> = new Set(["warn", "error", "fatal", "silent"]);

interface RequestLogOptions {
  /** See `operationFields`. */
  readonly slowOperationMs: number;
  /** Observes the operations; null to observe none. */
  readonly onOperation: ObserveOperation | null;
  /** Null if the gateway does not trace. */
  readonly tracer: Tracer | null;
}

export function createRequestLog(
  app: FastifyInstance,
  { slowOperationMs, onOperation, tracer }: RequestLogOptions,
): RequestLog {
  app.decorateRequest("operationLog", null);

  // Do not build lines that are not written.
  const isLogged = !ABOVE_INFO.has(app.log.level);

  const operationLogOf: RequestLog["operationLogOf"] = (request) => {
    request.operationLog ??= createOperationLog(forwardedTrace(request.headers));
    return request.operationLog;
  };

  const begin: RequestLog["begin"] = (request, reply) => {
    reply.headers({
      "x-request-id": request.id,
      // Responses depend on the caller's permissions, and change with every read.
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    if (tracer) startRequestTrace(request, reply, tracer);
    if (onOperation) reply.raw.on("close", () => observeRequest(request, reply, onOperation));
    if (!isLogged) return;
    reply.raw.on("close", () => {
      const isAborted = !reply.raw.writableFinished;
      const { operationLog } = request;
      const durationMs = Math.round(reply.elapsedTime * 10) / 10;
      // Monitoring sends several per minute to each instance.
      const isRoutine = isMonitoring(request) && !isAborted && reply.raw.statusCode < 400;
      request.log[isRoutine ? "debug" : "info"](
        {
          method: request.method,
          // The route rather than the URL, which contains the caller's data. Null if no route matches.
          path: request.routeOptions.url ?? null,
          statusCode: isAborted ? null : reply.raw.statusCode,
          durationMs,
          ...(isAborted && { aborted: true }),
          ...clientFields(request.headers),
          ...(operationLog && operationFields(operationLog, durationMs, slowOperationMs)),
        },
        "request",
      );
    });
  };

  const logInternalErrors: RequestLog["logInternalErrors"] = (request, signal) => {
    for (const error of operationLogOf(request).internalErrors) {
      if (!signal.aborted || error !== signal.reason) request.log.error({ err: error }, "internal error");
    }
  };

  return { begin, operationLogOf, logInternalErrors };
}

/**
 * Records the error codes of requests to this route that reach no operation, and adds the trace id to their errors. Operations
 * have recorded their own.
 */
export function recordRejections(
  app: FastifyInstance,
  { operationLogOf }: Pick<RequestLog, "operationLogOf">,
): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    if (reply.statusCode < 400) return done();
    const operationLog = operationLogOf(request);
    operationLog.reason ??= request.exceededLimit ?? null;
    const { errorCodes, trace } = operationLog;
    const traceId = trace?.traceId ?? null;
    if (errorCodes.length > 0 && traceId === null) return done();
    const errors = errorsIn(payload);
    if (errorCodes.length === 0)
      errorCodes.push(...errors.map(({ extensions }) => String(extensions?.code ?? "UNKNOWN")));
    if (traceId === null || errors.length === 0) return done();
    // Errors of operations have it already.
    done(null, JSON.stringify({ errors: errors.map((error) => withTraceId(error, traceId)) }));
  });
}

/** Errors in the body of a response that has no data. */
export function errorsIn(body: unknown): readonly GraphQLFormattedError[] {
  if (typeof body !== "string" || !body.startsWith('{"errors":')) return [];
  // Every such body is a GraphQL result of this gateway.
  return (JSON.parse(body) as { errors: readonly GraphQLFormattedError[] }).errors;
}
