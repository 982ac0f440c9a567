/** Wires all components together. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { createApolloServer } from "./graphql/apollo-server.ts";
import { operationNamesOf, type TrustedDocuments } from "./graphql/operation/documents.ts";
import type { DocumentLimits } from "./graphql/operation/operation-limits.ts";
import { createPipeline } from "./graphql/pipeline.ts";
import { createSchema } from "./graphql/schema.ts";
import { bypassesCache, type CredentialOptions, readCaller } from "./http/caller.ts";
import { createHttpServer, type HttpServer, type HttpServerOptions } from "./http/http-server.ts";
import { createStdout, type Stdout } from "./http/log-output.ts";
import { createMetricsServer, type MetricsServer } from "./http/metrics-route.ts";
import { limitsOf } from "./http/readiness.ts";
import { readDeadlineMs } from "./http/request-deadline.ts";
import { factsOf, type PagesConfig } from "./http/start-page.ts";
import { createJobLoader } from "./jobs/job-loader.ts";
import { createSharedSnapshots } from "./jobs/shared-snapshots.ts";
import { createSnapshots, type SnapshotOptions } from "./jobs/snapshots.ts";
import { createLiveJobs, type LiveJobs, type LiveOptions } from "./live/live-jobs.ts";
import type { MetricsExchange } from "./metrics/metrics.ts";
import type { SharedState, SharingOptions } from "./redis/shared-state.ts";
import type { Tracing, TracingOptions } from "./tracing/tracing.ts";
import { createCallerCache } from "./upstream/caller.ts";
import type { CircuitChange } from "./upstream/circuit-breaker.ts";
import { createUpstreamClient, type UpstreamClient, type UpstreamOptions } from "./upstream/client.ts";

export interface GatewayConfig extends PagesConfig {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on. 0 picks a free port. */
  readonly port: number;
  readonly logLevel: pino.LevelWithSilent;
  readonly slowOperationMs: HttpServerOptions["slowOperationMs"];
  /** Executor of operations. Both give the same responses. */
  readonly executor: "compiled" | "graphql-js";
  /** Maximum size of a response in bytes. */
  readonly maxResponseBytes: number;
  /** Maximum size of a request body or of a WebSocket message in bytes. */
  readonly maxBodyBytes: number;
  readonly documentLimits: DocumentLimits;
  /** Null: no response is compressed. */
  readonly compression: HttpServerOptions["compression"];
  /** Null: operations are never shed. */
  readonly loadShedding: HttpServerOptions["loadShedding"];
  /** Null: no rate limit. */
  readonly rateLimit: HttpServerOptions["rateLimit"];
  /** Whether operations may select introspection fields. */
  readonly introspection: boolean;
  /** Whether the gateway is a subgraph of Apollo Federation. */
  readonly federation: boolean;
  /** Null: operations contain their documents. */
  readonly trustedDocuments: TrustedDocuments | null;
  /** Whether agents can use the Model Context Protocol. */
  readonly mcp: boolean;
  /** Where the pages of BlueKing Job are. Null: not known. */
  readonly jobSiteUrl: URL | null;
  readonly snapshots: SnapshotOptions;
  readonly live: LiveOptions;
  readonly webSocket: HttpServerOptions["webSocket"];
  readonly allowedOrigins: HttpServerOptions["allowedOrigins"];
  readonly upstream: UpstreamOptions & CredentialOptions;
  /** Null: instances share nothing. */
  readonly redis: SharingOptions | null;
  /** Null: no metrics. */
  readonly metrics: {
    /** Port of a server of their own. Null: on the port of the gateway. */
    readonly port: number | null;
    /** Address of that server. Null: that of the gateway. Default: null. */
    readonly host?: string | null;
  } | null;
  /** Null: no tracing. */
  readonly tracing: TracingOptions | null;
}

export interface Gateway {
  /** URL of the GraphQL endpoint. */
  readonly url: string;
  /** URL of the metrics, if they have a port of their own. */
  readonly metricsUrl: string | null;
  /**
   * From now on, `/readyz` responds 503, and responses close their connection. Requests are still served, so that load
   * balancers can stop sending them before `close` rejects them.
   */
  readonly announceShutdown: () => void;
  /** Graceful shutdown: rejects new requests, completes requests in flight, closes connections. Takes less than `MAX_CLOSE_MS`. */
  readonly close: () => Promise<void>;
  readonly log: Pick<pino.Logger, "info">;
}

