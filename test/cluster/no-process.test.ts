/** The system refuses another process, such as without memory, or while the file of Node.js is being replaced. */
import cluster from "node:cluster";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { WorkerFailed } from "../../src/cluster/messages.ts";
import { startWorkers } from "../../src/cluster/primary.ts";

const LISTENING_WORKER = fileURLToPath(new URL("listening-worker.ts", import.meta.url));

/** What happens with this as the file of Node.js. */
const REFUSALS: readonly [refusal: string, execPath: string][] = [
  ["later", "/nonexistent/node"],
  ["at once", ""],
];

function start() {
  cluster.setupPrimary({ exec: LISTENING_WORKER, args: [], execArgv: [] });
  return startWorkers({ workers: 2, simulatorUrl: null, logLevel: "silent", trustedNames: new Set() });
}

/** Refuses all processes. @returns how many it has refused, and a function that permits them again */
function refuse(execPath: string) {
  const original = process.execPath;
  let refused = 0;
  const define = (get: () => string) =>
    Object.defineProperty(process, "execPath", { get, configurable: true });
  define(() => {
    refused += 1;
    return execPath;
  });
  const permit = () => void define(() => original);
  onTestFinished(permit);
  return { refused: () => refused, permit };
}

const runningPids = () => Object.values(cluster.workers ?? {}).flatMap((worker) => worker?.process.pid ?? []);

it.each(REFUSALS)("fails the start if that is reported %s", async (_refusal, execPath) => {
  refuse(execPath);
  await expect(start()).rejects.toThrow(WorkerFailed);
});

it.each(REFUSALS)("does not prevent later attempts if that is reported %s", async (_refusal, execPath) => {
  const gateway = await start();
  const [killed = 0, other = 0] = runningPids();
  const { refused, permit } = refuse(execPath);
  process.kill(killed, "SIGKILL");
  await expect.poll(refused).toBeGreaterThan(0);
  permit();
  await expect.poll(() => runningPids().filter((pid) => pid !== killed && pid !== other).length).toBe(1);
  gateway.announceShutdown();
  await gateway.close();
});
