/** Gateways that share a Redis, each with a viewer of the same running job. */
import { expect } from "vitest";
import { useVersionedUpstream, type VersionedUpstream } from "../jobs/versioned-upstream.ts";
import { jobSubscription, onJob } from "../support/ask.ts";
import { type TestGateway, useGateway, withLive } from "../support/gateway.ts";
import { type LiveStream, subscribeByEvents } from "../support/live-clients.ts";
import type { RedisServer } from "../support/redis-server.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** Schedules of all tests: far shorter than the time after which another instance takes over. */
const SCHEDULE_MS = [20];

export interface WatchOptions {
  /** An instance and a viewer for each token. */
  readonly tokens: readonly string[];
  /** What a viewer selects beside the name of the job. Default: nothing. */
  readonly selectionOf?: (token: string) => string;
  /** The Redis of an instance. Default: the same URL for all. */
  readonly redisUrlOf?: (token: string, index: number) => string;
  readonly live?: Parameters<typeof withLive>[0];
  /** The same for the instance with this token. */
  readonly liveOf?: (token: string) => Parameters<typeof withLive>[0];
  readonly redisTimeoutMs?: number;
  readonly maxBytes?: number;
  /** The timeout of upstream calls. */
  readonly upstreamTimeoutMs?: number;
}

export interface Watched {
  readonly upstream: VersionedUpstream;
  readonly gateways: readonly TestGateway[];
  readonly viewers: readonly LiveStream[];
  /** Calls that wait for their response. */
  readonly open: () => VersionedUpstream["calls"];
  /** Waits for a call, which must be the only one. */
  readonly onlyCall: () => Promise<VersionedUpstream["calls"][number]>;
  /** Waits until all viewers have this version of the job. */
  readonly untilSeenByAll: (version: number) => Promise<void>;
  /** Answers all calls until one of them has served all viewers. */
  readonly untilShared: () => Promise<void>;
}

/** The names of the job that the viewer has received. */
export const namesOf = ({ results }: LiveStream): string[] =>
  results.flatMap(({ data }) => data?.jobInstanceUpdated?.name ?? []);

/** The upstream holds all calls; those for the first state of a viewer are answered. */
export async function useWatched(redis: RedisServer, options: WatchOptions): Promise<Watched> {
  const { tokens, selectionOf = () => "", redisUrlOf = () => redis.url } = options;
  const { redisTimeoutMs = 10_000, maxBytes = 2 ** 20, upstreamTimeoutMs = 60_000 } = options;
  const upstream = await useVersionedUpstream();
  upstream.finish(false);
  upstream.hold(true);
  const gateways: TestGateway[] = [];
  const viewers: LiveStream[] = [];
  for (const [index, token] of tokens.entries()) {
    const gateway = await useGateway({
      config: {
        ...withLive({
          scheduleMs: SCHEDULE_MS,
          maxFailures: 1_000,
          ...options.live,
          ...options.liveOf?.(token),
        }).config,
        metrics: { port: null },
        redis: {
          url: redisUrlOf(token, index),
          timeoutMs: redisTimeoutMs,
          snapshots: { secret: SECRET, maxBytes },
        },
      },
      upstream: { baseUrl: upstream.url, timeoutMs: upstreamTimeoutMs },
    });
    gateways.push(gateway);
    await untilUp(gateway);
    const known = upstream.calls.length;
    const viewer = subscribeByEvents(
      gateway.url,
      { query: jobSubscription("100", `__typename ${onJob(`name ${selectionOf(token)}`)}`) },
      { "x-bkapi-authorization": JSON.stringify({ access_token: token }) },
    );
    viewers.push(viewer);
    // Polls of other instances may come first.
    const firstCalls = () => upstream.calls.slice(known).filter((call) => call.token === token);
    await expect
      .poll(() => {
        for (const call of firstCalls()) if (call.isOpen()) call.answer();
        return viewer.results.length;
      })
      .toBeGreaterThan(0);
  }

  const open = () => upstream.calls.filter(({ isOpen }) => isOpen());
  const onlyCall = async () => {
    await expect.poll(() => open().length).toBe(1);
    const [call] = open();
    if (!call) throw new Error("Expected an open call.");
    return call;
  };
  const untilSeenByAll = async (version: number) => {
    for (const viewer of viewers) await expect.poll(() => namesOf(viewer).at(-1)).toBe(`v${version}`);
  };
  const untilShared = async () => {
    const known = upstream.calls.length;
    await expect
      .poll(() => {
        for (const call of open()) call.answer();
        const later = upstream.calls.slice(known).map(({ version }) => `v${version}`);
        return later.some((name) => viewers.every((viewer) => namesOf(viewer).includes(name)));
      })
      .toBe(true);
  };
  return { upstream, gateways, viewers, open, onlyCall, untilSeenByAll, untilShared };
}

/** Waits until the gateway has no problems, such as Redis that does not answer. */
export async function untilUp({ url }: TestGateway): Promise<void> {
  await expect
    .poll(async () => {
      const response = await fetch(new URL("/readyz", url));
      return ((await response.json()) as { problems: unknown[] }).problems;
    })
    .toEqual([]);
}
