/**
 * One log line per request, written when the response is out or the client has gone. Faults of our own have lines of
 * their own, with the same request id.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createTrace, type Trace } from "../upstream/trace.ts";

export interface RequestLog {
  /** Gives the request its id and headers, and sees to its line. */
  readonly begin: (request: FastifyRequest, reply: FastifyReply) => void;
  /** What the request's operation did: empty at first, to be filled, and part of the line from then on. */
  readonly traceOf: (request: FastifyRequest) => Trace;
  /** Writes the faults that the trace holds, but for what a client caused by going away: the signal's reason. */
  readonly writeFaults: (request: FastifyRequest, gone: AbortSignal) => void;
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
export const operationPart = ({ operationName, upstreamCalls, upstreamRequestIds, errorCodes }: Trace) => ({
  operationName: readableName(operationName),
  upstreamCalls,
  upstreamRequestIds,
  errorCodes,
});

declare module "fastify" {
  interface FastifyRequest {
    /** What its operation did; null before there is one. */
    trace: Trace | null;
  }
}

/** Levels with which the lines of requests are not logged. */
const ABOVE_INFO: ReadonlySet<string> = new Set(["warn", "error", "fatal", "silent"]);

export function createRequestLog(app: FastifyInstance): RequestLog {
  app.decorateRequest("trace", null);

  // Nothing is put together for lines that are not written.
  const isLogged = !ABOVE_INFO.has(app.log.level);

  const traceOf: RequestLog["traceOf"] = (request) => {
    request.trace ??= createTrace();
    return request.trace;
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
      const { trace } = request;
      request.log.info(
        {
          method: request.method,
          // The route, not the URL: what is in a URL is the caller's data. Null for what no route takes.
          path: request.routeOptions.url ?? null,
          statusCode: isAborted ? null : reply.raw.statusCode,
          durationMs: Math.round(reply.elapsedTime * 10) / 10,
          ...(isAborted && { aborted: true }),
          ...(trace && operationPart(trace)),
        },
        "request",
      );
    });
  };

  const writeFaults: RequestLog["writeFaults"] = (request, gone) => {
    for (const fault of traceOf(request).faults) {
      if (!gone.aborted || fault !== gone.reason) request.log.error({ err: fault }, "fault");
    }
  };

  return { begin, traceOf, writeFaults };
}
