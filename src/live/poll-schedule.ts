/** When to call the upstream again: by a schedule, and not for ever while it fails. */
import { UpstreamError, type UpstreamErrorCode } from "../upstream/upstream-error.ts";

export interface PollScheduleOptions {
  /** Waits between calls, in milliseconds; the last one repeats. */
  readonly scheduleMs: readonly number[];
  /** Failures in a row after which there are no more calls. */
  readonly maxFailures: number;
}

export interface PollSchedule {
  /** The wait before the next call, in milliseconds. Each is one further on in the schedule. */
  readonly next: () => number;
  /** Back to the start of the schedule. */
  readonly restart: () => void;
  /** The upstream has answered: failures before that no longer count. */
  readonly succeeded: () => void;
  /**
   * Counts a failure.
   * @returns the wait before the next call, in milliseconds.
   * @throws the failure, when it was one too many or another call would not help.
   */
  readonly failed: (error: unknown) => number;
}

/** Timers cannot wait longer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export function createPollSchedule({ scheduleMs, maxFailures }: PollScheduleOptions): PollSchedule {
  let position = 0;
  let failures = 0;

  const next = () => {
    const waitMs = scheduleMs[Math.min(position, scheduleMs.length - 1)] ?? 0;
    position += 1;
    return waitMs;
  };
  return {
    next,
    restart: () => {
      position = 0;
    },
    succeeded: () => {
      failures = 0;
    },
    failed: (error) => {
      failures += 1;
      if (!(error instanceof UpstreamError) || isRefusal(error) || failures >= maxFailures) throw error;
      return next();
    },
  };
}

/** How long the upstream asks to wait after a failure (`Retry-After`), in milliseconds; 0 where it does not. */
export const retryAfterMs = (error: unknown): number =>
  Math.min(error instanceof UpstreamError ? (error.retryAfterMs ?? 0) : 0, MAX_WAIT_MS);

const REFUSALS: ReadonlySet<UpstreamErrorCode> = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/** True for a failure that is about the caller's credentials: other callers need not have it, and time does not help. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof UpstreamError && REFUSALS.has(error.code);
