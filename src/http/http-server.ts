/** The HTTP server: Fastify with its routes, error handling, request log and graceful shutdown. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { ApolloServer } from "@apollo/server";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from "fastify";
import type { GraphQLSchema } from "graphql";
import type { ApolloContext } from "../graphql/apollo-server.ts";
import type { Documents } from "../graphql/operation/documents.ts";
import type { Prepare } from "../graphql/operation/prepare.ts";
import type { RunOperation } from "../graphql/operation/run.ts";
import type { ObserveLimit } from "../model/limits.ts";
import type { Tracer } from "../model/operation-trace.ts";
import type { OperationCounts } from "../redis/operation-counts.ts";
import type { CredentialOptions } from "./caller.ts";
import type { CompressionOptions } from "./compression.ts";
import { trackRequests } from "./draining.ts";
import { handleError, handleNotFound, isBodyTooLarge, rejectMalformedRequest } from "./error-responses.ts";
import { eventStreamRoute } from "./event-stream.ts";
import type { ObserveOperation } from "./finished-operation.ts";
import { graphqlRoute } from "./graphql-route.ts";
import { healthRoutes } from "./health.ts";
import { createLoadShedding, type Load, type LoadSheddingOptions } from "./load-shedding.ts";
import { type MetricsPage, metricsRoute } from "./metrics-route.ts";
import type { OperationRouteOptions } from "./operation-route.ts";
import { allowOrigins } from "./origin.ts";
import { createPageFiles } from "./page-files.ts";
import { pageRoutes } from "./page-routes.ts";
import { GRAPHQL_PATH } from "./paths.ts";
import { createRateLimiter, type RateLimitOptions } from "./rate-limit.ts";
import { findProblems, type ReadinessSources } from "./readiness.ts";
import type { CreateContext } from "./request-context.ts";
import { createRequestLog, requestId } from "./request-log.ts";
import type { GatewayFacts } from "./start-page.ts";
import { createWebSocketServer } from "./web-socket/server.ts";

export interface HttpServerOptions {
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<ApolloContext>;
  readonly documents: Documents;
  readonly prepare: Prepare;
  readonly run: RunOperation;
  /** What the start page and the explorers say about the gateway. Null: there are no such pages. */
  readonly explorer: GatewayFacts | null;
  /** Whether there is a page for each job. */
  readonly jobPage: boolean;
  /** Maximum size of a request body or of a WebSocket message in bytes. */
  readonly maxBodyBytes: number;
  /** Null: no response is compressed. */
  readonly compression: CompressionOptions | null;
  /** Null: operations are never shed. */
  readonly loadShedding: LoadSheddingOptions | null;
  /** Null: no rate limit. */
  readonly rateLimit: RateLimitOptions | null;
  /** Counters of the rate limit. Null: this instance counts alone. */
  readonly operationCounts: OperationCounts | null;
  /** See `CredentialOptions`. */
  readonly app: CredentialOptions["app"];
  readonly logger: FastifyBaseLogger;
  readonly createContext: CreateContext;
  /** Queries that take longer have the hash of their document in the log. 0: none has. */
  readonly slowOperationMs: number;
  readonly webSocket: {
    /** Maximum number of open WebSockets. */
    readonly maxConnections: number;
  };
  /** Origins of web pages that may use the gateway, in addition to its own. `*` allows all. */
  readonly allowedOrigins: readonly string[];
  readonly readiness: Omit<ReadinessSources, "webSockets" | "load">;
  /** Observes operations; null to observe none. */
  readonly onOperation: ObserveOperation | null;
  /** Observes requests that exceed a limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
  /** Null if the gateway does not trace. */
  readonly tracer: Tracer | null;
  /** Null if the metrics are not served on this port. */
  readonly metricsPage: MetricsPage | null;
  /** A Fastify plugin with the route of the Model Context Protocol. Null if it is not served. */
  readonly mcpRoute: ((app: FastifyInstance, options: OperationRouteOptions) => Promise<void>) | null;
}

export interface HttpServer {
  /** @returns the URL of the GraphQL endpoint. @throws if it cannot listen on the address. */
  readonly listen: (address: { readonly host: string; readonly port: number }) => Promise<string>;
  /** From now on, `/readyz` responds 503 and responses close their connection. Requests are still served. */
  readonly announceShutdown: () => void;
  /** Rejects new requests and closes WebSockets. Resolves when no request is in flight. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Number of requests in flight, including subscriptions except those on WebSockets. */
  readonly openRequests: () => number;
  /** Number of open WebSockets. */
  readonly webSockets: () => number;
  /** Null without load shedding. */
  readonly load: () => Load | null;
}

