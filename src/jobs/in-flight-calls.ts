/**
 * Request coalescing: upstream calls in flight, and who waits for them. A call that nobody waits for any more is
 * aborted. Here is also known, for as long as it can matter, which call was overtaken by one that was started later.
 */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { Snapshot } from "./snapshot-cache.ts";

/** One upstream call in flight. */
interface InFlightCall {
  readonly requiredData: RequiredData;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  /**
   * The call's result, for one more waiter. When `signal` aborts, that waiter gets its reason; the call itself is
   * aborted only when it was the last.
   */
  readonly wait: (signal: AbortSignal) => Promise<JobOutcome>;
  /** Whether a call for the same key that was started later has returned already. */
  readonly isOvertaken: () => boolean;
}

export interface InFlightCalls {
  /**
   * The call that was started last for `key`, if it was started at `from` or later, is not overtaken, and asks for
   * `requiredData`; for the status also one that asks for more, up to `most`.
   */
  readonly find: (
    key: string,
    requiredData: RequiredData,
    most: RequiredData,
    from: number,
  ) => InFlightCall | null;
  /** Starts a call that others can join. `run` gets a signal that aborts when nobody waits. */
  readonly start: (
    key: string,
    requiredData: RequiredData,
    run: (signal: AbortSignal) => Promise<JobOutcome>,
  ) => InFlightCall;
}

/** The calls for one key. It is there while any of them is in flight. */
interface Slot {
  count: number;
  /** When the newest result that has returned was asked for: what may still come from before it is older. */
  newestStart: number;
  /** The call of each kind that was started last. */
  status: InFlightCall | null;
  hosts: InFlightCall | null;
}

/** @param onNewest gets each result that is not older than another for its key. */
export function createInFlightCalls(onNewest: (key: string, snapshot: Snapshot) => void): InFlightCalls {
  const slots = new Map<string, Slot>();

  const find: InFlightCalls["find"] = (key, requiredData, most, from) => {
    const slot = slots.get(key);
    if (!slot) return null;
    const canJoin = (call: InFlightCall | null) =>
      call !== null && call.startedAt >= from && !call.isOvertaken() ? call : null;
    const same = canJoin(slot[requiredData]);
    const more = canJoin(slot[most]);
    // The later of the two cannot be overtaken by the other.
    return same && more && same.startedAt > more.startedAt ? same : (more ?? same);
  };

  const start: InFlightCalls["start"] = (key, requiredData, run) => {
    const slot = slots.get(key) ?? { count: 0, newestStart: -Infinity, status: null, hosts: null };
    slots.set(key, slot);
    slot.count += 1;
    const startedAt = performance.now();
    const controller = new AbortController();
    const leave = () => {
      if (slot[requiredData] === call) slot[requiredData] = null;
      slot.count -= 1;
      if (slot.count === 0) slots.delete(key);
    };
    const isOvertaken = () => startedAt < slot.newestStart;
    const result = run(controller.signal).then(
      (outcome) => {
        leave();
        if (!isOvertaken()) {
          slot.newestStart = startedAt;
          onNewest(key, { outcome, requiredData, startedAt });
        }
        return outcome;
      },
      (error: unknown) => {
        leave();
        throw error;
      },
    );
    const wait = createWait(result, (reason) => {
      // Nobody may join what is being aborted.
      if (slot[requiredData] === call) slot[requiredData] = null;
      controller.abort(reason);
    });
    const call: InFlightCall = { requiredData, startedAt, wait, isOvertaken };
    slot[requiredData] = call;
    return call;
  };

  return { find, start };
}

/** Lets several wait for `result`. @param onAbandoned called when the last of them has gone before it came. */
function createWait<T>(
  result: Promise<T>,
  onAbandoned: (reason: unknown) => void,
): (signal: AbortSignal) => Promise<T> {
  let waiters = 0;
  return (signal) =>
    new Promise((resolve, reject) => {
      waiters += 1;
      const onAbort = () => {
        reject(signal.reason);
        waiters -= 1;
        if (waiters === 0) onAbandoned(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const onDone = () => signal.removeEventListener("abort", onAbort);
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
