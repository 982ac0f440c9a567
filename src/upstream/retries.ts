/**
 * Retries of upstream calls after transient failures: errors of the connection before a response, and HTTP 502, 503 and
 * 504. The call is a GET, so repeating it is safe.
 *
 * The delays are random between 0 and a limit that doubles with each retry ("full jitter"), so that calls that failed
 * together are not repeated together. A budget limits retries to a share of all calls: without it, retries would
 * multiply the load on an upstream that is failing because of load.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UpstreamError } from "./upstream-error.ts";

export interface RetryOptions {
  /** Maximum number of retries of one call. */
  readonly maxRetries: number;
  /** Upper limit of the delay before the first retry, in milliseconds. It doubles with each further one. */
  readonly backoffMs: number;
  /** Maximum number of retries in percent of the calls, in addition to `MIN_RETRIES_PER_SECOND`. */
  readonly budgetPercent: number;
}

export type RetryReason = "connection" | "http_502" | "http_503" | "http_504";

/** Called for each retry, and with `budget` for each call that is not retried only because the budget is exhausted. */
export type ObserveRetry = (event: RetryReason | "budget") => void;

/** A call whose last attempt has failed. */
export interface FailedAttempt {
  readonly error: unknown;
  /** Number of attempts so far. */
  readonly attempts: number;
  /** When the call has to end, by `performance.now()`. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
}

export interface Retries {
  /** Call it for each call. Each adds to the budget. */
  readonly countCall: () => void;
  /**
   * Waits for the delay before the next attempt.
   * @throws the error of the failed attempt if the call must not be retried; the reason of `signal` when it aborts
   */
  readonly waitForRetry: (failed: FailedAttempt) => Promise<void>;
}

/** Allowed even if there are few calls. */
const MIN_RETRIES_PER_SECOND = 1;
/** The budget is counted in percent of a retry, because sums of whole numbers are exact. */
const RETRY = 100;
/** What the budget can accumulate while no retries are needed: 20 retries. */
const MAX_BUDGET = 20 * RETRY;
/** Upper limit of a random delay. */
const MAX_BACKOFF_MS = 5_000;

/** @param onRetry observes retries; null to observe none. */
export function createRetries(
  { maxRetries, backoffMs, budgetPercent }: RetryOptions,
  onRetry: ObserveRetry | null = null,
): Retries {
  // A token bucket: calls and time add to it, a retry takes from it.
  let budget = MAX_BUDGET;
  let refilledAt = performance.now();
  const add = (amount: number) => {
    budget = Math.min(MAX_BUDGET, budget + amount);
  };

  const takeFromBudget = (): boolean => {
    const now = performance.now();
    add(((now - refilledAt) / 1_000) * MIN_RETRIES_PER_SECOND * RETRY);
    refilledAt = now;
    if (budget < RETRY) return false;
    budget -= RETRY;
    return true;
  };

  const waitForRetry: Retries["waitForRetry"] = async ({ error, attempts, deadlineAt, signal }) => {
    const reason = retryReasonOf(error);
    if (reason === null || attempts > maxRetries) throw error;
    const limitMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** (attempts - 1));
    // The upstream's own delay, if it sent one, plus jitter.
    const delayMs = Math.random() * limitMs + retryAfterMsOf(error);
    if (performance.now() + delayMs >= deadlineAt) throw error;
    if (!takeFromBudget()) {
      onRetry?.("budget");
      throw error;
    }
    onRetry?.(reason);
    try {
      await sleep(delayMs, undefined, { signal });
    } catch {
      // The error of an aborted sleep is not the reason of its signal.
      throw signal.reason;
    }
  };

  return { countCall: () => add(budgetPercent), waitForRetry };
}

const retryAfterMsOf = (error: unknown): number =>
  error instanceof UpstreamError ? (error.retryAfterMs ?? 0) : 0;

const RETRIED_STATUSES: ReadonlyMap<number, RetryReason> = new Map([
  [502, "http_502"],
  [503, "http_503"],
  [504, "http_504"],
]);

/** Why a call may be retried; null if its error is not transient, or another attempt would be no more successful. */
function retryReasonOf(error: unknown): RetryReason | null {
  if (!(error instanceof UpstreamError) || error.code !== "UPSTREAM_UNAVAILABLE") return null;
  const { httpStatus } = error.upstream;
  if (httpStatus !== null) return RETRIED_STATUSES.get(httpStatus) ?? null;
  return error.origin === "connection" ? "connection" : null;
}