/** Maximum time for a client to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How often Node.js looks for requests that exceed the maximum time; by default every 30 seconds. */
const CONNECTIONS_CHECKING_MS = 5_000;

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, webSocket } = options;
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    // Fastify's own log lines contain the query string, which is the caller's data.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    genReqId: requestId,
    bodyLimit: options.maxBodyBytes,
    routerOptions: { ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    http: {
      shouldUpgradeCallback: isWebSocketUpgrade,
      connectionsCheckingInterval: CONNECTIONS_CHECKING_MS,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While draining, the server still responds: `draining.ts` rejects requests.
    return503OnClosing: false,
    forceCloseConnections: true,
    clientErrorHandler: (error, socket) => rejectMalformedRequest(error, socket, logger),
    // Handles requests with an invalid path, which reach no hook and no route.
    frameworkErrors: (error, request, reply) => {
      requestLog.begin(request, reply);
      return handleError(error, request, reply);
    },
  });
  const requestLog = createRequestLog(app, options);
  const loadShedding =
    options.loadShedding && createLoadShedding(options.loadShedding, options.run, options.onLimit);
  const run = loadShedding?.run ?? options.run;
  const load = () => loadShedding?.load() ?? null;
  const rateLimiter =
    options.rateLimit &&
    createRateLimiter(options.rateLimit, options.app, options.operationCounts, options.onLimit);
  const webSockets = createWebSocketServer({
    ...options,
    ...webSocket,
    run,
    maxMessageBytes: options.maxBodyBytes,
    rateLimiter,
  });
  const admission = [loadShedding?.onRequest, rateLimiter?.onRequest].filter((hook) => hook !== undefined);
  const { explorer, jobPage } = options;
  // Only the explorers read the facts.
  const isSimulator = explorer !== null && explorer.demoJobs !== null;
  const isTrustedOnly = explorer?.isTrustedOnly ?? false;
  const files = explorer || jobPage ? createPageFiles({ isSimulator, isTrustedOnly }) : null;
  const routeOptions = { ...options, run, requestLog, admission, pages: explorer ? files : null };
  // Only the GraphQL routes read bodies, with parsers of their own.
  app.removeAllContentTypeParsers();
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (isBodyTooLarge(error)) {
      request.exceededLimit = "MAX_BODY_BYTES";
      options.onLimit?.("MAX_BODY_BYTES");
    }
    return handleError(error, request, reply);
  });
  app.setNotFoundHandler(handleNotFound);

  app.addHook("onRequest", (request, reply, done) => {
    requestLog.begin(request, reply);
    done();
  });
  // Before requests are rejected, so that pages can read error responses, too.
  await allowOrigins(app, options.allowedOrigins);
  const draining = trackRequests(app);
  app.addHook("onRequest", (request, reply, done) => {
    // Preflight requests have been handled. `@fastify/cors` has a route for other OPTIONS requests, which would
    // reject a body with 415 instead of 405.
    if (request.method === "OPTIONS") handleNotFound(request, reply);
    else done();
  });
  await app.register(healthRoutes, {
    isShuttingDown: draining.isShuttingDown,
    findProblems: () => findProblems({ ...options.readiness, webSockets: webSockets.count, load }),
  });
  if (options.metricsPage) await app.register(metricsRoute, options.metricsPage);
  if (files) await app.register(pageRoutes, { files, explorer, jobPage });
  await app.register(graphqlRoute, routeOptions);
  await app.register(eventStreamRoute, routeOptions);
  if (options.mcpRoute) await app.register(options.mcpRoute, routeOptions);
  app.server.on("upgrade", (request, socket, head) => {
    if (isWebSocketUpgrade(request)) webSockets.upgrade(request, socket, head);
    else serveWithoutUpgrade(app.server, request, socket, head);
  });
  return {
    listen: async ({ host, port }) => `${await app.listen({ host, port })}${GRAPHQL_PATH}`,
    announceShutdown: draining.announceShutdown,
    drain: async () => {
      await Promise.all([webSockets.close(), draining.drain()]);
    },
    close: async () => {
      loadShedding?.close();
      await app.close();
    },
    openRequests: draining.openRequests,
    webSockets: webSockets.count,
    load,
  };
}

/** Requests to upgrade to another protocol are served as plain HTTP requests. */
const isWebSocketUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === "websocket";

const UPGRADE_HEADERS: ReadonlySet<string> = new Set(["connection", "upgrade", "http2-settings"]);

/**
 * Serves a request whose upgrade the gateway ignores, such as the HTTP/2 upgrade that some clients send with every
 * request.
 *
 * Node.js before 22.21, and 24.0 to 24.8, has no `shouldUpgradeCallback`. There, the HTTP parser has consumed the
 * head of the request and released the socket. So this puts the head back without the upgrade, and has the server
 * read it again.
 */
function serveWithoutUpgrade(
  server: Server,
  { method, url, rawHeaders }: IncomingMessage,
  socket: Duplex,
  body: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]));
  server.emit("connection", socket);
}
