/** Many viewers of one job: through the gateway's subscriptions, and by polling the endpoint. */
import { setTimeout as sleep } from "node:timers/promises";
import { contestantOf, FLOOR, GATEWAY_DEFAULT, withSnapshots } from "./catalogue.ts";
import type { Admitted, Polled, Polling, Transport, UpstreamCalls, Viewed, Viewing } from "./load/live.ts";
import { type RunOptions, startContestant } from "./measure.ts";
import { cpuMs, type Memory, memory } from "./process/proc.ts";
import type { ServerProcess } from "./process/server-process.ts";
import { type SimulatorProcess, startLiveSimulator } from "./process/simulator-process.ts";
import { startWorker, type WorkerProcess } from "./process/worker-process.ts";
import { WATCHED, WATCHED_HOSTS } from "./queries.ts";
import { LARGE_LIVE_JOB, SMALL_LIVE_JOB } from "./servers/live-job.ts";

/** Cost of a server over an interval. */
interface Cost {
  /** Of one core. */
  readonly cpuPercent: number;
  readonly memory: Memory;
}

/** Viewers that poll. */
export interface PolledCost extends Cost {
  readonly responsesPerSecond: number;
  readonly upstreamCallsPerSecond: number;
}

/** Viewers that subscribe. */
export interface WatchedCost extends Cost {
  readonly pollsPerSecond: number;
  readonly checksPerSecond: number;
  /** Lowest and highest number of results of a viewer. */
  readonly results: readonly [min: number, max: number];
  /** For each change, from the upstream's first response with it until the last viewer received it. */
  readonly delaysMs: readonly number[];
}

export interface Watched {
  readonly firstCalls: number;
  /** From the first viewer's connection to the last one's first result. */
  readonly admittedMs: number;
  readonly cost: WatchedCost;
  /** Long enough for every viewer's permission to be checked again; for the largest number of viewers only. */
  readonly costWithChecks: WatchedCost | null;
  /** From SIGTERM with all viewers connected to the end of the process. */
  readonly endedMs: number;
}

export interface LivePoint {
  readonly viewers: number;
  readonly polled: PolledCost | null;
  readonly watched: Watched | null;
}

/** Viewers of every field of many hosts that read or do not read their socket. */
export interface StuckPoint {
  readonly viewers: number;
  readonly isReading: boolean;
  /** States that the upstream sent to the gateway. */
  readonly states: number;
  /** By all viewers. */
  readonly receivedMb: number;
  readonly memory: Memory;
}

/** Viewers by WebSocket alone. */
export interface SocketPoint {
  readonly viewers: number;
  /** RSS with one viewer, and with all of them, both after `WATCH_MS`. */
  readonly oneMb: number;
  readonly allMb: number;
  /** What each viewer adds. */
  readonly kbEach: number;
  readonly pollsPerSecond: number;
}

export interface MeasuredLive {
  readonly points: readonly LivePoint[];
  readonly sockets: SocketPoint | null;
  readonly stuck: readonly StuckPoint[];
}

/** Viewers take these in turn. */
const TRANSPORTS = ["web-socket", "events"] as const satisfies readonly Transport[];
const WEB_SOCKETS = ["web-socket"] as const satisfies readonly Transport[];

const SIZES = [1, 10, 100, 1_000, 5_000];
const MAX_VIEWERS = 5_000;
const STUCK_VIEWERS = 20;

const WATCH_MS = 20_000;
const STUCK_MS = 15_000;
/** LIVE_RECHECK_MS plus time for the last checks. */
const CHECKS_MS = 60_000;
const POLL_MS = 10_000;
/** Time for servers to warm up and to finish the work of the arrivals. */
const SETTLE_MS = 3_000;
/** The gateway's interval while the job changes. */
const POLL_EVERY_MS = 1_000;

/** One server with its own upstream and one load generator. */
interface LiveStage {
  readonly simulator: SimulatorProcess<UpstreamCalls>;
  readonly server: ServerProcess;
  readonly generator: WorkerProcess;
}

/** @param onPoint called after every measurement with a line of progress. */
export async function measureLive(
  options: RunOptions,
  onPoint: (line: string) => void,
): Promise<MeasuredLive> {
  const servers = withSnapshots(options.servers);
  const points: LivePoint[] = [];
  for (const viewers of SIZES) {
    const polled = servers.includes(FLOOR) ? await measurePolling(viewers, options) : null;
    const watched = servers.includes(GATEWAY_DEFAULT) ? await measureWatching(viewers, options) : null;
    points.push({ viewers, polled, watched });
    onPoint(`${viewers} viewers: done`);
  }
  const stuck: StuckPoint[] = [];
  let sockets: SocketPoint | null = null;
  if (servers.includes(GATEWAY_DEFAULT)) {
    sockets = await measureSockets(options);
    onPoint(`${MAX_VIEWERS} viewers by WebSocket: done`);
    for (const isReading of [true, false]) stuck.push(await measureStuck(isReading, options));
  }
  return { points, sockets, stuck };
}

/** Memory of one viewer by WebSocket: what many add to a gateway that has one. */
async function measureSockets(options: RunOptions): Promise<SocketPoint> {
  const [one, all] = [
    await measureWatching(1, options, WEB_SOCKETS),
    await measureWatching(MAX_VIEWERS, options, WEB_SOCKETS),
  ];
  const [oneMb, allMb] = [one.cost.memory.rssMb, all.cost.memory.rssMb];
  const kbEach = ((allMb - oneMb) * 1_024) / MAX_VIEWERS;
  return { viewers: MAX_VIEWERS, oneMb, allMb, kbEach, pollsPerSecond: all.cost.pollsPerSecond };
}

