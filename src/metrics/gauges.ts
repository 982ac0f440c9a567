/** Gauges, whose values are read on every scrape: memory, open subscriptions and connections, calls, and limits. */
import { Gauge, type Registry } from "prom-client";
import type { PipelineMemory } from "../graphql/pipeline.ts";
import type { Load } from "../http/load-shedding.ts";
import type { Limits } from "../http/readiness.ts";
import type { LiveCounts } from "../live/live-jobs.ts";
import type { CircuitState, CircuitStatus } from "../upstream/circuit-breaker.ts";
import type { CallCounts } from "../upstream/concurrency-limit.ts";
import { PREFIX } from "./prefix.ts";

/** Where the gauges read their values. */
export interface GaugeSources {
  readonly upstreamCalls: () => CallCounts;
  /** Null without a circuit breaker. */
  readonly circuit: () => CircuitStatus | null;
  readonly live: () => LiveCounts;
  readonly pipelineMemory: () => PipelineMemory;
  /** Memory of the snapshot cache in bytes. */
  readonly snapshotBytes: () => number;
  readonly webSockets: () => number;
  /** Null without load shedding. */
  readonly load: () => Load | null;
  /** Null without Redis. */
  readonly isRedisUp: (() => boolean) | null;
  readonly limits: Limits;
}

const CIRCUIT_STATES: Readonly<Record<CircuitState, number>> = { closed: 0, "half-open": 1, open: 2 };

export function addGauges(registry: Registry, sources: GaugeSources): void {
  const { upstreamCalls, circuit, live, pipelineMemory, snapshotBytes, webSockets, load, isRedisUp, limits } =
    sources;
  const add = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  const addLabeled = <T extends string>(
    name: string,
    help: string,
    label: T,
    read: () => Readonly<Record<string, number>>,
  ) =>
    new Gauge<string>({
      name: PREFIX + name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
      },
    });

  add("upstream_running_calls", "Upstream calls that have a connection.", () => upstreamCalls().running);
  add("upstream_queued_calls", "Upstream calls that wait for a connection.", () => upstreamCalls().waiting);
  add(
    "upstream_circuit_state",
    "State of the circuit breaker: 0 closed, 1 half-open, 2 open.",
    () => CIRCUIT_STATES[circuit()?.state ?? "closed"],
  );
  add("operations_in_flight", "Operations that run.", () => load()?.operations ?? 0);
  add("subscriptions", "Open subscriptions.", () => live().subscriptions);
  add("pollers", "Jobs that are polled for subscriptions.", () => live().pollers);
  add("websocket_connections", "Open WebSocket connections.", webSockets);
  add("redis_up", "Whether Redis answers: 1 or 0. Always 0 without REDIS_URL.", () =>
    isRedisUp?.() ? 1 : 0,
  );
  add(
    "subscription_memory_bytes",
    "Memory of the documents and variables of open subscriptions, estimated.",
    () => pipelineMemory().subscriptions,
  );
  addLabeled("cache_bytes", "Memory of the caches, estimated.", "cache", () => {
    const { preparedOperations, sharedResults } = pipelineMemory();
    return {
      snapshots: snapshotBytes(),
      prepared_operations: preparedOperations,
      shared_results: sharedResults,
    };
  });
  addLabeled("limit", "Configured limits, by the name of the setting.", "setting", () => ({ ...limits }));
}
