/**
 * Periodic permission checks of one identity for one job. A poll with the identity's credentials confirms the
 * permission. If no poll has done so in time, a check is made. No other file writes this state.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOutcome } from "../model/job-instance.ts";
import { CircuitOpen } from "../upstream/circuit-breaker.ts";
import { createPause } from "./pause.ts";
import { createPollSchedule, type PollScheduleOptions, retryAfterMsOf, toError } from "./poll-schedule.ts";

export interface PermissionRecheckOptions {
  /** Maximum time between two confirmations of the permission, in milliseconds. */
  readonly recheckMs: number;
  readonly schedule: PollScheduleOptions;
  /** Requests the job with the identity's own credentials. */
  readonly check: (signal: AbortSignal) => Promise<JobOutcome>;
  /** Called after each confirmation. */
  readonly onConfirmed: () => void;
  /** Called once, when the upstream denies the job, rejects the credentials or fails too often. */
  readonly onLost: (reason: JobOutcome | Error) => void;
  /** Stops the checks. */
  readonly signal: AbortSignal;
}

export interface PermissionRechecks {
  /** Postpones the next check: the upstream has just returned the job for these credentials. */
  readonly confirm: () => void;
  /** False if the permission was last confirmed more than `recheckMs` ago, for example after an outage. */
  readonly isCurrent: () => boolean;
  /** Starts the next check now, unless one is running or waits because the upstream has failed. */
  readonly checkNow: () => void;
}

/**
 * A check starts after 80 to 95 % of `recheckMs`: early enough to complete in time, and at random, so that
 * subscribers that arrived together, for example after a deployment, are not all checked at once.
 */
const EARLIEST_CHECK = 0.8;
const CHECK_JITTER = 0.15;

/** Starts the checks of an identity whose permission has just been confirmed by its first call. */
export function startPermissionRechecks({
  recheckMs,
  schedule,
  check,
  onConfirmed,
  onLost,
  signal,
}: PermissionRecheckOptions): PermissionRechecks {
  let confirmedAt = performance.now();
  const confirm = () => {
    confirmedAt = performance.now();
    onConfirmed();
  };
  const msUntilNextCheck = () => confirmedAt + recheckMs * EARLIEST_CHECK - performance.now();
  const { pause, wake } = createPause(signal);

  const run = async () => {
    const retries = createPollSchedule(schedule);
    while (!signal.aborted) {
      const waitMs = msUntilNextCheck() + recheckMs * CHECK_JITTER * Math.random();
      await pause(Math.max(0, waitMs));
      // A poll has confirmed the permission in the meantime.
      if (msUntilNextCheck() > 0) continue;
      try {
        const outcome = await check(signal);
        retries.succeeded();
        if (outcome.kind !== "job") return onLost(outcome);
        confirm();
      } catch (error) {
        // Limited to `recheckMs`, whatever delay the upstream requests. Otherwise a `Retry-After` of hours would
        // postpone the checks for hours. This way each interval counts as a failure, until `maxFailures` ends the
        // identity.
        const retryMs = Math.min(Math.max(retries.failed(error), retryAfterMsOf(error)), recheckMs);
        // No call was made, so that another one may end the outage earlier.
        if (error instanceof CircuitOpen) await pause(retryMs);
        else await sleep(retryMs, undefined, { signal });
      }
    }
  };

  // When the signal aborts, `sleep` throws as well, but no subscriber is left to notify.
  run().catch((error: unknown) => signal.aborted || onLost(toError(error)));
  const isCurrent = () => performance.now() - confirmedAt <= recheckMs;
  return { confirm, isCurrent, checkNow: wake };
}
