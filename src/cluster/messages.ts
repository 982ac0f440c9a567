/** What the primary process and its workers tell each other. Only their implementations load `node:cluster`. */
import type { MetricFamily } from "../metrics/merge.ts";

/** The environment variable with the `WorkerStart` of a worker, as JSON. A process without it is no worker. */
export const WORKER_VARIABLE = "BK_JOB_GRAPHQL_WORKER";

export interface WorkerStart {
  /** From 1, in all log lines of the worker. A worker that replaces another one has the same number. */
  readonly number: number;
  /** Base URL of the simulator, which runs in the primary. Null with another upstream. */
  readonly simulatorUrl: string | null;
  /** The ports that workers listened on before, if they were free ports. Null: any free port. */
  readonly freePorts: { readonly gateway: number; readonly metrics: number | null } | null;
}

export interface Listening {
  readonly url: string;
  /** Null without a port for metrics. */
  readonly metricsUrl: string | null;
}

export type MessageToPrimary =
  | ({ readonly kind: "listening" } & Listening)
  /** The worker cannot start, for this reason. It ends then. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Asks for the metrics of all workers. */
  | { readonly kind: "readMetrics" }
  /** The metrics of this worker, as asked for. */
  | { readonly kind: "metrics"; readonly families: readonly MetricFamily[] };

export type MessageToWorker =
  | { readonly kind: "announceShutdown" }
  | { readonly kind: "close" }
  /** Asks for the metrics of this worker. */
  | { readonly kind: "collectMetrics" }
  /** The metrics of all workers, as asked for. */
  | { readonly kind: "allMetrics"; readonly families: readonly MetricFamily[] };

/** A worker has ended before it could serve. The message is for the operator. */
export class WorkerFailed extends Error {
  override readonly name = "WorkerFailed";
}
