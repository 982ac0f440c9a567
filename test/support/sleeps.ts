/**
 * Controls `setTimeout` of `node:timers/promises` for code in the test's own process, so that no test depends on how
 * fast the machine is. A test file that uses it mocks the module:
 *
 *     const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
 *     vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));
 */
import type * as timers from "node:timers/promises";
import { expect, onTestFinished } from "vitest";

interface Sleeps {
  /** The module with a `setTimeout` that is real unless a test holds it. */
  readonly mock: <T extends { readonly setTimeout: typeof timers.setTimeout }>(actual: T) => T;
  /** Until the end of the test, a sleep ends only when the test ends it, or by its signal. */
  readonly hold: () => HeldSleeps;
  /** Records the lengths in milliseconds of all sleeps that start until the end of the test. */
  readonly record: () => readonly number[];
}

export interface HeldSleeps {
  /** Lengths in milliseconds of the current sleeps, oldest first. */
  readonly lengths: () => readonly number[];
  /** Waits for a sleep of this length and ends the oldest one. */
  readonly end: (ms: number) => Promise<void>;
}

interface HeldSleep {
  readonly ms: number;
  readonly end: () => void;
}

export function createSleeps(): Sleeps {
  let held: Set<HeldSleep> | null = null;
  let recorded: number[] = [];

  const hold: Sleeps["hold"] = () => {
    const open = new Set<HeldSleep>();
    held = open;
    onTestFinished(() => {
      held = null;
      for (const { end } of open) end();
    });
    const lengths = () => Array.from(open, ({ ms }) => ms);
    const end = async (ms: number) => {
      await expect.poll(lengths).toContain(ms);
      open
        .values()
        .find((sleep) => sleep.ms === ms)
        ?.end();
    };
    return { lengths, end };
  };

  const record: Sleeps["record"] = () => {
    recorded = [];
    return recorded;
  };

  const mock: Sleeps["mock"] = (actual) => ({
    ...actual,
    setTimeout: (ms = 0, value?: never, options: { signal?: AbortSignal } = {}) => {
      recorded.push(ms);
      return held ? holdSleep(held, ms, value, options.signal) : actual.setTimeout(ms, value, options);
    },
  });

  return { mock, hold, record };
}

function holdSleep<T>(open: Set<HeldSleep>, ms: number, value: T, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const sleep: HeldSleep = {
      ms,
      end: () => {
        open.delete(sleep);
        signal?.removeEventListener("abort", onAbort);
        resolve(value);
      },
    };
    const onAbort = () => {
      open.delete(sleep);
      reject(signal?.reason);
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    open.add(sleep);
  });
}
