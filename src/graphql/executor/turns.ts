/**
 * Turns of the event loop for walks that take long. Node.js runs all immediates that wait before it looks at sockets
 * again, so walks that each used `setImmediate` would block the loop for as long as all of them together. Here one walk
 * continues in each iteration.
 */

/** Resolves when it is the caller's turn. */
export type TakeTurn = () => Promise<void>;

export function createTurns(): TakeTurn {
  const waiting: (() => void)[] = [];
  let isScheduled = false;

  const next = () => {
    const resume = waiting.shift();
    isScheduled = waiting.length > 0;
    // Scheduled from within an immediate, it runs in the next iteration.
    if (isScheduled) setImmediate(next);
    resume?.();
  };

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(next);
    });
}
