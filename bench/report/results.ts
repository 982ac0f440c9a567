/** RESULTS.md: where and how it was measured, a summary, then every table. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { CONTESTANTS, GATEWAY, MERCURIUS } from "../catalogue.ts";
import type { MeasuredLatency } from "../latency.ts";
import type { Measured } from "../measure.ts";
import type { Workload } from "../workloads.ts";
import { number, table, withSpread } from "./markdown.ts";
import { type Spread, spread } from "./statistics.ts";
import { p99, p99Ratio } from "./tables.ts";
import { column, floorRatio } from "./workload-table.ts";

export interface Results {
  readonly workloads: readonly { readonly workload: Workload; readonly measured: readonly Measured[] }[];
  readonly latency: readonly MeasuredLatency[] | null;
}

/** Small queries are to be no slower than the floor's. */
const P99_AIM = 1;

/** The gateway beside what it is meant to reach, and beside the fastest of the others. */
export function aimsTable({ workloads, latency }: Results): string {
  const rows: string[][] = [];
  for (const { workload, measured } of workloads) {
    const ratioOf = (name: string): Spread | null => {
      const one = measured.find(({ contestant }) => contestant.name === name);
      return one ? floorRatio(one, measured) : null;
    };
    const calls = measured
      .filter(({ contestant }) => contestant.name === GATEWAY)
      .flatMap((gateway) => column(gateway, "upstreamCalls"));
    // Hot is more than fast: the upstream must not be asked at all.
    const areCallsRight = !workload.isHot || calls.every((count) => count === 0);
    rows.push(...aimRow(workload.title, workload.aim, ratioOf, areCallsRight));
  }
  if (latency) {
    const ratioOf = (name: string): Spread | null => {
      const one = latency.find(({ contestant }) => contestant.name === name);
      return one ? p99Ratio(one, latency) : null;
    };
    rows.push(...aimRow("W5: p99 of small queries beside W3", P99_AIM, ratioOf, true));
  }
  return table(["workload", "at most × floor", "gateway × floor", "met", "Mercurius × floor"], rows);
}

function aimRow(
  title: string,
  aim: number | null,
  ratioOf: (server: string) => Spread | null,
  isElseRight: boolean,
): string[][] {
  const [gateway, mercurius] = [ratioOf(GATEWAY), ratioOf(MERCURIUS)];
  if (aim === null || gateway === null) return [];
  const isMet = gateway.median <= aim && isElseRight;
  return [
    [title, String(aim), withSpread(gateway), isMet ? "yes" : "no", mercurius ? withSpread(mercurius) : "–"],
  ];
}

/** Medians of all servers in all workloads. */
export function summaryTable({ workloads, latency }: Results): string {
  const head = workloads.map(({ workload }) => workload.name.toUpperCase().replace("-", " "));
  const measuredNames = [...workloads.flatMap(({ measured }) => measured), ...(latency ?? [])].map(
    ({ contestant }) => contestant.name,
  );
  const contestants = CONTESTANTS.filter(({ name }) => measuredNames.includes(name));
  const rows = contestants.map(({ name, title }) => [
    title,
    ...workloads.map(({ measured }) => {
      const one = measured.find(({ contestant }) => contestant.name === name);
      return one ? number(spread(column(one, "cpuMs")).median) : "–";
    }),
    ...(latency ?? [])
      .filter(({ contestant }) => contestant.name === name)
      .map((one) => number(p99(one).median)),
  ]);
  return table(["CPU ms/request", ...head, ...(latency ? ["W5 p99 ms"] : [])], rows);
}

/** Date, machine, versions and command. */
export function circumstances(args: readonly string[]): string {
  const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  const memoryGb = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
    `- ${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${memoryGb} GB; ${type()} ${release()}; Node.js ${process.version}`,
    `- ${versions.join(", ")}`,
    `- \`${["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" ")}\` in \`bench/\``,
  ].join("\n");
}

function commit(): string {
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
