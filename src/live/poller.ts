/**
 * The shared poller of a job: one upstream call per interval serves all subscribers. Each poll uses the credentials
 * of one identity and requests only the data that the subscribers require.
 *
 * Polls with host results can fail when polls for the status would succeed. Subscribers that require only the status
 * must not be affected by what others have selected. So while such failures last, there are two loops: one polls the
 * status at the normal interval, the other retries with host results, with its own schedule and count of failures.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { mayBeDueToHosts } from "../jobs/status-fallback.ts";
import type { JobInstance, RequiredData } from "../model/job-instance.ts";
import { createDelivery } from "./delivery.ts";
import { createPollOnce, type PollSchedules, recordSuccess } from "./poll-once.ts";
import { createPollSchedule, type PollScheduleOptions, toError } from "./poll-schedule.ts";
import { createSharedPolling, type PollSharing, type SharedPollingOptions } from "./shared-polling.ts";
import {
  createSubscribers,
  endSubscribers,
  type FetchJob,
  hasSubscriber,
  type Subscriber,
  type SubscribersOptions,
} from "./subscribers.ts";

export interface PollerOptions extends SubscribersOptions {
  /** Requests the job from the upstream, never from the cache. */
  readonly poll: FetchJob;
  /** Null if instances do not share polls. */
  readonly sharing: (PollSharing & Pick<SharedPollingOptions, "key">) | null;
}

export interface Poller {
  /**
   * Adds a subscriber. Sends it `job`, the result of its own first call, then the results of polls.
   * @returns a function that removes the subscriber without ending it.
   */
  readonly join: (subscriber: Subscriber, job: JobInstance) => () => void;
}

export function createPoller({ poll, sharing, ...options }: PollerOptions): Poller {
  const subscribers = createSubscribers(options);
  const schedules = createSchedules(options.schedule);
  const delivery = createDelivery(subscribers, () => {
    for (const { restart } of Object.values(schedules)) restart();
  });
  const isRequired = (requiredData: RequiredData) => hasSubscriber(subscribers, requiredData);
  let isPolling = false;
  let isRetryingHosts = false;
  const parts = { poll, subscribers, delivery, schedules };
  const isStatusPolled = () => isRetryingHosts || !isRequired("hosts");
  const shared = sharing && createSharedPolling({ ...parts, ...sharing, isStatusPolled });
  const pollOnce = shared?.pollOnce ?? createPollOnce(parts);
  const wait = shared?.wait ?? ((waitMs: number) => sleep(waitMs, undefined, { signal: subscribers.empty }));

  /** Polls with host results until a poll succeeds, here or on another instance, or no subscriber requires them. */
  const retryHosts = async (firstWaitMs: number) => {
    isRetryingHosts = true;
    const newestStart = delivery.newestStart("hosts");
    for (let waitMs = firstWaitMs; ; ) {
      await sleep(waitMs, undefined, { signal: subscribers.empty });
      if (!isRequired("hosts") || delivery.newestStart("hosts") > newestStart) break;
      const result = await pollOnce("hosts");
      if (result.kind === "delivered") break;
      waitMs = result.waitMs;
    }
    isRetryingHosts = false;
  };

  /** Makes the poll that is due. @returns the delay before the next one, in milliseconds. */
  const pollDue = async (): Promise<number> => {
    if (isRetryingHosts && !isRequired("status")) return schedules.status.next();
    const requiredData = isRequired("hosts") && !isRetryingHosts ? "hosts" : "status";
    const result = await pollOnce(requiredData);
    // A failure that host results cannot have caused affects the status, too: both kinds wait for the same retry.
    const affectsStatus =
      result.kind !== "failed" ||
      requiredData === "status" ||
      !isRequired("status") ||
      !mayBeDueToHosts(result.error);
    if (affectsStatus) return result.waitMs;
    retryHosts(result.waitMs).catch(endAll);
    // Subscribers that require only the status are due now.
    return 0;
  };

  const run = async () => {
    for (let waitMs = schedules.status.next(); ; ) {
      await wait(waitMs);
      const postponedMs = shared?.postponedMs() ?? 0;
      waitMs = postponedMs > 0 ? postponedMs : await pollDue();
    }
  };

  /** Handles internal errors. Also called on abort, when no subscriber is left. */
  const endAll = (error: unknown) => {
    for (const requiredData of ["status", "hosts"] as const)
      endSubscribers(subscribers, requiredData, toError(error));
  };

  const join: Poller["join"] = (subscriber, job) => {
    const group = subscribers.add(subscriber);
    // The subscriber's own call has succeeded, so earlier failures no longer count.
    recordSuccess(schedules, subscriber.requiredData);
    subscriber.next(delivery.observe(job));
    if (!isPolling) run().catch(endAll);
    isPolling = true;
    return () => subscribers.remove(group, subscriber);
  };

  return { join };
}

const createSchedules = (options: PollScheduleOptions): PollSchedules => ({
  status: createPollSchedule(options),
  hosts: createPollSchedule(options),
});