/** One of several processes that serve the same ports. */
export interface WorkerOptions {
  /** Its number in log lines. */
  readonly number: number;
  readonly metrics: MetricsExchange;
}

/** The maximum duration of `close` in milliseconds: `CLOSED_AFTER_MS`, `MIN_FLUSH_MS` and `LOG_FLUSH_MS`, and 100 ms to spare. */
export const MAX_CLOSE_MS = 5_000;

/** How long requests in flight may take during shutdown. After that, their upstream calls are aborted. */
const DRAIN_MS = 4_000;
/** How long the error responses of aborted calls may then take. */
const ABORTED_MS = 300;
/** After this time since its start, shutdown does not wait for connections that do not close. */
const CLOSED_AFTER_MS = 4_400;

/**
 * Starts a gateway.
 * @param logStream receives the log lines. Default: stdout.
 * @param worker null if it is the only process
 * @throws if it cannot listen on the address.
 */
export async function createGateway(
  config: GatewayConfig,
  logStream: pino.DestinationStream | null = null,
  worker: WorkerOptions | null = null,
): Promise<Gateway> {
  const stdout = logStream ? null : createStdout(worker !== null);
  const base = worker && { pid: process.pid, hostname: hostname(), worker: worker.number };
  const logger = pino({ level: config.logLevel, ...(base && { base }) }, logStream ?? stdout ?? undefined);
  // These, and `mcp` below, are loaded only if enabled, because their libraries take some megabytes and milliseconds.
  const metrics =
    config.metrics &&
    (await import("./metrics/metrics.ts")).createMetrics(
      operationNamesOf(config.trustedDocuments),
      worker?.metrics ?? null,
    );
  const tracing =
    config.tracing &&
    (await import("./tracing/tracing.ts")).createTracing(config.tracing, config.upstream.baseUrl, logger);
  const upstream = createUpstreamClient(config.upstream, {
    onCall: metrics?.onCall ?? null,
    onRetry: metrics?.onRetry ?? null,
    onCircuitChange: (change) => logCircuitChange(logger, change),
  });
  const shared =
    config.redis &&
    (await import("./redis/shared-state.ts")).createSharedState(
      { ...config.redis, upstream: config.upstream, maxAges: config.snapshots },
      logger,
      metrics?.onRedisCommand ?? null,
    );
  const createCaller = createCallerCache();
  const snapshots = createSnapshots(
    upstream,
    config.snapshots,
    metrics?.onLookup,
    shared?.snapshots ? createSharedSnapshots(shared.snapshots, upstream, config.snapshots) : null,
  );
  const liveJobs = createLiveJobs(
    snapshots,
    config.live,
    config.upstream.connections,
    tracing?.startPoll ?? null,
    shared?.polls
      ? { polls: shared.polls, decodeJob: upstream.decodeJob, onLookup: metrics?.onLookup ?? null }
      : null,
  );
  const mcp = config.mcp ? await import("./mcp/route.ts") : null;
  const schema = createSchema(config);
  const { documents, prepare, run, memory } = createPipeline({
    ...config,
    trustedDocuments: mcp ? mcp.withToolDocuments(config.trustedDocuments) : config.trustedDocuments,
    schema,
    onLimit: metrics?.onLimit ?? null,
  });
  const apollo = createApolloServer({
    ...config,
    schema,
    logger,
    sharedDocuments: shared?.documents ?? null,
  });
  await apollo.start();
  const state = {
    upstreamFailures: upstream.failures,
    upstreamCalls: upstream.counts,
    circuit: upstream.circuit,
    live: liveJobs.counts,
    limits: limitsOf(config),
    isRedisUp: shared?.isUp ?? null,
  };
  const acceptsStale = (config.snapshots.staleIfErrorMs ?? 0) > 0;
  const metricsPort = config.metrics?.port ?? null;
  const metricsHost = config.metrics?.host ?? config.host;
  const http = await createHttpServer({
    schema,
    apollo,
    documents,
    prepare,
    run,
    logger,
    slowOperationMs: config.slowOperationMs,
    explorer: factsOf(config),
    jobPage: config.jobPage,
    maxBodyBytes: config.maxBodyBytes,
    compression: config.compression,
    loadShedding: config.loadShedding,
    rateLimit: config.rateLimit,
    operationCounts: (config.rateLimit && shared?.createOperationCounts(config.rateLimit.windowMs)) ?? null,
    app: config.upstream.app,
    webSocket: config.webSocket,
    allowedOrigins: config.allowedOrigins,
    readiness: state,
    onOperation: metrics?.onOperation ?? null,
    onLimit: metrics?.onLimit ?? null,
    tracer: tracing,
    metricsPage: metricsPort === null ? metrics : null,
    mcpRoute: mcp?.mcpRoute ?? null,
    createContext: (request) => {
      const { headers, operationLog, signal, acceptsSubscriptions } = request;
      const { deadlineMs = readDeadlineMs(headers) } = request;
      const caller = readCaller(headers, config.upstream, createCaller);
      const accept = bypassesCache(headers) ? "fresh" : "cached";
      return {
        jobs: createJobLoader({ snapshots, caller, operationLog, signal, accept, deadlineMs, acceptsStale }),
        watch: acceptsSubscriptions
          ? (ref, requiredData) => liveJobs.watch({ ref, requiredData, caller, operationLog, signal })
          : null,
        operationLog,
        signal,
      };
    },
  });

  const metricsServer = metrics && metricsPort !== null ? await createMetricsServer(metrics, logger) : null;
  metrics?.addGauges({
    ...state,
    pipelineMemory: memory,
    snapshotBytes: snapshots.cachedBytes,
    webSockets: http.webSockets,
    load: http.load,
  });

  const parts = { http, metricsServer, liveJobs, upstream, apollo, shared, tracing, stdout };
  try {
    const metricsUrl = (await metricsServer?.listen({ host: metricsHost, port: metricsPort ?? 0 })) ?? null;
    const url = await http.listen(config);
    const close = createClose(parts, logger);
    return { url, metricsUrl, announceShutdown: http.announceShutdown, close, log: logger };
  } catch (error) {
    await createClose(parts, null)();
    throw error;
  }
}

