/** `npm run chaos -- --minutes 10 --seed 42`: gateways under random faults. Exits with code 1 after a violation. */
import { parseArgs } from "node:util";
import type { TestContext } from "vitest";
import { hasRedis } from "../support/redis-server.ts";
import { runChaos } from "./run.ts";

const HELP = `Usage: npm run chaos -- [options]

Runs three gateways with one Redis before an upstream that fails at random, ends and restarts all of them, and checks
every response.

Options:
  --minutes <number>  how long the chaos takes, without the checks after it (default: 2)
  --seed <number>     repeats the random choices of an earlier run, but not their timing (default: random)
  --help              shows this help
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    help: { type: "boolean", default: false },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];

if (values.help) {
  console.log(HELP);
} else if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error(`Expected --minutes above 0 and a whole number as --seed.\n\n${HELP}`);
  process.exitCode = 1;
} else if (hasRedis) {
  await run();
} else {
  console.warn("SKIPPED: the chaos needs redis-server.");
}

async function run(): Promise<void> {
  const cleanups: (() => unknown)[] = [];
  const test: Pick<TestContext, "onTestFinished"> = {
    // None of them uses the context of a test, which does not exist here.
    onTestFinished: (cleanup) => void cleanups.push(cleanup as () => unknown),
  };
  console.log(`seed ${seed}, ${minutes} minutes`);
  try {
    const report = await runChaos({ seed, minutes, onProgress: (text) => console.log(text) }, test);
    console.log(report.describe());
    const count = report.violations.length;
    console.log(`seed ${seed}: ${count === 0 ? "no violation" : `${count} violations`}`);
    if (count > 0) process.exitCode = 1;
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
  // Connections of clients that nobody closes must not keep the process alive.
  process.exit();
}
