/**
 * The metrics of all workers, in the primary: the sum of what each worker reported last. Counters of workers that have
 * ended remain part of the sum, so that it never runs backwards. What a worker counted between its last report and an
 * abrupt end is lost, as with a process that is scraped itself.
 */
import { createBoundedValues, MAX_ERROR_CODES, MAX_OPERATION_NAMES } from "../metrics/bounded-values.ts";
import { boundLabels, cumulativeOf, type MetricFamily, mergeMetrics } from "../metrics/merge.ts";

export interface CollectedMetrics {
  /** A worker has reported its metrics. */
  readonly update: (worker: number, families: readonly MetricFamily[]) => void;
  /** A worker has ended. */
  readonly end: (worker: number) => void;
  /** The metrics of the instance. @param current the workers whose gauges count, because they have just reported them */
  readonly total: (current: ReadonlySet<number>) => readonly MetricFamily[];
}

/** @param trustedNames names of operations that are always labels: those of trusted documents */
export function createCollectedMetrics(trustedNames: ReadonlySet<string>): CollectedMetrics {
  const latest = new Map<number, readonly MetricFamily[]>();
  let ended: readonly MetricFamily[] = [];
  // Each worker bounds its own, but others replace it: together they must not have more than one process.
  const bounds = {
    operation: createBoundedValues(MAX_OPERATION_NAMES, new Set(["", ...trustedNames])),
    code: createBoundedValues(MAX_ERROR_CODES),
  };

  return {
    update: (worker, families) => void latest.set(worker, boundLabels(families, bounds)),
    end: (worker) => {
      ended = mergeMetrics([ended, cumulativeOf(latest.get(worker) ?? [])]);
      latest.delete(worker);
    },
    total: (current) => {
      const living = Array.from(latest, ([worker, families]) =>
        current.has(worker) ? families : cumulativeOf(families),
      );
      // Those of a living worker first: their order is that of the page of a single process.
      return mergeMetrics([...living, ended]);
    },
  };
}
