/**
 * The primary process of `WORKERS`: starts the workers, replaces those that end, merges their metrics and shuts them
 * down. It accepts the connections and passes them to the workers in turn, but serves no requests.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import type { Gateway } from "../gateway.ts";
import { createStdout } from "../http/log-output.ts";
import type { MetricFamily } from "../metrics/merge.ts";
import { singleFlight } from "../model/single-flight.ts";
import { type CollectedMetrics, createCollectedMetrics } from "./collected-metrics.ts";
import { type Listening, WorkerFailed, type WorkerStart } from "./messages.ts";
import { createRestartDelays, type RestartDelays } from "./restart-delays.ts";
import { forkWorker, type RunningWorker, type WorkerEnd } from "./running-worker.ts";

export interface PrimaryOptions {
  readonly workers: number;
  /** See `WorkerStart`. */
  readonly simulatorUrl: string | null;
  readonly logLevel: pino.LevelWithSilent;
  /** Names of operations that are always labels of metrics. */
  readonly trustedNames: ReadonlySet<string>;
}

/** Workers that shut down take less: `MAX_CLOSE_MS` of the gateway. */
export const KILLED_AFTER_MS = 5_000;

/** Of a worker that takes longer to report its metrics, the last known counters are used, and no gauges. */
const COLLECT_LIMIT_MS = 2_000;

/** The place of a worker and of those that replace it. */
interface Slot {
  readonly number: number;
  readonly delays: RestartDelays;
  /** Null while there is none. */
  worker: RunningWorker | null;
}

/** Called when a worker begins to serve, or has ended. */
interface PoolObserver {
  readonly onListening: (slot: Slot, listening: Listening) => void;
  readonly onEnded: (slot: Slot, end: WorkerEnd) => void;
}

interface Pool {
  readonly slots: readonly Slot[];
  readonly fork: (slot: Slot) => void;
}

/**
 * Starts the workers.
 * @returns the gateway that they are together, once all of them serve requests
 * @throws WorkerFailed if one of them cannot start
 */
export async function startWorkers(options: PrimaryOptions): Promise<Gateway> {
  const stdout = createStdout(true);
  const log = pino({ level: options.logLevel }, stdout);
  const starting = Promise.withResolvers<Listening>();
  const restarts = new AbortController();
  let hasStarted = false;

  const pool = createPool(options, {
    onListening: (slot, listening) => {
      if (restarts.signal.aborted) slot.worker?.tell({ kind: "announceShutdown" });
      else if (hasStarted) log.info({ worker: slot.number }, "worker replaced");
      else if (pool.slots.every(isListening)) starting.resolve(listening);
    },
    onEnded: (slot, { code, signal, reason }) => {
      if (!hasStarted) return starting.reject(new WorkerFailed(reason ?? endAtStart(slot, signal ?? code)));
      if (restarts.signal.aborted) return;
      const restartInMs = slot.delays.next();
      const fields = { worker: slot.number, code, signal, ...(reason !== null && { reason }), restartInMs };
      log.error(fields, "worker ended");
      const restart = () => pool.fork(slot);
      sleep(restartInMs, undefined, { signal: restarts.signal }).then(restart, () => {});
    },
  });

  try {
    for (const slot of pool.slots) pool.fork(slot);
    const { url, metricsUrl } = await starting.promise;
    hasStarted = true;
    const announceShutdown = () => {
      restarts.abort();
      for (const { worker } of pool.slots) worker?.tell({ kind: "announceShutdown" });
    };
    const close = async () => {
      await closeWorkers(pool.slots);
      await stdout.flush();
    };
    return { url, metricsUrl, log, announceShutdown, close };
  } catch (error) {
    for (const { worker } of pool.slots) worker?.kill();
    throw error;
  }
}

const isListening = ({ worker }: Slot): boolean => worker?.isListening() ?? false;

const endAtStart = ({ number }: Slot, end: string | number | null): string =>
  `Worker ${number} ended before it could serve requests (${end}).`;