const measurePolling = (viewers: number, options: RunOptions): Promise<PolledCost> =>
  withLiveStage(FLOOR, `polled-${viewers}`, "load/pollers.ts", options, async (stage) => {
    const { simulator, server, generator } = stage;
    const { origin } = server;
    const polling: Polling = {
      origin,
      pollers: viewers,
      jobInstanceId: SMALL_LIVE_JOB.id,
      everyMs: POLL_EVERY_MS,
    };
    await generator.ask(polling);
    await sleep(2 * SETTLE_MS);
    await takeAll<Polled>(stage);
    const cost = await costOf(server, POLL_MS);
    const [{ answered }, { first, repeated }] = await takeAll<Polled>({ simulator, generator });
    const perSecond = (count: number) => (count / cost.wallMs) * 1_000;
    return {
      ...cost,
      responsesPerSecond: perSecond(answered),
      upstreamCallsPerSecond: perSecond(first + repeated),
    };
  });

const measureWatching = (
  viewers: number,
  options: RunOptions,
  transports: readonly Transport[] = TRANSPORTS,
): Promise<Watched> =>
  withLiveStage(
    GATEWAY_DEFAULT,
    `live-${transports.join("-")}-${viewers}`,
    "load/viewers.ts",
    options,
    async (stage) => {
      const { server, generator } = stage;
      const viewing: Viewing = {
        origin: server.origin,
        viewers,
        transports,
        query: WATCHED,
        jobInstanceId: SMALL_LIVE_JOB.id,
        isReading: true,
      };
      const { tookMs: admittedMs } = await generator.ask<Admitted>(viewing);
      await sleep(SETTLE_MS);
      const [, { first }] = await takeAll<Viewed>(stage);
      const cost = await watch(stage, viewers, WATCH_MS);
      const costWithChecks =
        viewers === MAX_VIEWERS && transports === TRANSPORTS ? await watch(stage, viewers, CHECKS_MS) : null;
      const begin = performance.now();
      await server.stop();
      return { firstCalls: first, admittedMs, cost, costWithChecks, endedMs: performance.now() - begin };
    },
  );

/** Measures over an interval. */
async function watch(stage: LiveStage, viewers: number, durationMs: number): Promise<WatchedCost> {
  const cost = await costOf(stage.server, durationMs);
  const [{ minResults, maxResults, changes }, { repeated, checks, firstSentAt }] =
    await takeAll<Viewed>(stage);
  const answers = new Map(firstSentAt);
  const delaysMs = changes.flatMap(([change, delivery]) => {
    const at = answers.get(change);
    // At either end of the interval, some viewers receive a change outside it.
    return at !== undefined && delivery.viewers === viewers ? [delivery.lastAt - at] : [];
  });
  return {
    ...cost,
    pollsPerSecond: (repeated / cost.wallMs) * 1_000,
    checksPerSecond: (checks / cost.wallMs) * 1_000,
    results: [minResults, maxResults],
    delaysMs,
  };
}

const measureStuck = (isReading: boolean, options: RunOptions): Promise<StuckPoint> =>
  withLiveStage(GATEWAY_DEFAULT, `live-stuck-${!isReading}`, "load/viewers.ts", options, async (stage) => {
    const { server, generator } = stage;
    const viewing: Viewing = {
      origin: server.origin,
      viewers: STUCK_VIEWERS,
      transports: TRANSPORTS,
      query: WATCHED_HOSTS,
      jobInstanceId: LARGE_LIVE_JOB.id,
      isReading,
    };
    await generator.ask<Admitted>(viewing);
    await sleep(STUCK_MS);
    const [{ bytes }, { firstSentAt }] = await takeAll<Viewed>(stage);
    return {
      viewers: STUCK_VIEWERS,
      isReading,
      states: firstSentAt.length,
      receivedMb: bytes / 2 ** 20,
      memory: memory(server.pid),
    };
  });

async function costOf({ pid }: ServerProcess, durationMs: number): Promise<Cost & { wallMs: number }> {
  const [begin, before] = [performance.now(), cpuMs(pid)];
  await sleep(durationMs);
  const wallMs = performance.now() - begin;
  return { cpuPercent: ((cpuMs(pid) - before) / wallMs) * 100, memory: memory(pid), wallMs };
}

/** What viewers and upstream counted since the previous call. @throws Error when a viewer received a wrong result. */
async function takeAll<Seen extends Viewed | Polled>({
  simulator,
  generator,
}: Pick<LiveStage, "simulator" | "generator">): Promise<[Seen, UpstreamCalls]> {
  const [seen, calls] = await Promise.all([generator.ask<Seen>({}), simulator.takeCalls()]);
  if (seen.failure !== null) throw new Error(`A viewer received a wrong result: ${seen.failure}`);
  return [seen, calls];
}

async function withLiveStage<T>(
  serverName: string,
  name: string,
  load: string,
  options: RunOptions,
  work: (stage: LiveStage) => Promise<T>,
): Promise<T> {
  const simulator = await startLiveSimulator();
  const generator = startWorker(new URL(load, import.meta.url));
  try {
    const use = { name, upstreamUrl: simulator.url };
    const server = await startContestant(contestantOf(serverName), use, options);
    try {
      return await work({ simulator, server, generator });
    } finally {
      await server.stop();
    }
  } finally {
    generator.stop();
    simulator.stop();
  }
}
