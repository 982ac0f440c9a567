/** The tables of W5, of growing jobs and of memory over time. */
import { FLOOR, GATEWAY, GATEWAY_DEFAULT } from "../catalogue.ts";
import type { Latency, MeasuredLatency } from "../latency.ts";
import { type MeasuredMemory, SAMPLES_PER_MINUTE } from "../memory.ts";
import type { ScalingPoint } from "../scaling.ts";
import { number, table, withSpread } from "./markdown.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { column, floorRatio } from "./workload-table.ts";

const latencies = ({ samples }: MeasuredLatency, name: keyof Latency): number[] =>
  samples.map((sample) => sample[name]);

/** p99 as a ratio to the floor's; null when the floor was not measured. */
export function p99Ratio(one: MeasuredLatency, all: readonly MeasuredLatency[]): Spread | null {
  const floor = all.find(({ contestant }) => contestant.name === FLOOR);
  return floor ? ratios(latencies(one, "p99Ms"), latencies(floor, "p99Ms")) : null;
}

/** The longest block of the event loop in each round. */
export const longestBlock = (one: MeasuredLatency): Spread => spread(latencies(one, "blockedMs"));

/** Its CPU time, without the time in which the server waited for a core. */
export const longestBlockCpu = (one: MeasuredLatency): Spread => spread(latencies(one, "blockedCpuMs"));

export const p99 = (one: MeasuredLatency): Spread => spread(latencies(one, "p99Ms"));

export const latencyTable = (all: readonly MeasuredLatency[]): string =>
  table(
    [
      ...["server", "p99 ms", "× floor", "p50 ms", "slowest ms"],
      ...["longest block of the event loop, ms", "its CPU ms", "10 000-host queries/s meanwhile"],
    ],
    all.map((one) => {
      const ratio = p99Ratio(one, all);
      return [
        one.contestant.title,
        withSpread(p99(one)),
        ratio ? withSpread(ratio) : "–",
        number(spread(latencies(one, "p50Ms")).median),
        number(spread(latencies(one, "maxMs")).max),
        withSpread(longestBlock(one)),
        withSpread(longestBlockCpu(one)),
        number(spread(latencies(one, "largePerSecond")).median),
      ];
    }),
  );

export function scalingTable(points: readonly ScalingPoint[]): string {
  const rows = points.map(({ hosts, measured }) => {
    const find = (name: string) => measured.find(({ contestant }) => contestant.name === name);
    const [floor, gateway] = [find(FLOOR), find(GATEWAY)];
    const cpu = (one: typeof floor) => (one ? spread(column(one, "cpuMs")) : null);
    const ratio = gateway ? floorRatio(gateway, measured) : null;
    const perHost = ((cpu(gateway)?.median ?? Number.NaN) * 1_000) / hosts;
    return [
      hosts.toLocaleString("en").replaceAll(",", " "),
      ...[cpu(floor), cpu(gateway), ratio].map((value) => (value ? withSpread(value) : "–")),
      number(perHost),
      ...[floor, gateway].map((one) => (one ? one.memory.peakMb.toFixed(0) : "–")),
    ];
  });
  const head = ["hosts", "floor CPU ms", "gateway CPU ms", "× floor", "gateway µs per host"];
  return table([...head, "floor peak RSS MB", "gateway peak RSS MB"], rows);
}

export function memoryTable(all: readonly MeasuredMemory[]): string {
  const times = all[0]?.samples.map((_, index) => (index + 1) / SAMPLES_PER_MINUTE) ?? [];
  const rows = times.map((minutes, index) => [
    minutes.toFixed(1),
    ...all.flatMap(({ samples }) => {
      const sample = samples[index];
      return sample ? [sample.rssMb.toFixed(0), String(sample.requests)] : ["–", "–"];
    }),
  ]);
  const head = all.flatMap(({ contestant }) => [`${contestant.name} RSS MB`, "requests so far"]);
  return `${table(["minutes", ...head], rows)}\n\n${memoryTrends(all).join("\n")}`;
}

/** Median RSS in MB early in a run and at its end. */
export interface MemoryTrend {
  /** In the second minute: growth after the first shows between this and `lastMb`. */
  readonly earlyMb: number;
  readonly lastMb: number;
}

export function memoryTrend({ samples }: MeasuredMemory): MemoryTrend {
  const medianRss = (part: MeasuredMemory["samples"]) => spread(part.map(({ rssMb }) => rssMb)).median;
  return {
    earlyMb: medianRss(samples.slice(SAMPLES_PER_MINUTE, 2 * SAMPLES_PER_MINUTE)),
    lastMb: medianRss(samples.slice(-SAMPLES_PER_MINUTE)),
  };
}

function memoryTrends(all: readonly MeasuredMemory[]): string[] {
  const lastOf = (name: string) => {
    const one = all.find(({ contestant }) => contestant.name === name);
    return one ? memoryTrend(one).lastMb : Number.NaN;
  };
  const lines = all.map((one) => {
    const { earlyMb, lastMb } = memoryTrend(one);
    return `- ${one.contestant.name}: ${number(earlyMb)} MB in the second minute, ${number(lastMb)} MB in the last`;
  });
  return [
    ...lines,
    `- gateway to floor, in the last minute: ${number(lastOf(GATEWAY_DEFAULT) / lastOf(FLOOR))}`,
  ];
}
