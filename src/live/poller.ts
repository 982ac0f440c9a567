/**
 * One poller for all subscribers of a job. It polls with the credentials of one of them, only for what they need, and
 * sends what it finds to all: one upstream call per interval.
 *
 * Polls with host results can fail where polls for the status would not. Those who need the status alone must not suffer
 * from what others have selected: while such failures last, polls for the status keep the interval, and polls with host
 * results are retried beside them, with a schedule and a count of failures of their own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { mayBeDueToHosts } from "../jobs/status-fallback.ts";
import type { JobInstance, RequiredData } from "../model/job-instance.ts";
import { createDelivery } from "./delivery.ts";
import { toError } from "./permission-rechecks.ts";
import { createPollOnce, noteSuccess, type PollSchedules } from "./poll-once.ts";
import { createPollSchedule, type PollScheduleOptions } from "./poll-schedule.ts";
import {
  createSubscribers,
  endSubscribers,
  type FetchJob,
  hasSubscriber,
  type Subscriber,
  type SubscribersOptions,
} from "./subscribers.ts";

export interface PollerOptions extends SubscribersOptions {
  /** What the upstream answers from now on. */
  readonly poll: FetchJob;
}

export interface Poller {
  /**
   * Sends the subscriber `job`, which a call of its own has found, and from then on whatever polls find.
   * @returns removes the subscriber again; nothing is sent to it then, nor is it ended.
   */
  readonly join: (subscriber: Subscriber, job: JobInstance) => () => void;
}

export function createPoller({ poll, ...options }: PollerOptions): Poller {
  const subscribers = createSubscribers(options);
  const schedules = createSchedules(options.schedule);
  const delivery = createDelivery(subscribers, () => {
    for (const { restart } of Object.values(schedules)) restart();
  });
  const pollOnce = createPollOnce({ poll, subscribers, delivery, schedules });
  const has = (requiredData: RequiredData) => hasSubscriber(subscribers, requiredData);
  let isPolling = false;
  let isRetryingHosts = false;

  /** Polls with host results until one is delivered or nobody needs them, because their last try has failed too. */
  const retryHosts = async (firstWaitMs: number) => {
    isRetryingHosts = true;
    for (let waitMs = firstWaitMs; ; ) {
      await sleep(waitMs, undefined, { signal: subscribers.empty });
      if (!has("hosts")) break;
      const polled = await pollOnce("hosts");
      if (polled.kind === "delivered") break;
      waitMs = polled.waitMs;
    }
    isRetryingHosts = false;
  };

  /** The poll that is due. @returns the wait until the next, in milliseconds. */
  const pollAll = async (): Promise<number> => {
    if (isRetryingHosts && !has("status")) return schedules.status.next();
    const requiredData = has("hosts") && !isRetryingHosts ? "hosts" : "status";
    const polled = await pollOnce(requiredData);
    const isForStatusToo =
      polled.kind !== "failed" ||
      requiredData === "status" ||
      !has("status") ||
      !mayBeDueToHosts(polled.error);
    if (isForStatusToo) return polled.waitMs;
    retryHosts(polled.waitMs).catch(endAll);
    // The interval is over for those who need the status alone.
    return 0;
  };

  const run = async () => {
    for (let waitMs = schedules.status.next(); ; waitMs = await pollAll()) {
      await sleep(waitMs, undefined, { signal: subscribers.empty });
    }
  };

  /** A fault of our own, or an abort because all have gone, when nobody is left to be ended. */
  const endAll = (error: unknown) => {
    for (const requiredData of ["status", "hosts"] as const)
      endSubscribers(subscribers, requiredData, toError(error));
  };

  const join: Poller["join"] = (subscriber, job) => {
    const group = subscribers.add(subscriber);
    // The call that found the job is an answer of the upstream, too.
    noteSuccess(schedules, subscriber.requiredData);
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
