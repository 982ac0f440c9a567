/** When to ask again: by a schedule, later when the upstream says so, and not for ever while it fails. */
import { UpstreamError, type UpstreamErrorCode } from "../upstream/upstream-error.ts";

export interface PaceOptions {
  /** Waits between asks, in milliseconds; the last one repeats. */
  readonly scheduleMs: readonly number[];
  /** Failures in a row after which there is no more asking. */
  readonly maxFailures: number;
}

export interface Pace {
  /** The wait before the next ask, in milliseconds. Each is one further on in the schedule. */
  readonly next: () => number;
  /** Back to the start of the schedule. */
  readonly restart: () => void;
  /** An answer came: failures before it count no more. */
  readonly succeeded: () => void;
  /**
   * The wait after a failure, in milliseconds.
   * @throws the failure, when it was one too many or asking again would not mend it.
   */
  readonly failed: (failure: unknown) => number;
}

/** Timers cannot wait longer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export function createPace({ scheduleMs, maxFailures }: PaceOptions): Pace {
  let place = 0;
  let failures = 0;

  const next = () => {
    const wait = scheduleMs[Math.min(place, scheduleMs.length - 1)] ?? 0;
    place += 1;
    return wait;
  };
  return {
    next,
    restart: () => {
      place = 0;
    },
    succeeded: () => {
      failures = 0;
    },
    failed: (failure) => {
      failures += 1;
      if (!(failure instanceof UpstreamError) || isRefusal(failure) || failures >= maxFailures) throw failure;
      return next();
    },
  };
}

/** How long the upstream asks to wait after a failure, in milliseconds; 0 where it does not. */
export const askedWaitMs = (failure: unknown): number =>
  Math.min(failure instanceof UpstreamError ? (failure.retryAfterMs ?? 0) : 0, MAX_WAIT_MS);

const REFUSALS: ReadonlySet<UpstreamErrorCode> = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/** True for a failure that is about the caller's credentials: no other caller need have it, and time does not mend it. */
export const isRefusal = (failure: unknown): boolean =>
  failure instanceof UpstreamError && REFUSALS.has(failure.code);
