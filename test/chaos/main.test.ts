/** The command `npm run chaos`: its options, and its end by a signal. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasRedis } from "../support/redis-server.ts";

/** Starts the command. It is ended with the test. */
function startChaos(...options: string[]) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/main.ts`, ...options]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** The ids of the processes that it has started. Linux only. */
const childrenOf = ({ pid }: ChildProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number);

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("the chaos", () => {
  it.each([
    [["--minutes", "soon"], /^--minutes: expected a number above 0 and up to 1440, got "soon"\.\n/],
    [["--minutes", "0"], /^--minutes: expected .*, got "0"\.\n/],
    [["--seed", "1.5"], /^--seed: expected a whole number, got "1\.5"\.\n/],
    [["--seed"], /^Option '--seed <value>' argument missing\n/],
    [["--frobnicate"], /^Unknown option '--frobnicate'/],
  ] as const)("rejects %j with its help and exits with code 1", async (options, message) => {
    const chaos = startChaos(...options);
    expect(await chaos.ended).toBe(1);
    expect(chaos.stderr()).toMatch(message);
    expect(chaos.stderr()).toContain("Usage: npm run chaos");
    expect(chaos.stderr()).not.toMatch(/\n +at /);
  });

  it.skipIf(!hasRedis || process.platform !== "linux")(
    "ends its processes and exits when it is interrupted",
    async () => {
      const chaos = startChaos("--seed", "7", "--minutes", "60");
      await expect.poll(chaos.stdout).toContain("seed 7, 60 minutes");
      // Redis and at least one gateway.
      await expect.poll(() => childrenOf(chaos.child).length).toBeGreaterThan(1);
      const children = childrenOf(chaos.child);
      chaos.child.kill("SIGTERM");
      expect(await chaos.ended).toBe(143);
      expect(children.filter(isRunning)).toEqual([]);
      expect(chaos.stdout()).toContain("seed 7: interrupted by SIGTERM.");
      expect(chaos.stdout()).not.toContain("VIOLATION");
      expect(chaos.stderr()).toBe("");
    },
  );
});
