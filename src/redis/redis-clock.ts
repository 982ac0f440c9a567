/**
 * Converts times between the clock of this instance (`performance.now()`) and that of Redis, so that instances can tell
 * which of two upstream calls started later without comparing the clocks of their machines.
 *
 * Redis reads its clock at some time between sending `TIME` and receiving the reply, so each conversion has an earliest
 * and a latest result:
 *
 *     here      sentAt ────────── ? ────────── receivedAt
 *     Redis                     time
 *
 *     earliest time of Redis at `t`:  time + (t - receivedAt)
 *     latest time of Redis at `t`:    time + (t - sentAt)
 *
 * If the clock of Redis is set, times that were stored before cannot be compared with it. An instance that notices the
 * step ignores stored times until all times stored before it have expired (`maxUseMs` plus the step).
 */

/** One reply to `TIME`, in milliseconds. */
interface ClockSample {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly time: number;
}

interface TimeRange {
  readonly earliest: number;
  readonly latest: number;
}

export interface RedisClock {
  readonly add: (sample: ClockSample) => void;
  /** The time of Redis at a time of this instance, or null while it is unknown. */
  readonly toRedis: (local: number) => TimeRange | null;
  /** The time of this instance at a time of Redis, or null while it is unknown, or stored times are ignored. */
  readonly toLocal: (redis: TimeRange) => TimeRange | null;
}

/** Samples are a few seconds old at most, in which clocks drift by much less. */
const DRIFT_MS = 1;
/** Clocks that are adjusted gradually change by less than this between two samples. */
const MAX_ADJUSTMENT_MS = 20;

/** @param maxUseMs how long stored times are used */
export function createRedisClock(maxUseMs: number): RedisClock {
  let sample: ClockSample | null = null;
  let ignoredUntil = -Infinity;

  const add: RedisClock["add"] = (next) => {
    if (sample) {
      const forwards = next.time - next.receivedAt - (sample.time - sample.sentAt);
      const backwards = sample.time - sample.receivedAt - (next.time - next.sentAt);
      const stepMs = Math.max(forwards, backwards);
      if (stepMs > MAX_ADJUSTMENT_MS)
        ignoredUntil = Math.max(ignoredUntil, next.receivedAt + maxUseMs + stepMs);
    }
    sample = next;
  };

  const toRedis: RedisClock["toRedis"] = (local) =>
    sample && {
      earliest: sample.time + (local - sample.receivedAt) - DRIFT_MS,
      latest: sample.time + (local - sample.sentAt) + DRIFT_MS,
    };

  const toLocal: RedisClock["toLocal"] = ({ earliest, latest }) =>
    sample && performance.now() >= ignoredUntil
      ? {
          earliest: sample.sentAt + (earliest - sample.time) - DRIFT_MS,
          latest: sample.receivedAt + (latest - sample.time) + DRIFT_MS,
        }
      : null;

  return { add, toRedis, toLocal };
}