function createPool({ workers, simulatorUrl, trustedNames }: PrimaryOptions, observer: PoolObserver): Pool {
  const slots = Array.from(
    { length: workers },
    (_, index): Slot => ({ number: index + 1, delays: createRestartDelays(), worker: null }),
  );
  const metrics = createCollectedMetrics(trustedNames);
  // However many scrapes there are, the primary, which accepts the connections of all workers, merges once at a time.
  const readMetrics = singleFlight(() => collectMetrics(slots, metrics));
  const hasListening = () => slots.some(isListening);
  let firstListening: Listening | null = null;
  let freePorts: WorkerStart["freePorts"] = null;

  const start = (slot: Slot) => {
    const worker = forkWorker(
      { number: slot.number, simulatorUrl, freePorts },
      {
        hasOthers: hasListening,
        onListening: (listening) => {
          firstListening ??= listening;
          // The last worker ended just before this one asked for its free port. It is replaced by one with the first port.
          if (!isSame(firstListening, listening)) return worker.kill();
          observer.onListening(slot, listening);
        },
        onReadMetrics: async () => worker.tell({ kind: "allMetrics", families: await readMetrics() }),
      },
    );
    slot.worker = worker;
    worker.ended.then((end) => {
      slot.worker = null;
      metrics.end(worker.id);
      // Without a worker, the ports are closed. Clients know those that were free at first.
      if (firstListening && !hasListening()) freePorts = portsOf(firstListening);
      observer.onEnded(slot, end);
    });
  };

  const fork = (slot: Slot) => {
    slot.delays.started();
    try {
      start(slot);
    } catch (error) {
      // For example without memory for another process. Tried again later, as after every end.
      observer.onEnded(slot, { code: null, signal: null, reason: `No process: ${error}` });
    }
  };

  return { slots, fork };
}

const isSame = (a: Listening, b: Listening): boolean => a.url === b.url && a.metricsUrl === b.metricsUrl;

const portsOf = ({ url, metricsUrl }: Listening): WorkerStart["freePorts"] => ({
  gateway: Number(new URL(url).port),
  metrics: metricsUrl === null ? null : Number(new URL(metricsUrl).port),
});

/** The merged metrics of all workers. */
async function collectMetrics(
  slots: readonly Slot[],
  metrics: CollectedMetrics,
): Promise<readonly MetricFamily[]> {
  const current = new Set<number>();
  const collect = async (worker: RunningWorker) => {
    const families = await worker.collectMetrics();
    if (!families) return;
    metrics.update(worker.id, families);
    current.add(worker.id);
  };
  const limit = new AbortController();
  await Promise.race([
    Promise.all(slots.flatMap(({ worker }) => (worker?.isListening() ? [collect(worker)] : []))),
    sleep(COLLECT_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {}),
  ]);
  limit.abort();
  return metrics.total(current);
}

/**
 * Closes the gateways of all workers, and waits until the processes have ended.
 * @throws if one of them does not end by itself with exit code 0
 */
async function closeWorkers(slots: readonly Slot[]): Promise<void> {
  const running = slots.flatMap(({ number, worker }) => (worker ? [{ number, worker }] : []));
  const closing = running.filter(({ worker }) => worker.isListening());
  for (const { worker } of closing) worker.tell({ kind: "close" });
  // Those that still start have no requests.
  for (const { worker } of running) if (!worker.isListening()) worker.kill();
  const killAll = () => {
    for (const { worker } of closing) worker.kill();
  };
  const limit = setTimeout(killAll, KILLED_AFTER_MS);
  const ends = await Promise.all(
    closing.map(async ({ number, worker }) => ({ number, ...(await worker.ended) })),
  );
  clearTimeout(limit);
  const failed = ends.filter(({ code }) => code !== 0);
  if (failed.length === 0) return;
  const named = failed.map(
    ({ number, code, signal }) => `worker ${number} ended with ${signal ?? `code ${code}`}`,
  );
  throw new Error(`Expected all workers to shut down, but ${named.join(", ")}.`);
}
