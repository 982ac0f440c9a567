/** Goals of the gateway compared with the measurements. */
import { SETTINGS } from "../../src/settings.ts";
import {
  FLOOR,
  GATEWAY,
  GATEWAY_DEFAULT,
  MERCURIUS,
  MERCURIUS_REST,
  MERCURIUS_REST_FILTERED,
} from "../catalogue.ts";
import type { MeasuredLatency } from "../latency.ts";
import type { Measured } from "../measure.ts";
import { worstCliff } from "./cliff-table.ts";
import { number, table, withSpread } from "./markdown.ts";
import type { Results, WorkloadResult } from "./results.ts";
import { ratios, type Spread } from "./statistics.ts";
import { longestBlock, longestBlockCpu, memoryTrend, p99Ratio } from "./tables.ts";
import { column, floorRatio } from "./workload-table.ts";

const yes = (isMet: boolean): string => (isMet ? "yes" : "no");
const find = <T extends { readonly contestant: { readonly name: string } }>(
  all: readonly T[],
  name: string,
) => all.find(({ contestant }) => contestant.name === name);

const CPU_HEAD = [
  "workload",
  "form",
  "goal",
  "gateway, snapshots off",
  "gateway, default settings",
  "Mercurius, REST-shaped",
  "… filtered in resolvers",
  "Mercurius, same SDL",
  "second goal",
  "gateway to that",
  "met",
];

/** CPU time as ratios to the floor of the same round. */
export const cpuGoalsTable = ({ workloads }: Results): string =>
  table(CPU_HEAD, workloads.flatMap(cpuGoalRow));

function cpuGoalRow({ workload, dialect, measured }: WorkloadResult): string[][] {
  const gateway = find(measured, workload.isHot ? GATEWAY_DEFAULT : GATEWAY);
  if (!workload.goal || !gateway) return [];
  const { floor, peer } = workload.goal;
  const ratio = (name: string): string => {
    const one = find(measured, name);
    const value = one ? floorRatio(one, measured) : null;
    return value ? withSpread(value) : "–";
  };
  const own = floorRatio(gateway, measured);
  const second = workload.isHot ? noCalls(gateway) : peerGoal(gateway, peer, measured);
  return [
    [
      workload.title,
      dialect,
      number(floor[dialect]),
      ratio(GATEWAY),
      ratio(GATEWAY_DEFAULT),
      ratio(MERCURIUS_REST),
      ratio(MERCURIUS_REST_FILTERED),
      ratio(MERCURIUS),
      second.goal,
      second.reached,
      own ? yes(own.median <= floor[dialect] && second.isMet) : "–",
    ],
  ];
}

interface SecondGoal {
  readonly goal: string;
  readonly reached: string;
  readonly isMet: boolean;
}

/** A hot workload must not call the upstream at all. */
function noCalls(gateway: Measured): SecondGoal {
  const calls = Math.max(...column(gateway, "upstreamCalls"));
  return { goal: "0 upstream calls", reached: number(calls), isMet: calls === 0 };
}

/** Counts as met when the other server was not measured. */
function peerGoal(
  gateway: Measured,
  peer: { readonly name: string; readonly factor: number } | null,
  measured: readonly Measured[],
): SecondGoal {
  const other = peer ? find(measured, peer.name) : undefined;
  if (!peer || !other) return { goal: "–", reached: "–", isMet: true };
  const ratio = ratios(column(gateway, "cpuMs"), column(other, "cpuMs"));
  return {
    goal: `${number(peer.factor)} × ${peer.name}`,
    reached: withSpread(ratio),
    isMet: ratio.median <= peer.factor,
  };
}

/** Small queries must be as fast as the floor's. */
const MAX_P99_RATIO = 1;
const MAX_BLOCKED_MS = 50;
const MAX_FLOOR_RSS_RATIO = 1.5;
/** Growth from the second minute to the last that still counts as flat. */
const MAX_GROWTH = 1.1;
const MAX_VIEWER_KB = 60;
const MAX_POLLS_PER_SECOND = 1;

