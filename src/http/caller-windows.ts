/**
 * Counts the operations of each caller within its window, which begins with its first operation.
 *
 * If instances share counters, each operation is counted in Redis, too, and the instance continues from the count of all
 * instances. So while Redis does not answer, it counts on alone from there, and a caller that has exceeded the limit
 * stays rejected.
 *
 * Time is monotonic: setting the clock of the machine does not move a window.
 */
import { LRUCache } from "lru-cache";
import type { OperationCount, OperationCounts } from "../redis/operation-counts.ts";

/** Maximum number of callers with a window, a few hundred bytes each. The least recently seen start again. */
const MAX_CALLERS = 10_000;

/**
 * Maximum number of new callers within a window whose operations are counted in Redis, about 150 bytes each. Credentials
 * are not verified before they are counted, so anyone can create callers.
 */
const MAX_NEW_SHARED_CALLERS = 10_000;

interface CallerWindow {
  /** Operations that this instance knows of. */
  count: number;
  /** In whole milliseconds, so that no duration is longer than the window by a rounding error. */
  endsAt: number;
  /** Name of the counter in Redis. Null if operations are only counted here. */
  readonly sharedName: string | null;
}

export interface CallerWindowsOptions {
  /** The limit. Operations beyond it are not counted in Redis. */
  readonly max: number;
  readonly windowMs: number;
}

/** Counts one operation of a caller. */
export type CountOperation = (caller: string) => OperationCount | Promise<OperationCount>;

/** @param shared null if this instance counts alone */
export function createCallerWindows(
  { max, windowMs }: CallerWindowsOptions,
  shared: OperationCounts | null,
): CountOperation {
  const windows = new LRUCache<string, CallerWindow>({ max: MAX_CALLERS });
  let newCallers = 0;
  let newCallersUntil = 0;

  const sharedNameOf = (caller: string, now: number): string | null => {
    if (!shared) return null;
    if (now >= newCallersUntil) {
      newCallers = 0;
      newCallersUntil = now + windowMs;
    }
    newCallers += 1;
    return newCallers <= MAX_NEW_SHARED_CALLERS ? shared.nameOf(caller) : null;
  };

  const windowOf = (caller: string, now: number): CallerWindow => {
    const found = windows.get(caller);
    if (found && now < found.endsAt) return found;
    const sharedName = found?.sharedName ?? sharedNameOf(caller, now);
    const started: CallerWindow = { count: 0, endsAt: now + windowMs, sharedName };
    windows.set(caller, started);
    return started;
  };

  const addToShared = async (
    counts: OperationCounts,
    name: string,
    window: CallerWindow,
    known: OperationCount,
  ): Promise<OperationCount> => {
    const askedAt = currentTime();
    const total = await counts.add(name, known);
    if (!total) return known;
    // Further operations may have started meanwhile.
    window.count = Math.max(window.count, total.count);
    // Not after the end in Redis, whenever Redis has read its clock. An operation between the two ends would store the count
    // of this window again, for the time left here: a caller that sends without a pause would never get a new window.
    window.endsAt = askedAt + total.remainingMs;
    return total;
  };

  return (caller) => {
    const now = currentTime();
    const window = windowOf(caller, now);
    window.count += 1;
    const known: OperationCount = { count: window.count, remainingMs: window.endsAt - now };
    // Beyond the limit, the operation is rejected in any case, and a caller that sends too much does not burden Redis.
    if (!shared || window.sharedName === null || window.count > max) return known;
    return addToShared(shared, window.sharedName, window, known);
  };
}

const currentTime = (): number => Math.floor(performance.now());
