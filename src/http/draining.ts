/** Counts requests in flight, and rejects new ones once shutdown has begun. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE, sendError } from "./error-responses.ts";
import { isMonitoring } from "./health.ts";
import { STREAM_PATH } from "./paths.ts";

export interface Draining {
  readonly isDraining: () => boolean;
  /** Rejects new requests except health checks and metrics. Resolves when no request is in flight. */
  readonly drain: () => Promise<void>;
}

/**
 * A browser's `EventSource` never reconnects after a status other than 200, but does so a few seconds after a stream
 * has ended. So while draining, it gets an empty stream instead of a 503.
 */
const isEventSource = ({ method, headers, routeOptions }: FastifyRequest): boolean =>
  method === "GET" && routeOptions.url === STREAM_PATH && headers.accept === "text/event-stream";

export function trackRequests(app: FastifyInstance): Draining {
  let inFlight = 0;
  let isDraining = false;
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();

  app.addHook("onRequest", (request: FastifyRequest, reply, done) => {
    // Otherwise clients with a keep-alive connection would keep using this instance.
    if (isDraining) reply.header("connection", "close");
    if (isMonitoring(request)) return done();
    if (isDraining) {
      // The response has been sent, so `done` must not be called.
      if (isEventSource(request)) reply.type("text/event-stream; charset=utf-8").send(":\n\n");
      else sendError(reply, 503, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE);
      return;
    }
    inFlight += 1;
    reply.raw.on("close", () => {
      inFlight -= 1;
      if (isDraining && inFlight === 0) onIdle();
    });
    done();
  });

  return {
    isDraining: () => isDraining,
    drain: () => {
      isDraining = true;
      if (inFlight === 0) onIdle();
      return idle;
    },
  };
}
