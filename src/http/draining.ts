/** Requests in flight, and the refusal of new ones once the gateway is about to end. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isHealthCheck } from "./health.ts";
import { SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE, sendError } from "./problems.ts";

export interface Draining {
  readonly isDraining: () => boolean;
  /** Begins to refuse requests; done when those in flight are answered. Health checks stay answered. */
  readonly drain: () => Promise<void>;
}

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
      sendError(reply, 503, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE);
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
