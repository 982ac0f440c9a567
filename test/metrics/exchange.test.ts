/** Metrics of several processes on one page. */
import { expect, it } from "vitest";
import { createMetrics, type MetricsExchange } from "../../src/metrics/metrics.ts";

it("are read once for all scrapes that wait for them", async () => {
  let reads = 0;
  const readAll: MetricsExchange["readAll"] = async () => {
    reads += 1;
    return [{ name: "reads_total", help: "Help.", type: "counter", values: [{ labels: {}, value: reads }] }];
  };
  const { read } = createMetrics(new Set(), { provide: () => {}, readAll });
  const pages = await Promise.all([read(), read(), read()]);
  expect(new Set(pages)).toEqual(
    new Set(["# HELP reads_total Help.\n# TYPE reads_total counter\nreads_total 1\n"]),
  );
  expect(await read()).toContain("reads_total 2");
});
