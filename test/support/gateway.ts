/** A gateway on a free port over a simulator on another. */
import { onTestFinished, type TestContext } from "vitest";
import { createGateway, type GatewayConfig } from "../../src/gateway.ts";
import { createSimulator, type Simulator, type SimulatorOptions } from "../../src/simulator/simulator.ts";
import { type AskHeaders, AUTHORIZATION, ask, type GraphQLResponse } from "./ask.ts";
import { DOCUMENT_LIMITS, MAX_BODY_BYTES } from "./limits.ts";

export interface TestGateway {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** Of the metrics, if they have a port of their own. */
  readonly metricsUrl: string | null;
  readonly simulator: Simulator;
  /** Parsed log lines so far. */
  readonly logs: Record<string, unknown>[];
  /** Sends an operation with the demo credential; a header with the value undefined is left out. */
  readonly ask: (
    query: string,
    variables?: Record<string, unknown>,
    headers?: AskHeaders,
  ) => Promise<GraphQLResponse>;
  readonly announceShutdown: () => void;
  readonly close: () => Promise<void>;
}

export interface TestGatewayOptions {
  readonly simulator?: SimulatorOptions;
  readonly upstream?: Partial<GatewayConfig["upstream"]>;
  readonly config?: Partial<Omit<GatewayConfig, "upstream">>;
}

/** Short intervals, so that tests are fast. */
export const LIVE: GatewayConfig["live"] = {
  scheduleMs: [20],
  recheckMs: 60_000,
  maxFailures: 10,
  sharing: "job",
  maxSubscriptions: 10_000,
  maxSubscriptionsPerIdentity: 10_000,
};

/** Options of a gateway with changed options for live state. */
export const withLive = (live: Partial<GatewayConfig["live"]>) => ({
  config: { live: { ...LIVE, ...live } },
});

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const simulator = await createSimulator({ recordRequests: true, ...options.simulator });
  const logs: Record<string, unknown>[] = [];
  const config: GatewayConfig = {
    host: "127.0.0.1",
    port: 0,
    logLevel: "info",
    slowOperationMs: 0,
    // The whole suite passes with either executor: `EXECUTOR=graphql-js npm test`.
    maxResponseBytes: 64 * 2 ** 20,
    maxBodyBytes: MAX_BODY_BYTES,
    loadShedding: null,
    rateLimit: null,
    compression: null,
    documentLimits: DOCUMENT_LIMITS,
    executor: process.env.EXECUTOR === "graphql-js" ? "graphql-js" : "compiled",
    // Most tests count upstream calls, so nothing is cached by default.
    snapshots: { maxAgeRunningMs: 0, maxAgeFinishedMs: 0, maxBytes: 2 ** 28 },
    live: LIVE,
    webSocket: { maxConnections: 1_000 },
    allowedOrigins: [],
    introspection: true,
    federation: false,
    explorer: true,
    jobPage: true,
    jobSiteUrl: null,
    demoJobs: null,
    trustedDocuments: null,
    mcp: false,
    redis: null,
    metrics: null,
    tracing: null,
    ...options.config,
    upstream: {
      baseUrl: new URL(simulator.url),
      // Reached only by calls that hang.
      timeoutMs: 60_000,
      maxBodyBytes: 64 * 2 ** 20,
      connections: 32,
      maxQueue: 10_000,
      proxy: null,
      retries: null,
      circuitBreaker: null,
      app: null,
      defaultAuthorization: null,
      ...options.upstream,
    },
  };
  const gateway = await createGateway(config, { write: (line) => void logs.push(JSON.parse(line)) });
  const askGateway: TestGateway["ask"] = (query, variables = {}, headers = {}) =>
    ask(gateway.url, { query, variables }, { "x-bkapi-authorization": AUTHORIZATION, ...headers });
  const close = async () => {
    await gateway.close();
    await simulator.close();
  };
  const { url, metricsUrl, announceShutdown } = gateway;
  return { url, metricsUrl, simulator, logs, ask: askGateway, announceShutdown, close };
}

/**
 * A gateway for one test, closed at the end of the test.
 *
 * @param test the context of a concurrent test, which cannot use the global hook.
 */
export async function useGateway(
  options: TestGatewayOptions = {},
  test: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<TestGateway> {
  const gateway = await startGateway(options);
  test.onTestFinished(gateway.close);
  return gateway;
}
