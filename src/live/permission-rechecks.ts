/**
 * Checks again and again whether one identity may still see a job. Nothing else writes what is known of that: polls made
 * with the identity's credentials confirm it, checks are made where no poll has, and whoever is refused is reported.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOutcome } from "../model/job-instance.ts";
import { createPollSchedule, type PollScheduleOptions, retryAfterMs } from "./poll-schedule.ts";

export interface PermissionRecheckOptions {
  /** The permission is confirmed within this time, again and again, in milliseconds. */
  readonly recheckMs: number;
  readonly schedule: PollScheduleOptions;
  /** Asks the upstream for the job with the identity's own credentials. */
  readonly check: (signal: AbortSignal) => Promise<JobOutcome>;
  /** Called once, when the upstream answers with something else than the job, refuses the credentials or fails too often. */
  readonly onLost: (why: JobOutcome | Error) => void;
  /** Ends the checks. */
  readonly signal: AbortSignal;
}

export interface PermissionRechecks {
  /** The upstream has just answered these credentials with the job: the next check has time. */
  readonly confirm: () => void;
}

/**
 * The next check is made after 80 to 95 % of the time: it takes a while itself, and subscribers who came at the same
 * time, such as after a deployment, are not all checked at the same time.
 */
const EARLIEST_CHECK = 0.8;
const CHECK_SPREAD = 0.15;

/** Starts the checks of an identity that the upstream has just answered with the job. */
export function startPermissionRechecks({
  recheckMs,
  schedule,
  check,
  onLost,
  signal,
}: PermissionRecheckOptions): PermissionRechecks {
  let confirmedAt = performance.now();
  const confirm = () => {
    confirmedAt = performance.now();
  };
  const untilNextCheck = () => confirmedAt + recheckMs * EARLIEST_CHECK - performance.now();

  const run = async () => {
    const retries = createPollSchedule(schedule);
    while (!signal.aborted) {
      const waitMs = untilNextCheck() + recheckMs * CHECK_SPREAD * Math.random();
      await sleep(Math.max(0, waitMs), undefined, { signal });
      // A poll has confirmed the permission meanwhile.
      if (untilNextCheck() > 0) continue;
      try {
        const outcome = await check(signal);
        retries.succeeded();
        if (outcome.kind !== "job") return onLost(outcome);
        confirm();
      } catch (error) {
        // However long the upstream asks to wait: a check that is put off counts as failed.
        const retryMs = Math.max(retries.failed(error), retryAfterMs(error));
        await sleep(Math.min(retryMs, recheckMs), undefined, { signal });
      }
    }
  };

  // An abort ends it too, when there is no subscriber left to notify.
  run().catch((error: unknown) => signal.aborted || onLost(toError(error)));
  return { confirm };
}

export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
