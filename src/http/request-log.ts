/**
 * One log line per request, written when the response is out or the client has gone. Faults of our own have lines of
 * their own, with the same request id.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createOperationLog, type OperationLog } from "../model/operation-log.ts";

export interface RequestLog {
  /** Gives the request its id and headers, and sees to its line. */
  readonly begin: (request: FastifyRequest, reply: FastifyReply) => void;
  /** What the request's operation did: empty at first, to be filled, and part of the line from then on. */
  readonly operationLogOf: (request: FastifyRequest) => OperationLog;
  /** Writes the faults that the operationLog holds, but for what a client caused by going away: the signal's reason. */
  readonly logInternalErrors: (request: FastifyRequest, gone: AbortSignal) => void;
}

/**
 * The id that leads from a response to its log lines. A caller's `X-Request-Id` is kept when it is fit for a header and
 * a log line, else replaced.
 */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Names come from clients. One that no person would read does not get into a line. */
const readableName = (name: string | null): string | null =>
  name !== null && name.length <= 100 ? name : null;

/** What the line of a request says of its operation: all but the faults, which have lines of their own. */
export const operationPart = ({
  operationName,
  upstreamCalls,
  upstreamRequestIds,
  errorCodes,
}: OperationLog) => ({
  operationName: readableName(operationName),
  upstreamCalls,
  upstreamRequestIds,
  errorCodes,
});

declare module "fastify" {
  interface FastifyRequest {
    /** What its operation did; null before there is one. */
    operationLog: OperationLog | null;
  }
}

/** Levels with which the lines of requests are not logged. */
const ABOVE_INFO: ReadonlySet<string> = new Set(["warn", "error", "fatal", "silent"]);

export function createRequestLog(app: FastifyInstance): RequestLog {
  app.decorateRequest("operationLog", null);

  // Nothing is put together for lines that are not written.
  const isLogged = !ABOVE_INFO.has(app.log.level);

  const operationLogOf: RequestLog["operationLogOf"] = (request) => {
    request.operationLog ??= createOperationLog();
    return request.operationLog;
  };

  const begin: RequestLog["begin"] = (request, reply) => {
    reply.headers({
      "x-request-id": request.id,
      // What one caller may see says nothing about the next, and changes with every read.
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    if (!isLogged) return;
    reply.raw.on("close", () => {
      const isAborted = !reply.raw.writableFinished;
      const { operationLog } = request;
      request.log.info(
        {
          method: request.method,
          // The route, not the URL: what is in a URL is the caller's data. Null for what no route takes.
          path: request.routeOptions.url ?? null,
          statusCode: isAborted ? null : reply.raw.statusCode,
          durationMs: Math.round(reply.elapsedTime * 10) / 10,
          ...(isAborted && { aborted: true }),
          ...(operationLog && operationPart(operationLog)),
        },
        "request",
      );
    });
  };

  const logInternalErrors: RequestLog["logInternalErrors"] = (request, gone) => {
    for (const error of operationLogOf(request).internalErrors) {
      if (!gone.aborted || error !== gone.reason) request.log.error({ err: error }, "internal error");
    }
  };

  return { begin, operationLogOf, logInternalErrors };
}
