/** The HTTP side of the gateway: Fastify with its routes, request ids, log lines, and an orderly end. */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { ApolloServer } from "@apollo/server";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { GraphQLContext } from "../graphql/context.ts";
import type { Shortcut } from "../graphql/shortcut.ts";
import type { Trace } from "../upstream/trace.ts";
import { trackRequests } from "./draining.ts";
import { graphqlRoute } from "./graphql-route.ts";
import { healthRoutes } from "./health.ts";
import { GRAPHQL_PATH, refuseUnreadable, sendNotFound, sendProblem } from "./problems.ts";
import { createRequestLog } from "./request-log.ts";

export interface HttpServerOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly shortcut: Shortcut;
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

/** Largest request body. Operations are texts that people write: this is a hundred times the largest. */
const MAX_BODY_BYTES = 2 ** 20;

/** How long a client may take to send one request. */
const REQUEST_TIMEOUT_MS = 30_000;

export async function createHttpServer({
  apollo,
  shortcut,
  logger,
  createContext,
}: HttpServerOptions): Promise<HttpServer> {
  const requestLog = createRequestLog();
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    // Fastify's own lines hold URLs with their query, which is the caller's data.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While draining the server still listens, to say that it is draining.
    return503OnClosing: false,
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, logger),
    // Requests with a path that cannot be decoded reach no hook and no route.
    frameworkErrors: (error, request, reply) => {
      requestLog.begin(request, reply);
      return sendProblem(error, request, reply);
    },
  });
  // Only /graphql reads bodies, in a form of its own.
  app.removeAllContentTypeParsers();
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(sendNotFound);

  app.addHook("onRequest", (request, reply, done) => {
    requestLog.begin(request, reply);
    done();
  });
  const draining = trackRequests(app);
  await app.register(healthRoutes, { isDraining: draining.isDraining });
  await app.register(graphqlRoute, { apollo, shortcut, createContext, requestLog });
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
