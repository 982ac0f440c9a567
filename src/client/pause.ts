/** Waits that a signal ends. */

/** Maximum delay of a timer. A longer one would end at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A delay that a timer can wait. Null if the value is not a number from 0. */
export const toDelayMs = (value: unknown): number | null =>
  typeof value === "number" && value >= 0 ? Math.min(value, MAX_TIMER_MS) : null;

/** @throws the reason of the signal. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Waits for a promise whose work cannot be aborted.
 * @throws the reason of the signal.
 */
export function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.finally(() => signal.removeEventListener("abort", abort)).then(resolve, reject);
  });
}
