/** The windows of callers that are counted in Redis, too. */
import { expect, it, onTestFinished, vi } from "vitest";
import { createCallerWindows } from "../../src/http/caller-windows.ts";
import type { OperationCount, OperationCounts } from "../../src/redis/operation-counts.ts";

const WINDOW_MS = 1_000;
/** How long a command takes to Redis, and its reply back. */
const WAY_MS = 10;

/** A clock, and a Redis at some distance, with one counter. */
function useDistantRedis() {
  let now = 1_000_000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => void clock.mockRestore());
  let counter = { count: 0, endsAt: -Infinity };
  const counts: OperationCounts = {
    nameOf: (caller) => caller,
    add: async (_name, known) => {
      now += WAY_MS;
      if (now >= counter.endsAt) counter = { count: 0, endsAt: now + known.remainingMs };
      counter.count = Math.max(counter.count + 1, known.count);
      const total: OperationCount = { count: counter.count, remainingMs: counter.endsAt - now };
      // The caller continues when the reply has arrived.
      await Promise.resolve();
      now += WAY_MS;
      return total;
    },
  };
  return { counts, wait: (ms: number) => (now += ms) };
}

it("end for a caller that sends operations without a pause, as often as those of Redis", async () => {
  const { counts } = useDistantRedis();
  const count = createCallerWindows({ max: 1_000, windowMs: WINDOW_MS }, counts);
  let highest = 0;
  for (let operations = 0; operations < 200; operations += 1)
    highest = Math.max(highest, (await count("ann")).count);
  // One operation takes both ways.
  expect(highest).toBeLessThanOrEqual(WINDOW_MS / (2 * WAY_MS) + 2);
});

it("are those of other instances, once Redis has answered", async () => {
  const { counts, wait } = useDistantRedis();
  const first = createCallerWindows({ max: 1_000, windowMs: WINDOW_MS }, counts);
  const second = createCallerWindows({ max: 1_000, windowMs: WINDOW_MS }, counts);
  await first("ann");
  wait(WINDOW_MS / 2);
  expect(await second("ann")).toEqual({ count: 2, remainingMs: WINDOW_MS / 2 - 2 * WAY_MS });
  wait(WINDOW_MS / 2);
  expect(await second("ann")).toMatchObject({ count: 1 });
});
