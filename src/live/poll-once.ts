/** One poll of a job: who is asked with, what becomes of the answer, and what of a failure. */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { Delivery } from "./delivery.ts";
import { toError } from "./permission-rechecks.ts";
import { isRefusal, type PollSchedule, retryAfterMs } from "./poll-schedule.ts";
import { endSubscribers, type FetchJob, type IdentityGroup, type Subscribers } from "./subscribers.ts";

/** What a poll means for the next one, which is due after `waitMs` milliseconds. */
export type Polled =
  | { readonly kind: "delivered"; readonly waitMs: number }
  /** Nothing was found for the subscribers as a whole: all are rate-limited, or one identity has ended. */
  | { readonly kind: "skipped"; readonly waitMs: number }
  | { readonly kind: "failed"; readonly waitMs: number; readonly error: unknown };

export interface PollOnceOptions {
  /** What the upstream answers from now on. */
  readonly poll: FetchJob;
  readonly subscribers: Subscribers;
  readonly delivery: Delivery;
  /** Failures are counted for polls of each kind apart; while they succeed, `status` is the schedule of both. */
  readonly schedules: PollSchedules;
}

export type PollSchedules = Readonly<Record<RequiredData, PollSchedule>>;

export function noteSuccess(schedules: PollSchedules, requiredData: RequiredData): void {
  schedules[requiredData].succeeded();
  // A call with host results says as much as one without.
  schedules.status.succeeded();
}

export function createPollOnce({ poll, subscribers, delivery, schedules }: PollOnceOptions) {
  /** Ends those of whom it was the last failure that they bear. */
  const onFailure = (group: IdentityGroup, requiredData: RequiredData, error: unknown): Polled => {
    if (isRefusal(error)) {
      subscribers.end(group, toError(error));
      return { kind: "skipped", waitMs: 0 };
    }
    // It can be this identity's alone, such as a rate limit of its app: the next poll is made with another's.
    subscribers.moveToEnd(group, retryAfterMs(error));
    try {
      return { kind: "failed", waitMs: schedules[requiredData].failed(error), error };
    } catch {
      endSubscribers(subscribers, requiredData, toError(error));
      return { kind: "failed", waitMs: 0, error };
    }
  };

  return async (requiredData: RequiredData): Promise<Polled> => {
    // Whoever joins from here on may have seen a later state than this poll will find.
    const present = subscribers.list();
    const group = subscribers.nextPoller();
    if (!group) return { kind: "skipped", waitMs: schedules.status.next() };
    const startedAt = performance.now();
    let outcome: JobOutcome;
    try {
      outcome = await poll(group.caller, requiredData, subscribers.empty);
    } catch (error) {
      return onFailure(group, requiredData, error);
    }
    noteSuccess(schedules, requiredData);
    if (outcome.kind !== "job") {
      // What the upstream denies to one identity, others may still see.
      subscribers.end(group, outcome);
      return { kind: "skipped", waitMs: 0 };
    }
    group.permission.confirm();
    await delivery.deliver({ job: outcome, requiredData, startedAt, present });
    return { kind: "delivered", waitMs: schedules.status.next() };
  };
}
