/** The tables of viewers of one job. */
import type { LivePoint, MeasuredLive, PolledCost, SocketPoint, StuckPoint, WatchedCost } from "../live.ts";
import type { Memory } from "../process/proc.ts";
import { number, table } from "./markdown.ts";
import { spread } from "./statistics.ts";

const count = (value: number): string => value.toLocaleString("en").replaceAll(",", " ");
const rss = ({ rssMb, peakMb }: Memory): string => `${rssMb.toFixed(0)} (${peakMb.toFixed(0)})`;

const LIVE_HEAD = [
  "viewers",
  "polling: responses/s",
  "polling: upstream calls/s",
  "gateway: upstream calls/s",
  "first calls",
  "polling: CPU %",
  "gateway: CPU %",
  "polling: RSS MB (peak)",
  "gateway: RSS MB (peak)",
];

/** Polling compared with subscriptions. */
export const liveTable = ({ points }: MeasuredLive): string =>
  table(
    LIVE_HEAD,
    points.flatMap(({ viewers, polled, watched }) => {
      const title = count(viewers);
      const row = liveRow(title, polled, watched?.cost, watched ? count(watched.firstCalls) : "–");
      const withChecks = watched?.costWithChecks;
      if (!withChecks) return [row];
      return [row, liveRow(`${title}, for a minute, with checks`, null, withChecks, "–")];
    }),
  );

function liveRow(
  title: string,
  polled: PolledCost | null,
  watched: WatchedCost | undefined,
  firstCalls: string,
): string[] {
  return [
    title,
    polled ? number(polled.responsesPerSecond) : "–",
    polled ? number(polled.upstreamCallsPerSecond) : "–",
    watched ? number(watched.pollsPerSecond + watched.checksPerSecond) : "–",
    firstCalls,
    polled ? number(polled.cpuPercent) : "–",
    watched ? number(watched.cpuPercent) : "–",
    polled ? rss(polled.memory) : "–",
    watched ? rss(watched.memory) : "–",
  ];
}

/** How fast the gateway delivers results. */
export function deliveryTable({ points }: MeasuredLive): string {
  const rows = points.flatMap(({ viewers, watched }: LivePoint) => {
    if (!watched) return [];
    const { cost, admittedMs, endedMs } = watched;
    const delay = spread(cost.delaysMs);
    const [min, max] = cost.results;
    return [
      [
        count(viewers),
        number(admittedMs),
        min === max ? String(min) : `${min}–${max}`,
        number(delay.median),
        number(delay.max),
        number(endedMs),
      ],
    ];
  });
  const head = [
    "all have their first result after ms",
    "results each in 20 s",
    "last viewer has a change after ms",
  ];
  return table(["viewers", ...head, "maximum", "SIGTERM to exit ms"], rows);
}

export const socketTable = ({ viewers, oneMb, allMb, kbEach, pollsPerSecond }: SocketPoint): string =>
  table(
    ["viewers by WebSocket", "RSS MB with one", "RSS MB with all", "kB each", "polls/s"],
    [[count(viewers), oneMb.toFixed(0), allMb.toFixed(0), number(kbEach), number(pollsPerSecond)]],
  );

export const stuckTable = (points: readonly StuckPoint[]): string =>
  table(
    ["viewers of every field of 10 000 hosts", "states of the job", "received MB", "gateway RSS MB (peak)"],
    points.map(({ viewers, isReading, states, receivedMb, memory }) => [
      `${viewers} that ${isReading ? "read" : "stop reading after the first result"}`,
      String(states),
      number(receivedMb),
      rss(memory),
    ]),
  );
