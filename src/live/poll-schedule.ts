/** The poll schedule, and the backoff and limit of consecutive failures. */
import { CircuitOpen } from "../upstream/circuit-breaker.ts";
import { areCredentialsRejected, UpstreamError } from "../upstream/upstream-error.ts";

export interface PollScheduleOptions {
  /** Delays between calls, in milliseconds. The last one repeats. */
  readonly scheduleMs: readonly number[];
  /** Number of consecutive failures after which calls stop. */
  readonly maxFailures: number;
}

export interface PollSchedule {
  /** Advances the schedule. @returns the delay before the next call, in milliseconds. */
  readonly next: () => number;
  /** Returns to the start of the schedule. */
  readonly restart: () => void;
  /** Resets the count of consecutive failures. */
  readonly succeeded: () => void;
  /**
   * Counts a failure and advances the schedule. A call that was not made, because the circuit breaker is open, is not
   * counted: otherwise the short time until the next test call would end subscriptions.
   * @returns the delay before the next call, in milliseconds.
   * @throws the error, if it was the last permitted failure or a retry cannot help.
   */
  readonly failed: (error: unknown) => number;
}

/** Maximum delay of a Node.js timer. */
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
      if (error instanceof CircuitOpen) return next();
      failures += 1;
      if (!(error instanceof UpstreamError) || areCredentialsRejected(error) || failures >= maxFailures)
        throw error;
      return next();
    },
  };
}

/** The delay that the upstream requested (`Retry-After`), in milliseconds. 0 if none. */
export const retryAfterMsOf = (error: unknown): number =>
  Math.min(error instanceof UpstreamError ? (error.retryAfterMs ?? 0) : 0, MAX_WAIT_MS);

export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
