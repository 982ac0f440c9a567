/** One log line per request, written when the response is out or the client has gone. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Trace } from "../upstream/trace.ts";

/** @param traceOf what a GraphQL request did; undefined for other requests. */
export function logRequests(
  app: FastifyInstance,
  traceOf: (request: FastifyRequest) => Trace | undefined,
): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.raw.once("close", () => {
      const isAborted = !reply.raw.writableFinished;
      request.log.info(
        {
          method: request.method,
          // Without the query string: variables are the caller's data.
          path: request.url.split("?")[0],
          statusCode: reply.raw.statusCode,
          durationMs: Math.round(reply.elapsedTime * 10) / 10,
          ...(isAborted && { aborted: true }),
          ...traceOf(request),
        },
        "request",
      );
    });
  });
}
