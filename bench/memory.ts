/**
 * Memory over time: the floor and the gateway run W3 and W4 concurrently, on one connection each and without a pause.
 */
import { type Contestant, FLOOR, GATEWAY_DEFAULT, withSnapshots } from "./catalogue.ts";
import { createLoads, expectCorrect, type RunOptions, runLoad, withStage } from "./measure.ts";
import { type Memory, memory } from "./process/proc.ts";
import { LARGE_ASK, OVERVIEW_ASK, type Upstream } from "./workloads.ts";

export interface MemorySample extends Memory {
  /** Responses so far. */
  readonly requests: number;
}

export interface MeasuredMemory {
  readonly contestant: Contestant;
  /** One for every 30 s. */
  readonly samples: readonly MemorySample[];
}

export const SAMPLES_PER_MINUTE = 2;
const AMOUNT = { connections: 1, requests: 9_000, maxMs: 60_000 / SAMPLES_PER_MINUTE };

/** @param onSample called after every sample with a line of progress. */
export function measureMemory(
  upstream: Upstream,
  options: RunOptions,
  minutes: number,
  onSample: (line: string) => void,
): Promise<MeasuredMemory[]> {
  const servers = withSnapshots(options.servers).filter((name) => name === FLOOR || name === GATEWAY_DEFAULT);
  const stage = { name: `memory-${upstream.dialect}`, upstream };
  const loadOf = createLoads(false);
  return withStage(stage, { ...options, servers }, async ({ runners, startGenerator }) => {
    const contestants = [];
    for (const runner of runners) {
      const loops = [];
      for (const ask of [LARGE_ASK, OVERVIEW_ASK]) {
        loops.push({ ask, expected: await expectCorrect(runner, ask), generator: startGenerator() });
      }
      const samples: MemorySample[] = [];
      contestants.push({ runner, loops, samples });
    }
    for (let count = 0; count < minutes * SAMPLES_PER_MINUTE; count += 1) {
      await Promise.all(
        contestants.map(async ({ runner, loops, samples }) => {
          const answered = await Promise.all(
            loops.map(({ ask, expected, generator }) =>
              runLoad(generator, loadOf(runner, ask, expected, AMOUNT)),
            ),
          );
          const before = samples.at(-1)?.requests ?? 0;
          const requests = answered.reduce((sum, result) => sum + result.requests, before);
          samples.push({ ...memory(runner.process.pid), requests });
        }),
      );
      const now = contestants.map(({ runner, samples }) => {
        const { rssMb, requests } = samples.at(-1) ?? { rssMb: 0, requests: 0 };
        return `${runner.contestant.name} ${rssMb.toFixed(0)} MB after ${requests} requests`;
      });
      onSample(`${((count + 1) / SAMPLES_PER_MINUTE).toFixed(1)} min: ${now.join(", ")}`);
    }
    return contestants.map(({ runner, samples }) => ({ contestant: runner.contestant, samples }));
  });
}
