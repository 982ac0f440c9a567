/** One worker process, as the primary sees it. */
import cluster from "node:cluster";
import type { MetricFamily } from "../metrics/merge.ts";
import { singleFlight } from "../model/single-flight.ts";
import { passOnConnections } from "./lost-connections.ts";
import {
  type Listening,
  type MessageToPrimary,
  type MessageToWorker,
  WORKER_VARIABLE,
  type WorkerStart,
} from "./messages.ts";

export interface RunningWorker {
  /** Never used again for another process. */
  readonly id: number;
  /** Whether it serves requests. */
  readonly isListening: () => boolean;
  /** Sends a message, unless the worker has ended. */
  readonly tell: (message: MessageToWorker) => void;
  /** Its metrics, or null if it ends before it has reported them. */
  readonly collectMetrics: () => Promise<readonly MetricFamily[] | null>;
  readonly kill: () => void;
  readonly ended: Promise<WorkerEnd>;
}

export interface WorkerEnd {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not start, as it reported. */
  readonly reason: string | null;
}

interface WorkerObserver {
  readonly onListening: (listening: Listening) => void;
  /** It asks for the metrics of all workers. */
  readonly onReadMetrics: () => void;
  /** Whether another worker serves requests. */
  readonly hasOthers: () => boolean;
}

/** @throws if the system refuses another process. It can also refuse it later, which ends the worker. */
export function forkWorker(start: WorkerStart, observer: WorkerObserver): RunningWorker {
  const worker = cluster.fork({ [WORKER_VARIABLE]: JSON.stringify(start) });
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<WorkerEnd>();
  let onMetrics: (families: readonly MetricFamily[] | null) => void = () => {};
  let isListening = false;
  let reason: string | null = null;

  const onMessage = (message: MessageToPrimary) => {
    switch (message.kind) {
      case "listening":
        isListening = true;
        return observer.onListening(message);
      case "failed":
        reason = message.reason;
        return;
      case "readMetrics":
        return observer.onReadMetrics();
      case "metrics":
        return onMetrics(message.families);
    }
  };

  worker.on("message", onMessage);
  const { pid } = worker.process;
  worker.on("error", (error) => {
    // Without a process, there is no exit. Otherwise, this is about a message to a worker that has just ended: its exit follows.
    if (pid === undefined) onEnded({ code: null, signal: null, reason: `No process: ${error.message}` });
  });
  worker.once("disconnect", () => {
    isListening = false;
  });
  // After the listener above, so that this worker is not one of the others.
  if (pid !== undefined) passOnConnections(worker, observer.hasOthers);
  worker.once("exit", (code: number | null, signal: string | null) => {
    isListening = false;
    onMetrics(null);
    onEnded({ code, signal, reason });
  });

  const tell: RunningWorker["tell"] = (message) => {
    if (worker.isConnected()) worker.send(message);
  };
  // Not asked again before it has answered, so that no messages queue up for a worker that hangs.
  const collectMetrics: RunningWorker["collectMetrics"] = singleFlight(
    () =>
      new Promise((resolve) => {
        onMetrics = resolve;
        tell({ kind: "collectMetrics" });
      }),
  );

  return {
    id: worker.id,
    isListening: () => isListening,
    tell,
    collectMetrics,
    kill: () => void worker.process.kill("SIGKILL"),
    ended,
  };
}
