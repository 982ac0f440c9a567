/** A worker process: what it reports to the primary, and what the primary tells it. */
import type { Gateway, WorkerOptions } from "../gateway.ts";
import type { MetricFamily } from "../metrics/merge.ts";
import type { MessageToPrimary, MessageToWorker, WorkerStart } from "./messages.ts";

export interface Primary extends WorkerOptions {
  readonly start: WorkerStart;
  /**
   * Reports that the gateway serves. From now on, the primary can shut it down.
   * @param end closes the gateway and ends the process
   */
  readonly serve: (gateway: Gateway, end: () => void) => void;
  /** Reports that the gateway cannot start, and ends the process with code 1. */
  readonly fail: (reason: string) => void;
}

/**
 * Signals are handled by the primary. Supervisors and terminals send them to all processes of a group, and a worker that
 * shuts down by itself would reject requests while the primary still waits for load balancers.
 */
const HANDLED_BY_PRIMARY = ["SIGTERM", "SIGINT"] as const;

/** @param start the JSON that the primary has passed */
export function connectToPrimary(start: string): Primary {
  for (const signal of HANDLED_BY_PRIMARY) process.on(signal, () => {});
  // The primary has written it.
  const parsed = JSON.parse(start) as WorkerStart;
  let onAllMetrics: (families: readonly MetricFamily[]) => void = () => {};
  let collect: (() => Promise<readonly MetricFamily[]>) | null = null;
  let served: { readonly gateway: Gateway; readonly end: () => void } | null = null;

  // If the primary has gone, Node.js ends the worker.
  const send = (message: MessageToPrimary, onSent: () => void = () => {}) =>
    void process.send?.(message, undefined, undefined, onSent);

  const onMessage = (message: MessageToWorker) => {
    switch (message.kind) {
      case "announceShutdown":
        return served?.gateway.announceShutdown();
      case "close":
        return served?.end();
      case "collectMetrics":
        return void collect?.().then((families) => send({ kind: "metrics", families }));
      case "allMetrics":
        return onAllMetrics(message.families);
    }
  };
  process.on("message", onMessage);

  return {
    start: parsed,
    number: parsed.number,
    metrics: {
      provide: (provided) => {
        collect = provided;
      },
      readAll: () =>
        new Promise((resolve) => {
          onAllMetrics = resolve;
          send({ kind: "readMetrics" });
        }),
    },
    serve: (gateway, end) => {
      served = { gateway, end };
      send({ kind: "listening", url: gateway.url, metricsUrl: gateway.metricsUrl });
    },
    fail: (reason) => send({ kind: "failed", reason }, () => process.exit(1)),
  };
}
