/** Long work in slices, between which the browser paints and handles input. */

/** Resolves in a new task. `scheduler.yield` continues before other work that waits, where browsers have it. */
function nextTask(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { readonly yield?: () => Promise<void> } };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Calls `work` for the items from 0 to `count`, in slices with a task of their own. The size of a slice is fixed, so
 * that the work of one task is bounded on every machine.
 * @returns false if the signal has ended the work.
 */
export async function inSlices(
  count: number,
  sliceSize: number,
  work: (from: number, to: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  for (let from = 0; from < count; from += sliceSize) {
    if (from > 0) await nextTask();
    if (signal.aborted) return false;
    work(from, Math.min(from + sliceSize, count));
  }
  return !signal.aborted;
}
