/** When a worker that has ended is replaced: first after a short delay, which doubles each time, so that a fault does not keep the machine busy. */

const MIN_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** After this time, the end of a worker has nothing to do with its start, so the next delay is the shortest again. */
const STABLE_MS = 60_000;

export interface RestartDelays {
  readonly started: () => void;
  /** @returns the delay in milliseconds after which the worker that has ended is replaced */
  readonly next: () => number;
}

export function createRestartDelays(): RestartDelays {
  let startedAt = 0;
  let delayMs = MIN_DELAY_MS;
  return {
    started: () => {
      startedAt = performance.now();
    },
    next: () => {
      if (performance.now() - startedAt >= STABLE_MS) delayMs = MIN_DELAY_MS;
      const current = delayMs;
      delayMs = Math.min(MAX_DELAY_MS, delayMs * 2);
      return current;
    },
  };
}
