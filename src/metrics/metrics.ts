/**
 * Metrics for Prometheus. The layers below report what has happened to the observers of this folder, the only one
 * that knows the library; the gateway loads it only if metrics are enabled.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { ObserveOperation } from "../http/finished-operation.ts";
import type { MetricsPage } from "../http/metrics-route.ts";
import type { ObserveLookup } from "../jobs/snapshots.ts";
import type { ObserveLimit } from "../model/limits.ts";
import type { ObserveRedis } from "../redis/redis.ts";
import type { ObserveCall } from "../upstream/call-records.ts";
import type { ObserveRetry } from "../upstream/retries.ts";
import { addBuildInfo } from "./build-info.ts";
import { addGauges, type GaugeSources } from "./gauges.ts";
import { createLimitMetrics } from "./limit-metrics.ts";
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

/** @param trustedNames names of operations that are always labels: those of trusted documents */
export function createMetrics(trustedNames: ReadonlySet<string> = new Set()): Metrics {
  const registry = new Registry();
  // Of the process and of Node.js: CPU time, memory, file descriptors, garbage collection, event-loop delay.
  collectDefaultMetrics({ register: registry });
  addBuildInfo(registry);
  return {
    onOperation: createOperationMetrics(registry, trustedNames),
    onCall: createUpstreamMetrics(registry),
    onRetry: createRetryMetrics(registry),
    onLookup: createLookupMetrics(registry),
    onLimit: createLimitMetrics(registry),
    onRedisCommand: createRedisMetrics(registry),
    addGauges: (sources) => addGauges(registry, sources),
    contentType: registry.contentType,
    read: () => registry.metrics(),
  };
}
