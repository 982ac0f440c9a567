/** Admits a subscriber: its first call checks the permission with its own credentials and yields the first state. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOutcome } from "../model/job-instance.ts";
import { createPollSchedule, type PollScheduleOptions, retryAfterMsOf } from "./poll-schedule.ts";

export interface AdmissionOptions extends PollScheduleOptions {
  /** Maximum total delay that the upstream may request with `Retry-After`, in milliseconds. */
  readonly recheckMs: number;
}

/**
 * Retries until the upstream responds.
 * @throws UpstreamError after too many failures, if a retry cannot help, or if the upstream requests a delay beyond
 *   `recheckMs`. Before the first event, a subscriber cannot distinguish a delay from a working subscription without
 *   changes. The `retryAfterMs` of the error says when to subscribe again.
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
      const retryAfterMs = retryAfterMsOf(error);
      const waitMs = Math.max(retries.failed(error), retryAfterMs);
      if (retryAfterMs > 0 && performance.now() - startedAt + retryAfterMs > recheckMs) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}
