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
import type { JobInstance } from "../model/job-instance.ts";
import { createDelivery } from "./delivery.ts";
import { toError } from "./permission-rechecks.ts";
import { createPollOnce } from "./poll-once.ts";
import { createPollSchedule } from "./poll-schedule.ts";
import { createSubscribers, type FetchJob, type Subscriber, type SubscribersOptions } from "./subscribers.ts";

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
  const schedules = {
    status: createPollSchedule(options.schedule),
    hosts: createPollSchedule(options.schedule),
  };
  const delivery = createDelivery(subscribers, () => {
    schedules.status.restart();
    schedules.hosts.restart();
  });
  const pollOnce = createPollOnce({ poll, subscribers, delivery, schedules });
  let isRetryingHosts = false;

  /** Polls with host results until one is delivered or nobody needs them, because their last try has failed too. */
  const retryHosts = async (firstWaitMs: number) => {
    isRetryingHosts = true;
    for (let waitMs = firstWaitMs; ; ) {
      await sleep(waitMs, undefined, { signal: subscribers.empty });
      if (!subscribers.has("hosts")) break;
      const polled = await pollOnce("hosts");
      if (polled.kind === "delivered") break;
      waitMs = polled.waitMs;
    }
    isRetryingHosts = false;
  };

  /** The poll that is due. @returns the wait until the next, in milliseconds. */
  const pollAll = async (): Promise<number> => {
    if (isRetryingHosts && !subscribers.has("status")) return schedules.status.next();
    const needs = subscribers.has("hosts") && !isRetryingHosts ? "hosts" : "status";
    const polled = await pollOnce(needs);
    const isForStatusToo =
      polled.kind !== "failed" ||
      needs === "status" ||
      !subscribers.has("status") ||
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
    for (const needs of ["status", "hosts"] as const) subscribers.endAll(needs, toError(error));
  };

  const join: Poller["join"] = (subscriber, job) => {
    const isFirst = subscribers.list().length === 0;
    const group = subscribers.add(subscriber);
    // The call that found the job is an answer of the upstream, too.
    schedules[subscriber.needs].succeeded();
    schedules.status.succeeded();
    subscriber.next(delivery.observe(job));
    if (isFirst) run().catch(endAll);
    return () => subscribers.remove(group, subscriber);
  };

  return { join };
}
