/** All measurements of a run, and the summary tables of RESULTS.md. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import type { Dialect } from "../../src/simulator/simulator.ts";
import { CONTESTANTS } from "../catalogue.ts";
import type { CliffPoint } from "../cliff.ts";
import type { MeasuredLatency } from "../latency.ts";
import type { MeasuredLive } from "../live.ts";
import type { Measured } from "../measure.ts";
import type { MeasuredMemory } from "../memory.ts";
import type { Workload } from "../workloads.ts";
import { number, table } from "./markdown.ts";
import { spread } from "./statistics.ts";
import { p99 } from "./tables.ts";
import { column } from "./workload-table.ts";

export interface WorkloadResult {
  readonly workload: Workload;
  readonly dialect: Dialect;
  readonly measured: readonly Measured[];
}

/** Parts that were not run are empty or null. */
export interface Results {
  readonly workloads: readonly WorkloadResult[];
  readonly latency: readonly { readonly dialect: Dialect; readonly measured: readonly MeasuredLatency[] }[];
  readonly cliff: readonly { readonly dialect: Dialect; readonly points: readonly CliffPoint[] }[];
  readonly memory: readonly MeasuredMemory[] | null;
  readonly live: MeasuredLive | null;
}

/** Medians of all servers in all workloads of one dialect: CPU time. */
export const cpuTable = (results: Results, dialect: Dialect): string =>
  overallTable("CPU ms/request", results, dialect, (one) => number(spread(column(one, "cpuMs")).median));

/** The same of memory, after the last round. */
export const rssTable = (results: Results, dialect: Dialect): string =>
  overallTable("RSS MB (peak)", results, dialect, ({ memory }) => {
    return `${memory.rssMb.toFixed(0)} (${memory.peakMb.toFixed(0)})`;
  });

function overallTable(
  title: string,
  { workloads, latency }: Results,
  dialect: Dialect,
  cell: (one: Measured) => string,
): string {
  const shown = workloads.filter((one) => one.dialect === dialect);
  const latencies = latency.filter((one) => one.dialect === dialect).flatMap(({ measured }) => measured);
  const withLatency = title.startsWith("CPU") && latencies.length > 0;
  const rows = CONTESTANTS.flatMap(({ name, title: server }) => {
    const cells = shown.map(({ measured }) => {
      const one = measured.find(({ contestant }) => contestant.name === name);
      return one ? cell(one) : "–";
    });
    const late = latencies.find(({ contestant }) => contestant.name === name);
    const all = withLatency ? [...cells, late ? number(p99(late).median) : "–"] : cells;
    return all.some((text) => text !== "–") ? [[server, ...all]] : [];
  });
  const head = shown.map(({ workload }) => workload.name.toUpperCase().replace("-", " "));
  return table([`${title}, ${dialect}`, ...head, ...(withLatency ? ["W5 p99 ms"] : [])], rows);
}

/** Date, machine, versions and command. */
export function circumstances(args: readonly string[]): string {
  const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const options = args.filter((arg) => arg !== "--continue");
  const memoryGb = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
    `- ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memoryGb} GB; ${type()} ${release()}; Node.js ${process.version}`,
    `- ${versions.join(", ")}`,
    `- \`${["npm run bench", ...(options.length > 0 ? ["--", ...options] : [])].join(" ")}\` in \`bench/\``,
  ].join("\n");
}

export function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "../src") ? " with changes" : "")
    );
  } catch {
    return "unknown";
  }
}
