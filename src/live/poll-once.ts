/** One poll of a job: chooses an identity, makes the call, and delivers the result or handles the failure. */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import { areCredentialsRejected } from "../upstream/upstream-error.ts";
import type { Delivery } from "./delivery.ts";
import { type PollSchedule, retryAfterMsOf, toError } from "./poll-schedule.ts";
import { endSubscribers, type FetchJob, type IdentityGroup, type Subscribers } from "./subscribers.ts";

/** The result of a poll. The next poll is due after `waitMs` milliseconds. */
export type PollResult =
  | { readonly kind: "delivered"; readonly waitMs: number }
  /** Nothing to deliver: all identities are rate-limited, or the polling identity was ended. */
  | { readonly kind: "skipped"; readonly waitMs: number }
  | { readonly kind: "failed"; readonly waitMs: number; readonly error: unknown };

export interface PollOnceOptions {
  /** Requests the job from the upstream, never from the cache. */
  readonly poll: FetchJob;
  readonly subscribers: Subscribers;
  readonly delivery: Delivery;
  /** Each kind of poll counts its own failures. While polls succeed, `status` is the schedule of both. */
  readonly schedules: PollSchedules;
}

export type PollSchedules = Readonly<Record<RequiredData, PollSchedule>>;

export function recordSuccess(schedules: PollSchedules, requiredData: RequiredData): void {
  schedules[requiredData].succeeded();
  // A poll with host results proves that polls for the status work, too.
  schedules.status.succeeded();
}

export function createPollOnce({ poll, subscribers, delivery, schedules }: PollOnceOptions) {
  /**
   * Ends the identity if its credentials were rejected, and all affected subscribers after the last permitted
   * failure.
   */
  const handleFailure = (group: IdentityGroup, requiredData: RequiredData, error: unknown): PollResult => {
    if (areCredentialsRejected(error)) {
      subscribers.end(group, toError(error));
      return { kind: "skipped", waitMs: 0 };
    }
    // The failure may concern only this identity, such as a rate limit of its app. The next poll uses another one.
    subscribers.moveToEnd(group, retryAfterMsOf(error));
    try {
      return { kind: "failed", waitMs: schedules[requiredData].failed(error), error };
    } catch {
      endSubscribers(subscribers, requiredData, toError(error));
      return { kind: "failed", waitMs: 0, error };
    }
  };

  return async (requiredData: RequiredData): Promise<PollResult> => {
    const group = subscribers.nextNotRateLimited();
    if (!group) return { kind: "skipped", waitMs: schedules.status.next() };
    const startedAt = performance.now();
    let outcome: JobOutcome;
    try {
      outcome = await poll(group.caller, requiredData, subscribers.empty);
    } catch (error) {
      return handleFailure(group, requiredData, error);
    }
    recordSuccess(schedules, requiredData);
    if (outcome.kind !== "job") {
      // The upstream denied this identity. Others may still have permission.
      subscribers.end(group, outcome);
      return { kind: "skipped", waitMs: 0 };
    }
    group.permission.confirm();
    await delivery.deliver({ job: outcome, requiredData, startedAt });
    return { kind: "delivered", waitMs: schedules.status.next() };
  };
}
