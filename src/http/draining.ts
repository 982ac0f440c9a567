/** Tracks requests in flight, closes their connections once shutdown has begun, and rejects new ones while draining. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE, sendError } from "./error-responses.ts";
import { isMonitoring } from "./health.ts";
import { STREAM_PATH } from "./paths.ts";

export interface Draining {
  /** Whether shutdown has begun. Requests are still served until `drain`. */
  readonly isShuttingDown: () => boolean;
  /** From now on, `isShuttingDown`, and responses close their connection, including those to requests in flight. */
  readonly announceShutdown: () => void;
  /** Announces the shutdown, and rejects new requests except health checks and metrics. Resolves when no request is in flight. */
  readonly drain: () => Promise<void>;
  /** Number of requests in flight, without health checks and metrics. */
  readonly openRequests: () => number;
}

/**
 * A browser's `EventSource` never reconnects after a status other than 200, but does so a few seconds after a stream
 * has ended. So while draining, it gets an empty stream instead of a 503.
 */
const isEventSource = ({ method, headers, routeOptions }: FastifyRequest): boolean =>
  method === "GET" && routeOptions.url === STREAM_PATH && headers.accept === "text/event-stream";

export function trackRequests(app: FastifyInstance): Draining {
  const inFlight = new Set<ServerResponse>();
  let isShuttingDown = false;
  let isDraining = false;
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();

  app.addHook("onRequest", (request: FastifyRequest, reply, done) => {
    // Otherwise clients with a keep-alive connection would keep using this instance. Load balancers that forward
    // connections, such as a Service of Kubernetes, do not move an open connection to another instance.
    if (isShuttingDown) reply.header("connection", "close");
    if (isMonitoring(request)) return done();
    if (isDraining) {
      // The response has been sent, so `done` must not be called.
      if (isEventSource(request)) reply.type("text/event-stream; charset=utf-8").send(":\n\n");
      else sendError(reply, 503, SHUTTING_DOWN, SHUTTING_DOWN_MESSAGE);
      return;
    }
    const response = reply.raw;
    inFlight.add(response);
    response.on("close", () => {
      inFlight.delete(response);
      if (isDraining && inFlight.size === 0) onIdle();
    });
    done();
  });

  const announceShutdown = () => {
    isShuttingDown = true;
    for (const response of inFlight) if (!response.headersSent) response.setHeader("connection", "close");
  };

  return {
    isShuttingDown: () => isShuttingDown,
    announceShutdown,
    drain: () => {
      announceShutdown();
      isDraining = true;
      if (inFlight.size === 0) onIdle();
      return idle;
    },
    openRequests: () => inFlight.size,
  };
}
