/** W5: how long small queries take while another connection loops the query for 10 000 hosts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Contestant } from "./catalogue.ts";
import {
  createLoads,
  expectCorrect,
  type Runner,
  type RunOptions,
  runLoad,
  serversOf,
  withStage,
} from "./measure.ts";
import type { Expectation } from "./verify.ts";
import { LARGE_ASK, SMALL_ASK, type Upstream } from "./workloads.ts";

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Rate of the loop. */
  readonly largePerSecond: number;
  /** Longest block of the server's event loop. */
  readonly blockedMs: number;
  /** CPU time of the longest block, without the time in which the server waited for a core. */
  readonly blockedCpuMs: number;
}

export interface MeasuredLatency {
  readonly contestant: Contestant;
  /** One for each round. */
  readonly samples: readonly Latency[];
}

const LEAD_MS = 300;
/** Interval between small queries, on one connection. */
const INTERVAL_MS = 10;
const ROUND_MS = 4_000;

export function measureLatency(upstream: Upstream, options: RunOptions): Promise<MeasuredLatency[]> {
  const stage = { name: `w5-${upstream.dialect}`, upstream, isProbed: true };
  const servers = serversOf({ ask: LARGE_ASK, isHot: false, servers: null }, options.servers);
  const loadOf = createLoads(false);
  const roundMs = Math.min(ROUND_MS, 2 * options.maxMs);
  const paced = { connections: 1, requests: roundMs / INTERVAL_MS, maxMs: roundMs, intervalMs: INTERVAL_MS };
  /** From before the first small query to after the last. */
  const looped = { connections: 1, requests: 1_000, maxMs: roundMs + 2 * LEAD_MS };

  return withStage(stage, { ...options, servers }, async ({ runners, startGenerator }) => {
    // Two processes: reading megabytes must not delay the clock of the small queries.
    const [smallLoad, largeLoad] = [startGenerator(), startGenerator()];
    const contestants: { runner: Runner; small: Expectation; large: Expectation; samples: Latency[] }[] = [];
    for (const runner of runners) {
      const small = await expectCorrect(runner, SMALL_ASK);
      const large = await expectCorrect(runner, LARGE_ASK);
      const warmUp = (requests: number, maxMs: number) => ({ connections: 1, requests, maxMs });
      await runLoad(smallLoad, loadOf(runner, SMALL_ASK, small, warmUp(1_000, 1_500)));
      await runLoad(largeLoad, loadOf(runner, LARGE_ASK, large, warmUp(30, 2_500)));
      contestants.push({ runner, small, large, samples: [] });
    }
    for (let round = 0; round < options.rounds; round += 1) {
      for (const { runner, small, large, samples } of contestants) {
        await runner.probe?.takeBlock();
        const looping = runLoad(largeLoad, loadOf(runner, LARGE_ASK, large, looped));
        // A failure is thrown where the promise is awaited, below.
        looping.catch(() => {});
        await sleep(LEAD_MS);
        const { latencyMs } = await runLoad(smallLoad, loadOf(runner, SMALL_ASK, small, paced));
        const loop = await looping;
        const block = await runner.probe?.takeBlock();
        samples.push({
          p50Ms: latencyMs.p50,
          p99Ms: latencyMs.p99,
          maxMs: latencyMs.max,
          largePerSecond: (loop.requests / loop.wallMs) * 1_000,
          blockedMs: block?.ms ?? Number.NaN,
          blockedCpuMs: block?.cpuMs ?? Number.NaN,
        });
      }
    }
    return contestants.map(({ runner, samples }) => ({ contestant: runner.contestant, samples }));
  });
}
