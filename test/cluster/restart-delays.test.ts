/** Workers that end again and again are replaced less and less often. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { KILLED_AFTER_MS } from "../../src/cluster/primary.ts";
import { createRestartDelays } from "../../src/cluster/restart-delays.ts";
import { MAX_CLOSE_MS } from "../../src/gateway.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

it("doubles the delay up to 10 seconds", () => {
  const delays = createRestartDelays();
  const next = () => {
    delays.started();
    return delays.next();
  };
  expect(Array.from({ length: 9 }, next)).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

it("begins again after a worker has run for a minute", () => {
  const delays = createRestartDelays();
  for (let times = 0; times < 5; times++) delays.next();
  delays.started();
  vi.advanceTimersByTime(59_999);
  expect(delays.next()).toBe(3_200);
  delays.started();
  vi.advanceTimersByTime(60_000);
  expect(delays.next()).toBe(100);
});

it("does not kill workers before their shutdown can end", () => {
  expect(KILLED_AFTER_MS).toBeGreaterThanOrEqual(MAX_CLOSE_MS);
});
