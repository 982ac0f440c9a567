/**
 * Request coalescing (single flight): requests join upstream calls that are already in flight. A call is aborted when
 * its last waiter leaves. This file also determines whether a call in flight has been overtaken by one that started
 * later.
 */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { CallTrace } from "../model/operation-trace.ts";
import type { CallTerms } from "../upstream/attempts.ts";
import type { Deadline } from "../upstream/deadline.ts";
import type { Snapshot } from "./snapshot-cache.ts";
import { createWait } from "./waiting.ts";

export interface InFlightOptions {
  /** Called with each result that is newer than all previous ones for its key. */
  readonly onNewest: (key: string, snapshot: Snapshot) => void;
  readonly onFailed: (key: string, startedAt: number, error: unknown) => void;
  /** Results of calls that started earlier must not be used. */
  readonly usableFrom: (key: string) => number;
}

/** An upstream call in flight. */
interface InFlightCall {
  readonly requiredData: RequiredData;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** Null if the call is not traced. */
  readonly trace: CallTrace | null;
  /**
   * Adds a waiter and resolves to the result of the call. When `signal` aborts, the waiter leaves with the reason of
   * the signal, and when its deadline passes, with a timeout. The call itself is aborted only when the last waiter
   * leaves, so it may run until the latest deadline. It may be retried if `mayRetry` is true for any waiter.
   */
  readonly wait: (signal: AbortSignal, mayRetry: boolean, deadline: Deadline | null) => Promise<JobOutcome>;
  /** True when a call for the same key that started later has already returned, or the result must not be used. */
  readonly isOvertaken: () => boolean;
  /** False when the result must not be used at all. */
  readonly isUsable: () => boolean;
}

export interface InFlightCalls {
  /**
   * The latest call for `key` that a request may join: it started at `from` or later, has not been overtaken, and
   * requests `requiredData`, or more than that up to `maxData`.
   */
  readonly find: (
    key: string,
    requiredData: RequiredData,
    maxData: RequiredData,
    from: number,
  ) => InFlightCall | null;
  /**
   * Starts a call that other requests can join. `run` gets a signal that aborts when the last waiter leaves, and what
   * the waiters expect.
   */
  readonly start: (
    key: string,
    requiredData: RequiredData,
    trace: CallTrace | null,
    run: (signal: AbortSignal, terms: CallTerms) => Promise<JobOutcome>,
  ) => InFlightCall;
  /** A snapshot that this instance did not request has overtaken the calls for `key` that started earlier. */
  readonly overtake: (key: string, startedAt: number) => void;
}

/** The calls for one key. Exists while any of them is in flight. */
interface Slot {
  count: number;
  /** When the last attempt of the newest result started. Calls whose last attempt started before it have been overtaken. */
  newestStart: number;
  /** The latest call of each kind. */
  status: InFlightCall | null;
  hosts: InFlightCall | null;
}

export function createInFlightCalls({ onNewest, onFailed, usableFrom }: InFlightOptions): InFlightCalls {
  const slots = new Map<string, Slot>();

  const find: InFlightCalls["find"] = (key, requiredData, maxData, from) => {
    const slot = slots.get(key);
    if (!slot) return null;
    const canJoin = (call: InFlightCall | null) =>
      call !== null && call.startedAt >= from && !call.isOvertaken() ? call : null;
    const same = canJoin(slot[requiredData]);
    const more = canJoin(slot[maxData]);
    // Prefer the later of the two, which the other cannot overtake.
    return same && more && same.startedAt > more.startedAt ? same : (more ?? same);
  };

  const start: InFlightCalls["start"] = (key, requiredData, trace, run) => {
    const slot = slots.get(key) ?? { count: 0, newestStart: -Infinity, status: null, hosts: null };
    slots.set(key, slot);
    slot.count += 1;
    const startedAt = performance.now();
    const terms = { mayRetry: false, deadlineAt: -Infinity, startedAt };
    const controller = new AbortController();
    const leave = () => {
      if (slot[requiredData] === call) slot[requiredData] = null;
      slot.count -= 1;
      if (slot.count === 0) slots.delete(key);
    };
    const isUsable = () => terms.startedAt >= usableFrom(key);
    const isOvertaken = () => terms.startedAt < slot.newestStart || !isUsable();
    const result = run(controller.signal, terms).then(
      (outcome) => {
        leave();
        if (!isOvertaken()) {
          slot.newestStart = terms.startedAt;
          onNewest(key, { outcome, requiredData, startedAt: terms.startedAt });
        }
        return outcome;
      },
      (error: unknown) => {
        leave();
        onFailed(key, terms.startedAt, error);
        throw error;
      },
    );
    const waitFor = createWait(result, (reason) => {
      // Requests must not join a call that is being aborted.
      if (slot[requiredData] === call) slot[requiredData] = null;
      controller.abort(reason);
    });
    const wait: InFlightCall["wait"] = (signal, mayRetry, deadline) => {
      if (mayRetry) terms.mayRetry = true;
      terms.deadlineAt = Math.max(terms.deadlineAt, deadline?.at ?? Infinity);
      return waitFor(signal, deadline);
    };
    const call: InFlightCall = { requiredData, startedAt, trace, wait, isOvertaken, isUsable };
    slot[requiredData] = call;
    return call;
  };

  const overtake: InFlightCalls["overtake"] = (key, startedAt) => {
    const slot = slots.get(key);
    if (slot) slot.newestStart = Math.max(slot.newestStart, startedAt);
  };

  return { find, start, overtake };
}
