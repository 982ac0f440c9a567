/** Requests in flight, and the refusal of new ones once the gateway is about to end. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE, sendError } from "./error-responses.ts";
import { isHealthCheck } from "./health.ts";
import { STREAM_PATH } from "./paths.ts";

export interface Draining {
  readonly isDraining: () => boolean;
  /** Begins to refuse requests; done when those in flight are answered. Health checks stay answered. */
  readonly drain: () => Promise<void>;
}

/**
 * A browser's `EventSource` gives up for good at any status but 200. It connects again, after a few seconds, where a
 * stream ends, so it is given one that has ended.
 */
const isEventSource = ({ method, headers, routeOptions }: FastifyRequest): boolean =>
  method === "GET" && routeOptions.url === STREAM_PATH && headers.accept === "text/event-stream";

export function trackRequests(app: FastifyInstance): Draining {
  let inFlight = 0;
  let isDraining = false;
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();

  app.addHook("onRequest", (request: FastifyRequest, reply, done) => {
    // Clients with a connection kept alive would otherwise stay with this instance.
    if (isDraining) reply.header("connection", "close");
    if (isHealthCheck(request)) return done();
    if (isDraining) {
      // Sent is the end of it: no `done`.
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
