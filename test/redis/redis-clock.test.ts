/** Times of Redis and of an instance: ranges that contain the truth, and a clock of Redis that is set. */
import { expect, it, vi } from "vitest";
import { createRedisClock } from "../../src/redis/redis-clock.ts";

const MAX_USE_MS = 5_000;

/** A clock of Redis that is ahead of this instance, and a round trip of 10 ms. */
const sampleAt = (sentAt: number, aheadMs: number, delayMs = 5) => ({
  sentAt,
  receivedAt: sentAt + 10,
  time: sentAt + delayMs + aheadMs,
});

it("knows no times before the first sample", () => {
  const clock = createRedisClock(MAX_USE_MS);
  expect(clock.toRedis(0)).toBeNull();
  expect(clock.toLocal({ earliest: 0, latest: 0 })).toBeNull();
});

it.each([0, 5, 10])(
  "converts to ranges that contain the time, if Redis has read its clock after %i ms",
  (delayMs) => {
    const now = performance.now();
    const writer = createRedisClock(MAX_USE_MS);
    writer.add(sampleAt(now, 1_000_000, delayMs));
    const stored = writer.toRedis(now - 100);
    expect(stored?.earliest).toBeLessThanOrEqual(now + 999_900);
    expect(stored?.latest).toBeGreaterThanOrEqual(now + 999_900);

    // Another machine, whose clock is at another time.
    const reader = createRedisClock(MAX_USE_MS);
    reader.add(sampleAt(now, 1_000_000, 10 - delayMs));
    const start = stored && reader.toLocal(stored);
    expect(start?.earliest).toBeLessThanOrEqual(now - 100);
    expect(start?.latest).toBeGreaterThanOrEqual(now - 100);
    expect((start?.latest ?? 0) - (start?.earliest ?? 0)).toBeLessThanOrEqual(24);
  },
);

it.each([-3_000, 3_000])(
  "ignores stored times for a while after the clock of Redis was set by %i ms",
  (stepMs) => {
    const now = performance.now();
    const time = vi.spyOn(performance, "now").mockReturnValue(now);
    const clock = createRedisClock(MAX_USE_MS);
    clock.add(sampleAt(now, 1_000_000));
    clock.add(sampleAt(now + 1_000, 1_000_001));
    expect(clock.toLocal({ earliest: 0, latest: 0 })).not.toBeNull();
    clock.add(sampleAt(now + 2_000, 1_000_001 + stepMs));
    time.mockReturnValue(now + 2_000 + MAX_USE_MS + 2_900);
    expect(clock.toLocal({ earliest: 0, latest: 0 })).toBeNull();
    time.mockReturnValue(now + 2_010 + MAX_USE_MS + 3_000);
    expect(clock.toLocal({ earliest: 0, latest: 0 })).not.toBeNull();
    time.mockRestore();
  },
);
