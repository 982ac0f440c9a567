/** A worker process, as the primary sees it. */
import cluster from "node:cluster";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { forkWorker } from "../../src/cluster/running-worker.ts";

const COUNTING_WORKER = fileURLToPath(new URL("counting-worker.ts", import.meta.url));

function fork() {
  cluster.setupPrimary({ exec: COUNTING_WORKER, args: [], execArgv: [] });
  const worker = forkWorker(
    { number: 1, simulatorUrl: null, freePorts: null },
    { onListening: () => {}, onReadMetrics: () => {}, hasOthers: () => false },
  );
  onTestFinished(worker.kill);
  return worker;
}

it("is asked for its metrics once at a time, and has none if it ends before it answers", async () => {
  const { collectMetrics, ended } = fork();
  const collected = async () => (await collectMetrics())?.[0]?.values[0]?.value ?? null;
  expect(await Promise.all([collected(), collected(), collected()])).toEqual([1, 1, 1]);
  expect(await collected()).toBe(2);
  expect(await collected()).toBe(null);
  expect(await ended).toMatchObject({ code: 0 });
});
