/** Waiting for a shared result, which each waiter can stop. */
import { type Deadline, deadlineError } from "../upstream/deadline.ts";

/**
 * Shares `result` between waiters: each leaves with an error when its signal aborts or its deadline passes.
 * @param onAbandoned called when the last waiter leaves before the result arrives.
 */
export function createWait<T>(
  result: Promise<T>,
  onAbandoned: (reason: unknown) => void,
): (signal: AbortSignal, deadline: Deadline | null) => Promise<T> {
  let waiters = 0;
  return (signal, deadline) =>
    new Promise((resolve, reject) => {
      waiters += 1;
      const leave = (reason: unknown) => {
        onDone();
        reject(reason);
        waiters -= 1;
        if (waiters === 0) onAbandoned(reason);
      };
      const onAbort = () => leave(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      const timer = deadline && setTimeout(() => leave(deadlineError(deadline)), msUntil(deadline));
      const onDone = () => {
        signal.removeEventListener("abort", onAbort);
        if (timer) clearTimeout(timer);
      };
      result.then(
        (value) => {
          onDone();
          resolve(value);
        },
        (error: unknown) => {
          onDone();
          reject(error);
        },
      );
    });
}

/**
 * One more than needed, because timers of Node.js count whole milliseconds and can fire almost one early: the deadline must
 * have passed when the timer fires. At least 1, because Node.js warns about timers that are due.
 */
const msUntil = ({ at }: Deadline): number => Math.max(1, Math.ceil(at - performance.now()) + 1);
