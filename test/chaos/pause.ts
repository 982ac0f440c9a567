/** Pauses of the actors. The only place of the chaos where time passes by itself. */
// biome-ignore lint/style/noRestrictedImports: faults last for a time; no check depends on how long a pause takes
import { setTimeout as sleep } from "node:timers/promises";

/** Ends early, without an error, when `signal` aborts. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, signal && { signal }).catch(() => {});

/** Resolves to true as soon as the condition holds, or to false after `limitMs`. */
export async function holdsWithin(
  limitMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > until) return false;
    await pause(50);
  }
  return true;
}

/** The result of `promise`, or null if it takes longer than `limitMs`. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  try {
    return await Promise.race([promise, pause(limitMs, done.signal).then(() => null)]);
  } finally {
    done.abort();
  }
}
