/** The built programs as separate processes. `npm test` builds them; after a change, run `npm run build`. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";

export interface Program {
  readonly process: ChildProcessWithoutNullStreams;
  /** The exit code, null if a signal ended the process. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until the output fulfills the condition. Rejects if the program ends before. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** URL of the GraphQL endpoint once it is served. Rejects if the program ends before. */
  readonly url: () => Promise<string>;
}

const DIST = new URL("../../dist/", import.meta.url);
const CLOCK = new URL("../support/program-clock.ts", import.meta.url);

/** Environment of a program whose timers are slower than any test. */
export const SLOW_CLOCK = { NODE_OPTIONS: `--import ${CLOCK}`, CLOCK_FACTOR: "1000" };

/** Environment of a program whose timers of exactly this length end when it receives SIGUSR2. */
export const heldClock = (ms: number) => ({ NODE_OPTIONS: `--import ${CLOCK}`, CLOCK_HELD_MS: String(ms) });

/** Runs `dist/<file>` for one test on a free port, with only the given environment. */
export function runProgram(
  test: Pick<TestContext, "onTestFinished">,
  file: "main.js" | "cli.js",
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): Program {
  const path = fileURLToPath(new URL(file, DIST));
  if (!existsSync(path)) throw new Error(`Expected ${path} to be built: \`npm run build\`.`);
  const child = spawn(process.execPath, [path, ...args], { env: { PORT: "0", ...environment } });
  test.onTestFinished(() => void child.kill("SIGKILL"));
  return observe(child);
}

/** The output and the end of a process. */
export function observe(child: ChildProcessWithoutNullStreams): Program {
  const output = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const look of waiting) look();
    });
  }
  const ended: Program["ended"] = new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const until: Program["until"] = (condition) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(() =>
        reject(new Error(`Expected ${condition}, but the program ended:\n${output.stdout}${output.stderr}`)),
      );
    });
  const url = async () => {
    const found = () => /^GraphQL.* (http:\S+\/graphql)$/m.exec(output.stderr)?.[1];
    await until(() => found() !== undefined);
    return found() ?? "";
  };
  return { process: child, ended, stdout: () => output.stdout, stderr: () => output.stderr, until, url };
}
