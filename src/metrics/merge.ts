/**
 * Merges the metrics of several processes into those of one instance: counters and histograms are added, gauges are
 * added or compared, whichever is right for them.
 */

/** A metric as `getMetricsAsJSON` of prom-client returns it, after its way through JSON. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly MetricSample[];
}

interface MetricSample {
  /** Of the buckets, sum and count of a histogram. Otherwise, the name of the family applies. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Null for NaN, which JSON cannot represent. */
  readonly value: number | null;
}

type Merge = (a: number, b: number) => number;

const sum: Merge = (a, b) => a + b;
const first: Merge = (a) => a;

const START_TIME = "process_start_time_seconds";

/** Gauges that are not added. Of each process, one thing is limited or at its worst: the instance has the worst. */
const MERGES: ReadonlyMap<string, Merge> = new Map([
  ["bk_job_graphql_build_info", first],
  ["nodejs_version_info", first],
  ["bk_job_graphql_upstream_circuit_state", Math.max],
  ["bk_job_graphql_redis_up", Math.min],
  ["process_open_fds", Math.max],
  ["process_max_fds", Math.max],
  // Changes whenever a process is replaced, as that of a single process does at a restart.
  [START_TIME, Math.max],
  ["nodejs_eventloop_lag_min_seconds", Math.min],
  ...["", "max_", "mean_", "stddev_", "p50_", "p90_", "p99_"].map((statistic): [string, Merge] => [
    `nodejs_eventloop_lag_${statistic}seconds`,
    Math.max,
  ]),
]);

/** Whether values never decrease, so that those of processes that have ended remain part of the instance's. */
const isCumulative = ({ name, type }: MetricFamily): boolean => type !== "gauge" || name === START_TIME;

export const cumulativeOf = (families: readonly MetricFamily[]): readonly MetricFamily[] =>
  families.filter(isCumulative);

/** Merges the metrics of processes. Samples with the same labels are merged, also those of one process. */
export function mergeMetrics(processes: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const byName = Map.groupBy(processes.flat(), ({ name }) => name);
  return Array.from(byName.values(), mergeFamilies);
}

function mergeFamilies(families: readonly MetricFamily[]): MetricFamily {
  const [family] = families;
  if (!family) throw new Error("Expected a metric, got none.");
  const merge = MERGES.get(family.name) ?? sum;
  const merged = new Map<string, MetricSample>();
  for (const sample of families.flatMap(({ values }) => values)) {
    const key = keyOf(sample);
    const before = merged.get(key)?.value ?? null;
    const value =
      before === null || sample.value === null ? (before ?? sample.value) : merge(before, sample.value);
    merged.set(key, { ...sample, value });
  }
  return { ...family, values: [...merged.values()] };
}

const keyOf = ({ metricName = "", labels }: MetricSample): string =>
  `${metricName} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;

/** Replaces the values of some labels. @param bounds by label */
export const boundLabels = (
  families: readonly MetricFamily[],
  bounds: Readonly<Record<string, (value: string) => string>>,
): readonly MetricFamily[] =>
  families.map((family) => ({
    ...family,
    values: family.values.map((sample) => {
      const labels = Object.entries(sample.labels).map(([label, value]) => [
        label,
        bounds[label]?.(String(value)) ?? value,
      ]);
      return { ...sample, labels: Object.fromEntries(labels) };
    }),
  }));
