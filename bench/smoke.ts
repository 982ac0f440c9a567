/**
 * `npm run smoke`: verifies the responses of every server to every workload in both dialects, and the counters. With
 * `-- --quick`, only one workload in one dialect: that every server starts and answers.
 */
import { strict as assert } from "node:assert";
import { ROW_KINDS } from "../src/simulator/bulk-rows.ts";
import { CONTESTANTS, FLOOR, GATEWAY } from "./catalogue.ts";
import { measureLatency } from "./latency.ts";
import { expectCorrect, measure, withStage } from "./measure.ts";
import { allHosts, isAskedOf, OVERVIEW_ASK, SMALL_ASK, UNTIDY, WORKLOADS } from "./workloads.ts";

const options = {
  servers: CONTESTANTS.map(({ name }) => name),
  rounds: 1,
  maxMs: Number.POSITIVE_INFINITY,
  requests: 20,
  environment: {},
  profileFolder: null,
};

const isQuick = process.argv.includes("--quick");

for (const dialect of isQuick ? (["release"] as const) : (["release", "contract"] as const)) {
  const upstream = { dialect, rows: UNTIDY };
  await withStage({ name: "smoke", upstream }, options, async ({ runners }) => {
    for (const runner of runners) {
      const { name, form } = runner.contestant;
      const workloads = isQuick ? WORKLOADS.slice(0, 1) : WORKLOADS;
      const asks = new Set(workloads.map(({ ask }) => ask).filter((ask) => isAskedOf(ask, form)));
      for (const ask of asks) await expectCorrect(runner, ask);
      process.stdout.write(`${name} (${dialect}): correct responses\n`);
      if (name !== GATEWAY || isQuick) continue;
      for (const kind of ROW_KINDS) {
        const { verified } = runner;
        const irregular = {
          ...runner,
          verified: { ...verified, upstream: { dialect, rows: { kind, share: "all" } } },
        } as const;
        for (const ask of [allHosts(1_000), OVERVIEW_ASK]) await expectCorrect(irregular, ask);
        process.stdout.write(`${name} (${dialect}): correct responses for ${kind} rows\n`);
      }
    }
  });
}

const [small] = WORKLOADS;
assert(small);
assert.equal(small.ask, SMALL_ASK);
const release = { dialect: "release", rows: UNTIDY } as const;
// The measurement itself is the same for all servers.
const measured = isQuick ? { ...options, servers: [FLOOR, GATEWAY] } : options;
for (const { contestant, samples, memory } of await measure({ ...small, warmUp: 10 }, release, measured)) {
  assert.equal(samples.length, 1);
  assert.equal(samples[0]?.requests, 20);
  assert.equal(samples[0]?.upstreamCalls, 1, `${contestant.name}: one upstream call for each request`);
  assert(memory.rssMb > 10 && memory.peakMb >= memory.rssMb);
}
process.stdout.write("counters: correct\n");

for (const { contestant, samples } of await measureLatency(release, { ...measured, maxMs: 500 })) {
  assert(Number(samples[0]?.blockedCpuMs) >= 0, `${contestant.name}: the longest block was measured`);
}
process.stdout.write("probes: correct\n");
