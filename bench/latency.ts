/** W5: how long small queries take while another connection loops the query for 10 000 hosts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Contestant } from "./catalogue.ts";
import type { LoadResult } from "./load/load.ts";
import { createLoads, type RunOptions, runLoad, withStage } from "./measure.ts";
import { LARGE_ASK, SMALL_ASK } from "./workloads.ts";

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How fast the loop went meanwhile. */
  readonly largePerSecond: number;
}

export interface MeasuredLatency {
  readonly contestant: Contestant;
  /** One for each round. */
  readonly samples: readonly Latency[];
}

const PROBE_MS = 4_000;
const LEAD_MS = 300;
/** One small query begins every so often, on one connection. */
const PACE_MS = 10;

const PROBE = { connections: 1, requests: PROBE_MS / PACE_MS, maxMs: PROBE_MS, paceMs: PACE_MS };
/** From before the first small query to after the last. */
const LOOP = { connections: 1, requests: 1_000, maxMs: PROBE_MS + 2 * LEAD_MS };

export function measureLatency(options: RunOptions): Promise<MeasuredLatency[]> {
  const stage = { name: "w5", dialect: "release", isHot: false } as const;
  const loadOf = createLoads(stage.isHot);
  return withStage(stage, options, async ({ runners, startGenerator }) => {
    // Two processes: reading megabytes must not delay the clock of the small queries.
    const [probe, loop] = [startGenerator(), startGenerator()];
    const contestants = [];
    for (const runner of runners) {
      const small = await runner.expect(SMALL_ASK);
      const large = await runner.expect(LARGE_ASK);
      await runLoad(
        probe,
        loadOf(runner, SMALL_ASK, small, { connections: 1, requests: 1_000, maxMs: 1_500 }),
      );
      await runLoad(loop, loadOf(runner, LARGE_ASK, large, { connections: 1, requests: 30, maxMs: 2_500 }));
      const samples: Latency[] = [];
      contestants.push({ runner, small, large, samples });
    }
    for (let round = 0; round < options.rounds; round += 1) {
      for (const { runner, small, large, samples } of contestants) {
        const looping = runLoad(loop, loadOf(runner, LARGE_ASK, large, LOOP));
        // A failure is thrown where it is awaited, at the end.
        looping.catch(() => {});
        await sleep(LEAD_MS);
        const probed = await runLoad(probe, loadOf(runner, SMALL_ASK, small, PROBE));
        samples.push(toLatency(probed, await looping));
      }
    }
    return contestants.map(({ runner, samples }) => ({ contestant: runner.contestant, samples }));
  });
}

const toLatency = ({ latencyMs }: LoadResult, loop: LoadResult): Latency => ({
  p50Ms: latencyMs.p50,
  p99Ms: latencyMs.p99,
  maxMs: latencyMs.max,
  largePerSecond: (loop.requests / loop.wallMs) * 1_000,
});
