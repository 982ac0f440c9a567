/** The table of one workload: the cost of every server. */
import { FLOOR } from "../catalogue.ts";
import type { Measured, Sample } from "../measure.ts";
import { number, table, withSpread } from "./markdown.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

export const column = (measured: Measured, name: keyof Sample): number[] =>
  measured.samples.map((sample) => sample[name]);

/** CPU time as a ratio to the floor's; null when the floor was not measured. */
export function floorRatio(one: Measured, all: readonly Measured[]): Spread | null {
  const floor = all.find(({ contestant }) => contestant.name === FLOOR);
  return floor ? ratios(column(one, "cpuMs"), column(floor, "cpuMs")) : null;
}

const HEAD = [
  "server",
  "CPU ms/request",
  "× floor",
  "requests/s",
  "p50 ms",
  "upstream calls/request",
  "RSS MB (peak)",
];

export function workloadTable(all: readonly Measured[]): string {
  const rows = all.map((one) => {
    const ratio = floorRatio(one, all);
    const median = (name: keyof Sample) => number(spread(column(one, name)).median);
    return [
      one.contestant.title,
      withSpread(spread(column(one, "cpuMs"))),
      ratio ? withSpread(ratio) : "–",
      median("requestsPerSecond"),
      median("p50Ms"),
      median("upstreamCalls"),
      `${one.memory.rssMb.toFixed(0)} (${one.memory.peakMb.toFixed(0)})`,
    ];
  });
  const flags = all
    .filter(({ addedFlags }) => addedFlags.length > 0)
    .map(({ contestant, addedFlags }) => `${contestant.name} restarted itself with ${addedFlags.join(" ")}.`);
  return [table(HEAD, rows), ...flags].join("\n\n");
}
