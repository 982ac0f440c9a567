/** `npm run smoke`: every server answers every workload rightly in both dialects, and the counters count. */
import { strict as assert } from "node:assert";
import { CONTESTANTS } from "./catalogue.ts";
import { measure, withStage } from "./measure.ts";
import { WORKLOADS } from "./workloads.ts";

const options = {
  servers: CONTESTANTS.map(({ name }) => name),
  rounds: 1,
  requests: 20,
  environment: {},
  profileFolder: null,
};

for (const dialect of ["release", "contract"] as const) {
  const asks = new Set(WORKLOADS.map(({ ask }) => ask));
  await withStage({ name: "smoke", dialect, isHot: false }, options, async ({ runners }) => {
    for (const runner of runners) {
      for (const ask of asks) await runner.expect(ask);
      process.stdout.write(`${runner.contestant.name} (${dialect}): right answers\n`);
    }
  });
}

const [small] = WORKLOADS;
assert(small);
for (const { contestant, samples, memory } of await measure({ ...small, warmUp: 10 }, options)) {
  assert.equal(samples.length, 1);
  assert.equal(samples[0]?.requests, 20);
  assert.equal(samples[0]?.upstreamCalls, 1, `${contestant.name}: one upstream call for each request`);
  assert(memory.rssMb > 10 && memory.peakMb >= memory.rssMb);
}
process.stdout.write("counters: right\n");
