/** The first call of a subscription, with its own credentials: whether they may see the job, and its first state. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOutcome } from "../model/job-instance.ts";
import { createPollSchedule, type PollScheduleOptions, retryAfterMs } from "./poll-schedule.ts";

export interface AdmissionOptions extends PollScheduleOptions {
  /** Longest time until the first event that the upstream can ask for, in milliseconds. */
  readonly recheckMs: number;
}

/**
 * Calls until the upstream answers.
 * @throws UpstreamError when that failed too often or would not help, and when the upstream asks to wait for longer than
 *   `recheckMs` in all. A subscriber who has not had an event yet cannot tell a wait from a subscription that works:
 *   with the error it knows, and knows from `retryAfterMs` when to subscribe again.
 */
export async function admit(
  fetchJob: () => Promise<JobOutcome>,
  { recheckMs, ...schedule }: AdmissionOptions,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const retries = createPollSchedule(schedule);
  const startedAt = performance.now();
  for (;;) {
    try {
      return await fetchJob();
    } catch (error) {
      signal.throwIfAborted();
      const askedMs = retryAfterMs(error);
      const waitMs = Math.max(retries.failed(error), askedMs);
      if (askedMs > 0 && performance.now() - startedAt + askedMs > recheckMs) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}