/** A table of all goals but those of CPU time; nothing when none was measured. */
export function otherGoals(results: Results): string[] {
  const rows = [
    ...latencyGoals(results),
    ...cliffGoals(results),
    ...memoryGoals(results),
    ...viewerGoals(results),
  ];
  return rows.length > 0 ? [table(["what", "goal", "reached", "met"], rows)] : [];
}

function latencyGoals({ latency }: Results): string[][] {
  return latency.flatMap(({ dialect, measured }) => {
    const gateway = find(measured, GATEWAY);
    if (!gateway) return [];
    const ratio: Spread | null = p99Ratio(gateway, measured);
    const floor = find(measured, FLOOR);
    const blockRow = (what: string, block: (one: MeasuredLatency) => Spread): string[] => [
      `W5 (${dialect}): longest block of the event loop, ${what}`,
      String(MAX_BLOCKED_MS),
      `${withSpread(block(gateway))}${floor ? `; floor ${withSpread(block(floor))}` : ""}`,
      yes(block(gateway).max <= MAX_BLOCKED_MS),
    ];
    return [
      [
        `W5 (${dialect}): p99 of small queries beside W3, × floor`,
        String(MAX_P99_RATIO),
        ratio ? withSpread(ratio) : "–",
        ratio ? yes(ratio.median <= MAX_P99_RATIO) : "–",
      ],
      blockRow("ms, waiting for a core included", longestBlock),
      blockRow("ms of CPU time", longestBlockCpu),
    ];
  });
}

const cliffGoals = ({ cliff }: Results): string[][] =>
  cliff.flatMap(({ dialect, points }) =>
    (["some", "all"] as const).flatMap((share) => {
      const worst = worstCliff(points, share);
      if (!worst) return [];
      const title = `Irregular rows (${dialect}), ${share === "some" ? "1 %" : "all"}: worst kind, × tidy`;
      return [[title, String(worst.limit), `${number(worst.ratio)} (${worst.kind})`, yes(worst.isMet)]];
    }),
  );

function memoryGoals({ memory }: Results): string[][] {
  if (!memory) return [];
  const [gateway, floor] = [find(memory, GATEWAY_DEFAULT), find(memory, FLOOR)];
  if (!gateway || !floor) return [];
  const { earlyMb, lastMb } = memoryTrend(gateway);
  const snapshotsMb = Number(SETTINGS.SNAPSHOT_MAX_BYTES.default) / 2 ** 20;
  const maxMb = MAX_FLOOR_RSS_RATIO * memoryTrend(floor).lastMb + snapshotsMb;
  return [
    [
      "RSS after W3 and W4 with default settings, MB",
      `${number(maxMb)}: ${MAX_FLOOR_RSS_RATIO} × floor + ${number(snapshotsMb)}`,
      number(lastMb),
      yes(lastMb <= maxMb),
    ],
    [
      "… growth from the second minute to the last",
      `${MAX_GROWTH} ×`,
      number(lastMb / earlyMb),
      yes(lastMb / earlyMb <= MAX_GROWTH),
    ],
  ];
}

function viewerGoals({ live }: Results): string[][] {
  if (!live?.sockets) return [];
  const { viewers, kbEach, pollsPerSecond } = live.sockets;
  return [
    [
      `${viewers} viewers by WebSocket: kB each`,
      String(MAX_VIEWER_KB),
      number(kbEach),
      yes(kbEach <= MAX_VIEWER_KB),
    ],
    [
      `${viewers} viewers by WebSocket: polls a second`,
      String(MAX_POLLS_PER_SECOND),
      number(pollsPerSecond),
      // One poll more or less can fall into the interval.
      yes(pollsPerSecond <= MAX_POLLS_PER_SECOND * 1.1),
    ],
  ];
}
