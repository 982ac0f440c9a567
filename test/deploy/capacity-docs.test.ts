/** docs/deployment.md: the ranges of the table of capacity contain what was measured. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ROOT, tableOf } from "../support/readme.ts";

const RESULTS = readFileSync(new URL("bench/RESULTS.md", ROOT), "utf8");

interface Measured {
  readonly cpuMs: number;
  readonly perSecond: number;
  readonly peakMegabytes: number;
}

/** The gateway's rows of the sections of a workload. */
const measurementsOf = (workload: string): readonly Measured[] =>
  RESULTS.split(/^## /m)
    .filter((section) => section.startsWith(workload))
    .flatMap((section) => [...section.matchAll(/^\| \*\*this gateway\*\*.*$/gm)])
    .map(([row]) => {
      const cells = row.split("|").map((cell) => cell.trim());
      const [, , cpu = "", , perSecond = "", , , memory = ""] = cells;
      return {
        cpuMs: Number.parseFloat(cpu),
        perSecond: Number(perSecond),
        peakMegabytes: Number(/\((\d+)\)/.exec(memory)?.[1]),
      };
    });

const rangeIn = (text = ""): readonly [number, number] => {
  const [, from, to] = /^([\d.]+)–([\d.]+)/.exec(text.replaceAll(" ", "")) ?? [];
  return [Number(from), Number(to)];
};

it.each(tableOf("Workload", "CPU per request", "Requests per second", "Memory"))(
  "%s: the measurements are in the ranges",
  (workload, ...ranges) => {
    const measured = measurementsOf(workload ?? "");
    expect(measured.length).toBeGreaterThan(0);
    const [cpuMs, perSecond, peakMegabytes] = ranges.map(rangeIn);
    for (const each of measured) {
      for (const [value, [from = Number.NaN, to = Number.NaN] = []] of [
        [each.cpuMs, cpuMs],
        [each.perSecond, perSecond],
        [each.peakMegabytes, peakMegabytes],
      ] as const) {
        expect(value).toBeGreaterThanOrEqual(from);
        expect(value).toBeLessThanOrEqual(to);
      }
    }
  },
);