/** Logs that calls are suspended, tested or made again, with the calls that caused it. */
function logCircuitChange(logger: pino.Logger, { state, calls, failures }: CircuitChange): void {
  logger[state === "open" ? "warn" : "info"]({ state, calls, failures }, "circuit breaker");
}

interface ClosedParts {
  readonly http: HttpServer;
  readonly metricsServer: MetricsServer | null;
  readonly liveJobs: LiveJobs;
  readonly upstream: UpstreamClient;
  readonly apollo: { readonly stop: () => Promise<void> };
  readonly shared: SharedState | null;
  readonly tracing: Tracing | null;
  readonly stdout: Stdout | null;
}

/**
 * Metrics on a port of their own are served until the HTTP server has been closed.
 * @param logger null if the gateway has not started
 */
function createClose(parts: ClosedParts, logger: pino.Logger | null): Gateway["close"] {
  const { http, metricsServer, liveJobs, upstream, apollo, shared, tracing, stdout } = parts;
  return async () => {
    const startedAt = performance.now();
    const { subscriptions } = liveJobs.counts();
    logger?.info({ requests: http.openRequests(), webSockets: http.webSockets(), subscriptions }, "draining");
    const drained = http.drain();
    liveJobs.close();
    const isDrained = await Promise.race([drained.then(() => true), sleep(DRAIN_MS, false, { ref: false })]);
    const cutOff = isDrained ? 0 : http.openRequests();
    const closeConnections = async () => {
      await (isDrained ? upstream.close() : upstream.destroy());
      // The aborted calls fail now. Wait until their error responses have been sent.
      if (!isDrained) await Promise.race([drained, sleep(ABORTED_MS, undefined, { ref: false })]);
      await http.close();
      await metricsServer?.close();
      await apollo.stop();
      await shared?.close();
    };
    const remainingMs = Math.max(0, CLOSED_AFTER_MS - (performance.now() - startedAt));
    await Promise.race([closeConnections(), sleep(remainingMs, undefined, { ref: false })]);
    await tracing?.shutdown(flushLimitMs(performance.now() - startedAt));
    const durationMs = Math.round(performance.now() - startedAt);
    logger?.[cutOff > 0 ? "warn" : "info"]({ cutOff, durationMs }, "shut down");
    await stdout?.flush();
  };
}

/** How long the last spans may take, whatever the collector does. The whole shutdown takes less than 5 s. */
const flushLimitMs = (elapsedMs: number): number =>
  Math.max(MIN_FLUSH_MS, Math.min(MAX_FLUSH_MS, DRAIN_MS - elapsedMs));
const MIN_FLUSH_MS = 200;
const MAX_FLUSH_MS = 2_000;
