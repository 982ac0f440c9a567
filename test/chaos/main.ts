/** `npm run chaos -- --minutes 10 --seed 42`: gateways under random faults. Exits with code 1 after a violation or invalid options. */
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

/** A day. */
const MAX_MINUTES = 1_440;

const options = readOptions();
if (options === "help") {
  console.log(HELP);
} else if (typeof options === "string") {
  console.error(`${options}\n\n${HELP}`);
  process.exitCode = 1;
} else if (hasRedis) {
  await run(options);
} else {
  console.warn("SKIPPED: the chaos needs redis-server. Install it, and start the chaos again.");
}

/** @returns what is wrong with the options, if they are invalid */
function readOptions(): { readonly seed: number; readonly minutes: number } | string {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "2" },
        seed: { type: "string", default: String(Date.now() % 2 ** 31) },
        help: { type: "boolean", default: false },
      },
    });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (values.help) return "help";
    if (!(minutes > 0 && minutes <= MAX_MINUTES))
      return `--minutes: expected a number above 0 and up to ${MAX_MINUTES}, got "${values.minutes}".`;
    if (!/^\d+$/.test(values.seed) || !Number.isSafeInteger(seed))
      return `--seed: expected a whole number, got "${values.seed}".`;
    return { minutes, seed };
  } catch (error) {
    // Of an unknown option, or one without its value.
    return error instanceof Error ? error.message : String(error);
  }
}

async function run({ seed, minutes }: { readonly seed: number; readonly minutes: number }): Promise<void> {
  const cleanups: (() => unknown)[] = [];
  const test: Pick<TestContext, "onTestFinished"> = {
    // None of them uses the context of a test, which does not exist here.
    onTestFinished: (cleanup) => void cleanups.push(cleanup as () => unknown),
  };
  let signal: NodeJS.Signals | null = null;
  const interrupted = new Promise<null>((resolve) => {
    const onSignal = (name: NodeJS.Signals) => {
      signal ??= name;
      resolve(null);
    };
    for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  });
  // Ctrl-C also ends the gateways, which is no violation.
  const onProgress = (text: string) => void (signal === null && console.log(text));
  console.log(`seed ${seed}, ${minutes} minutes`);
  try {
    const report = await Promise.race([runChaos({ seed, minutes, onProgress }, test), interrupted]);
    if (report) {
      console.log(report.describe());
      const count = report.violations.length;
      console.log(`seed ${seed}: ${count === 0 ? "no violation" : `${count} violations`}`);
      if (count > 0) process.exitCode = 1;
    } else {
      console.log(`seed ${seed}: interrupted by ${signal}. Violations until then, if any, are above.`);
      process.exitCode = signal === "SIGINT" ? 130 : 143;
    }
  } finally {
    // The chaos may start a process again meanwhile.
    while (cleanups.length > 0) await cleanups.pop()?.();
  }
  // Connections of clients that nobody closes must not keep the process alive.
  process.exit();
}
