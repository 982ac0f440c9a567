/** The HTTP side of the gateway: Fastify with its routes, request ids, log lines, and an orderly end. */
import type { IncomingMessage } from "node:http";
import type { ApolloServer } from "@apollo/server";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { ApolloContext } from "../graphql/apollo-server.ts";
import type { Prepare } from "../graphql/operation/prepare.ts";
import type { RunOperation } from "../graphql/operation/run.ts";
import { trackRequests } from "./draining.ts";
import { refuseUnreadable, sendFailure, sendNotFound } from "./error-responses.ts";
import { eventStreamRoute } from "./event-stream.ts";
import { graphqlRoute } from "./graphql-route.ts";
import { healthRoutes } from "./health.ts";
import { serveWithoutUpgrade } from "./ignored-upgrade.ts";
import { allowOrigins } from "./origin.ts";
import { GRAPHQL_PATH } from "./paths.ts";
import type { CreateContext } from "./request-context.ts";
import { createRequestLog, requestId } from "./request-log.ts";
import { createWebSocketServer } from "./web-socket/server.ts";

export interface HttpServerOptions {
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<ApolloContext>;
  readonly prepare: Prepare;
  readonly run: RunOperation;
  readonly logger: FastifyBaseLogger;
  readonly createContext: CreateContext;
  readonly webSocket: {
    /** Most WebSockets at one time. */
    readonly maxConnections: number;
  };
  /** Origins of pages, besides the gateway's own, that may use it; `*` is all. */
  readonly allowedOrigins: readonly string[];
}

export interface HttpServer {
  /** @returns the URL of the GraphQL endpoint. @throws when the address is taken or not ours. */
  readonly listen: (address: { readonly host: string; readonly port: number }) => Promise<string>;
  /** Refuses new requests from now on and closes the WebSockets; done when requests in flight are answered. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Largest request body. Operations are texts that people write: this is a hundred times the largest. */
const MAX_BODY_BYTES = 2 ** 20;

/** How long a client may take to send one request. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Any other offer to upgrade is ignored. */
const isWebSocketUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === "websocket";

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, webSocket } = options;
  const webSockets = createWebSocketServer({ ...options, ...webSocket, maxMessageBytes: MAX_BODY_BYTES });
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    // Fastify's own lines hold URLs with their query, which is the caller's data.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    http: { shouldUpgradeCallback: isWebSocketUpgrade },
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While draining the server still listens, to say that it is draining.
    return503OnClosing: false,
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, logger),
    // Requests with a path that cannot be decoded reach no hook and no route.
    frameworkErrors: (error, request, reply) => {
      requestLog.begin(request, reply);
      return sendFailure(error, request, reply);
    },
  });
  const requestLog = createRequestLog(app);
  const routeOptions = { ...options, requestLog };
  // Only /graphql reads bodies, in a form of its own.
  app.removeAllContentTypeParsers();
  app.setErrorHandler(sendFailure);
  app.setNotFoundHandler(sendNotFound);

  app.addHook("onRequest", (request, reply, done) => {
    requestLog.begin(request, reply);
    done();
  });
  // Before anything is refused: a page can read a refusal, too.
  await allowOrigins(app, options.allowedOrigins);
  const draining = trackRequests(app);
  await app.register(healthRoutes, { isDraining: draining.isDraining });
  await app.register(graphqlRoute, routeOptions);
  await app.register(eventStreamRoute, routeOptions);
  app.server.on("upgrade", (request, socket, head) => {
    if (isWebSocketUpgrade(request)) webSockets.upgrade(request, socket, head);
    else serveWithoutUpgrade(app.server, request, socket, head);
  });
  return {
    listen: async ({ host, port }) => `${await app.listen({ host, port })}${GRAPHQL_PATH}`,
    drain: async () => {
      await Promise.all([webSockets.close(), draining.drain()]);
    },
    close: () => app.close(),
  };
}
