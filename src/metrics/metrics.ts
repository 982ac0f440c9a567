/**
 * Metrics for Prometheus. The layers below report what has happened to the observers of this folder, the only one
 * that knows the library; the gateway loads it only if metrics are enabled.
 */
import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import type { ObserveOperation } from "../http/finished-operation.ts";
import type { MetricsPage } from "../http/metrics-route.ts";
import type { ObserveLookup } from "../jobs/snapshots.ts";
import type { ObserveLimit } from "../model/limits.ts";
import { singleFlight } from "../model/single-flight.ts";
import type { ObserveRedis } from "../redis/redis.ts";
import type { ObserveCall } from "../upstream/call-records.ts";
import type { ObserveRetry } from "../upstream/retries.ts";
import { addBuildInfo } from "./build-info.ts";
import { addGauges, type GaugeSources } from "./gauges.ts";
import { createLimitMetrics } from "./limit-metrics.ts";
import type { MetricFamily } from "./merge.ts";
import { createOperationMetrics } from "./operation-metrics.ts";
import { createRedisMetrics } from "./redis-metrics.ts";
import { createLookupMetrics, createRetryMetrics, createUpstreamMetrics } from "./upstream-metrics.ts";

export interface Metrics extends MetricsPage {
  readonly onOperation: ObserveOperation;
  readonly onCall: ObserveCall;
  readonly onRetry: ObserveRetry;
  readonly onLookup: ObserveLookup;
  readonly onLimit: ObserveLimit;
  readonly onRedisCommand: ObserveRedis;
  /** Adds the gauges. Call it once. */
  readonly addGauges: (sources: GaugeSources) => void;
}

/** What processes that serve one page do to show the metrics of all of them. */
export interface MetricsExchange {
  /** Sets how the metrics of this process are read. */
  readonly provide: (read: () => Promise<readonly MetricFamily[]>) => void;
  /** Reads the merged metrics of all processes. Call it again only after its promise is settled. */
  readonly readAll: () => Promise<readonly MetricFamily[]>;
}

/**
 * @param trustedNames names of operations that are always labels: those of trusted documents
 * @param exchange null if this process is the only one
 */
export function createMetrics(
  trustedNames: ReadonlySet<string> = new Set(),
  exchange: MetricsExchange | null = null,
): Metrics {
  const registry = new Registry();
  // Of the process and of Node.js: CPU time, memory, file descriptors, garbage collection, event-loop delay.
  collectDefaultMetrics({ register: registry });
  addBuildInfo(registry);
  exchange?.provide(() => familiesOf(registry));
  return {
    onOperation: createOperationMetrics(registry, trustedNames),
    onCall: createUpstreamMetrics(registry),
    onRetry: createRetryMetrics(registry),
    onLookup: createLookupMetrics(registry),
    onLimit: createLimitMetrics(registry),
    onRedisCommand: createRedisMetrics(registry),
    addGauges: (sources) => addGauges(registry, sources),
    contentType: registry.contentType,
    // Processes exchange their metrics once for all scrapes that wait for them.
    read: exchange
      ? singleFlight(async () => formatMetrics(await exchange.readAll()))
      : () => registry.metrics(),
  };
}

async function familiesOf(registry: Registry): Promise<readonly MetricFamily[]> {
  // The library's type has an enumeration where its values are strings.
  const families = (await registry.getMetricsAsJSON()) as unknown as readonly MetricFamily[];
  // NaN becomes null in JSON, with which processes exchange messages.
  return JSON.parse(JSON.stringify(families));
}

/** The text format of Prometheus. */
function formatMetrics(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry();
  for (const family of families) {
    const values = family.values.map((sample) => ({ ...sample, value: sample.value ?? Number.NaN }));
    const metric = { ...family, get: () => ({ ...family, values }) };
    // The library reads nothing else of a metric.
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry.metrics();
}
