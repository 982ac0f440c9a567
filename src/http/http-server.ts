/** The HTTP side of the gateway: Fastify with its routes, request ids, log lines, and an orderly end. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ApolloServer } from "@apollo/server";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { GraphQLContext } from "../graphql/context.ts";
import { createTrace, type Trace } from "../upstream/trace.ts";
import { GRAPHQL_PATH, graphqlRoute } from "./graphql-route.ts";
import { healthRoutes } from "./health.ts";
import { logRequests } from "./request-log.ts";

export interface HttpServerOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly logger: FastifyBaseLogger;
  /** The context of one operation; `signal` aborts when its client goes away. */
  readonly createContext: (headers: IncomingHttpHeaders, trace: Trace, signal: AbortSignal) => GraphQLContext;
}

export interface HttpServer {
  /** @returns the URL of the GraphQL endpoint. @throws when the address is taken or not ours. */
  readonly listen: (address: { readonly host: string; readonly port: number }) => Promise<string>;
  /** Refuses new requests from now on; done when those in flight are answered. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function createHttpServer({
  apollo,
  logger,
  createContext,
}: HttpServerOptions): Promise<HttpServer> {
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    // While draining the server still listens, to say that it is draining.
    return503OnClosing: false,
    forceCloseConnections: true,
  });
  const draining = trackRequests(app);
  const traces = new WeakMap<FastifyRequest, Trace>();
  logRequests(app, (request) => traces.get(request));
  await app.register(healthRoutes, { isDraining: draining.isDraining });
  await app.register(graphqlRoute, {
    apollo,
    createContext: (request: FastifyRequest, reply: FastifyReply) => {
      const trace = createTrace();
      traces.set(request, trace);
      return createContext(request.headers, trace, goneSignal(reply));
    },
  });
  return {
    listen: async ({ host, port }) => `${await app.listen({ host, port })}${GRAPHQL_PATH}`,
    drain: draining.drain,
    close: () => app.close(),
  };
}

/** A caller's `X-Request-Id` is kept when it is fit for a header and a log line, else replaced. */
function requestId({ headers }: IncomingMessage): string {
  const given = [headers["x-request-id"]].flat()[0];
  return given !== undefined && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Aborts when the client goes away before its response is complete. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) gone.abort(new Error("The client has gone away."));
  });
  return gone.signal;
}

/** Counts the requests in flight, and refuses new ones once draining has begun. Health checks stay answered. */
function trackRequests(app: FastifyInstance) {
  let inFlight = 0;
  let isDraining = false;
  let onIdle = () => {};
  const idle = new Promise<void>((resolve) => {
    onIdle = resolve;
  });
  const isHealthCheck = ({ url }: FastifyRequest) => url === "/healthz" || url === "/readyz";

  app.addHook("onRequest", async (request, reply) => {
    if (isDraining) reply.header("connection", "close");
    if (isHealthCheck(request)) return;
    if (isDraining) {
      return reply
        .code(503)
        .send({ errors: [{ message: "The gateway is shutting down; try another instance." }] });
    }
    inFlight += 1;
    reply.raw.once("close", () => {
      inFlight -= 1;
      if (isDraining && inFlight === 0) onIdle();
    });
  });

  return {
    isDraining: () => isDraining,
    drain: (): Promise<void> => {
      isDraining = true;
      if (inFlight === 0) onIdle();
      return idle;
    },
  };
}
