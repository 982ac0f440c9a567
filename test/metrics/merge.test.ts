/** Metrics of several processes become those of one instance, by the kind of each metric. */
import { expect, it } from "vitest";
import { type MetricFamily, mergeMetrics } from "../../src/metrics/merge.ts";

const family = (name: string, type: string, values: MetricFamily["values"]): MetricFamily => ({
  name,
  help: "Some help.",
  type,
  values,
});

const plain = (name: string, type: string, value: number | null): MetricFamily =>
  family(name, type, [{ labels: {}, value }]);

/** The only value of a metric that the processes have with these values. */
function mergedValue(name: string, type: string, values: readonly (number | null)[]): number | null {
  const [merged] = mergeMetrics(values.map((value) => [plain(name, type, value)]));
  expect(merged?.values).toHaveLength(1);
  return merged?.values[0]?.value ?? null;
}

it.each([
  ["counters", "process_cpu_seconds_total", "counter", [1, 2], 3],
  ["numbers of what is open", "bk_job_graphql_subscriptions", "gauge", [1, 2], 3],
  ["memory", "process_resident_memory_bytes", "gauge", [100, 200], 300],
])("adds %s", (_what, name, type, values, expected) => {
  expect(mergedValue(name, type, values)).toBe(expected);
});

it.each([
  ["the state of the circuit breaker", "bk_job_graphql_upstream_circuit_state", [0, 2], 2],
  ["whether Redis answers", "bk_job_graphql_redis_up", [1, 0], 0],
  ["the delay of the event loop", "nodejs_eventloop_lag_p99_seconds", [0.01, 0.5], 0.5],
  ["file descriptors", "process_open_fds", [40, 50], 50],
  ["the limit of file descriptors", "process_max_fds", [1_024, 1_024], 1_024],
  ["the latest start", "process_start_time_seconds", [1_700, 1_800], 1_800],
  ["the version", "bk_job_graphql_build_info", [1, 1], 1],
])("does not add %s", (_what, name, values, expected) => {
  expect(mergedValue(name, "gauge", values)).toBe(expected);
});

it("leaves out values that are not numbers, unless there are no others", () => {
  expect(mergedValue("nodejs_eventloop_lag_mean_seconds", "gauge", [null, 0.5, null])).toBe(0.5);
  expect(mergedValue("nodejs_eventloop_lag_mean_seconds", "gauge", [null, null])).toBeNull();
});

it("merges samples with the same labels, whatever their order, and keeps others", () => {
  const counter = (labels: Record<string, string>) =>
    family("calls_total", "counter", [
      { labels, value: 1 },
      { labels: { code: "OTHER" }, value: 5 },
    ]);
  const merged = mergeMetrics([[counter({ a: "1", b: "2" })], [counter({ b: "2", a: "1" })]]);
  expect(merged).toEqual([
    family("calls_total", "counter", [
      { labels: { a: "1", b: "2" }, value: 2 },
      { labels: { code: "OTHER" }, value: 10 },
    ]),
  ]);
});

it("adds each bucket, the sum and the count of a histogram", () => {
  const histogram = (counts: readonly number[]) =>
    family("wait_seconds", "histogram", [
      { metricName: "wait_seconds_bucket", labels: { le: 1 }, value: counts[0] ?? 0 },
      { metricName: "wait_seconds_bucket", labels: { le: "+Inf" }, value: counts[1] ?? 0 },
      { metricName: "wait_seconds_sum", labels: {}, value: counts[2] ?? 0 },
      { metricName: "wait_seconds_count", labels: {}, value: counts[3] ?? 0 },
    ]);
  expect(mergeMetrics([[histogram([1, 2, 3.5, 2])], [histogram([10, 20, 35, 20])]])).toEqual([
    histogram([11, 22, 38.5, 22]),
  ]);
});

it("keeps metrics that only some processes have", () => {
  const families = [plain("first_total", "counter", 1), plain("second_total", "counter", 2)];
  expect(mergeMetrics([families.slice(0, 1), families])).toEqual([
    plain("first_total", "counter", 2),
    plain("second_total", "counter", 2),
  ]);
});
