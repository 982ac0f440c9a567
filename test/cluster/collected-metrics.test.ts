/** The metrics of all workers: counters never run backwards, whatever happens to a worker. */
import { expect, it } from "vitest";
import { type CollectedMetrics, createCollectedMetrics } from "../../src/cluster/collected-metrics.ts";
import type { MetricFamily } from "../../src/metrics/merge.ts";

const CALLS = "calls_total";
const OPEN = "open_connections";
const STARTED = "process_start_time_seconds";

const reportOf = (calls: number, open: number, startedAt = 1_000): MetricFamily[] =>
  [
    { name: CALLS, type: "counter", value: calls },
    { name: OPEN, type: "gauge", value: open },
    { name: STARTED, type: "gauge", value: startedAt },
  ].map(({ name, type, value }) => ({ name, type, help: "Help.", values: [{ labels: {}, value }] }));

const valuesOf = (metrics: CollectedMetrics, current: readonly number[]) =>
  Object.fromEntries(
    metrics.total(new Set(current)).map(({ name, values }) => [name, values.map(({ value }) => value)]),
  );

it("are the sum of what each worker reported last", () => {
  const metrics = createCollectedMetrics(new Set());
  metrics.update(1, reportOf(10, 1));
  metrics.update(2, reportOf(5, 2));
  metrics.update(1, reportOf(11, 0));
  expect(valuesOf(metrics, [1, 2])).toEqual({ [CALLS]: [16], [OPEN]: [2], [STARTED]: [1_000] });
});

it("keep the counters of workers that have ended, but not their gauges", () => {
  const metrics = createCollectedMetrics(new Set());
  metrics.update(1, reportOf(10, 1, 1_000));
  metrics.update(2, reportOf(5, 2, 2_000));
  metrics.end(2);
  expect(valuesOf(metrics, [1])).toEqual({ [CALLS]: [15], [OPEN]: [1], [STARTED]: [2_000] });
  metrics.update(3, reportOf(100, 7, 3_000));
  metrics.end(3);
  metrics.end(1);
  expect(valuesOf(metrics, [])).toEqual({ [CALLS]: [115], [STARTED]: [3_000] });
});

it("have the last counters of a worker that does not answer, but not its gauges", () => {
  const metrics = createCollectedMetrics(new Set());
  metrics.update(1, reportOf(10, 1));
  metrics.update(2, reportOf(5, 2));
  expect(valuesOf(metrics, [1])).toEqual({ [CALLS]: [15], [OPEN]: [1], [STARTED]: [1_000] });
});

it("have a worker that ends before its first report", () => {
  const metrics = createCollectedMetrics(new Set());
  metrics.end(1);
  expect(valuesOf(metrics, [])).toEqual({});
});

it("have at most 100 names of operations, besides those of trusted documents, over all workers", () => {
  const metrics = createCollectedMetrics(new Set(["Trusted"]));
  const report = (names: readonly string[]): MetricFamily[] => [
    {
      name: CALLS,
      type: "counter",
      help: "Help.",
      values: names.map((operation) => ({ labels: { operation }, value: 1 })),
    },
  ];
  for (let worker = 1; worker <= 3; worker++) {
    const names = Array.from({ length: 60 }, (_, index) => `Name${worker}x${index}`);
    metrics.update(worker, report([...names, "", "other", "Trusted"]));
    metrics.end(worker);
  }
  const values = metrics.total(new Set()).flatMap((family) => family.values);
  const countOf = (name: string) => values.find(({ labels }) => labels.operation === name)?.value;
  expect(values).toHaveLength(103);
  expect([countOf(""), countOf("Trusted"), countOf("Name1x0")]).toEqual([3, 3, 1]);
  // One of each worker is called so, and 80 names do not fit.
  expect(countOf("other")).toBe(83);
});
