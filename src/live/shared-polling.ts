/**
 * Polls of one job that several instances of the gateway watch. One instance polls, and the others deliver its results as
 * if they had polled themselves, after `TAKEOVER_MS` without a result they poll. So there is one poll per interval as long
 * as Redis answers, and each instance polls alone otherwise.
 *
 * Only jobs are shared. Failures, "no permission" and rejected credentials concern one instance or one identity: another
 * instance polls next, after the delay of the poll schedule. Each instance checks the permissions of its own subscribers.
 */
import { randomUUID } from "node:crypto";
import type { ObserveLookup } from "../jobs/snapshots.ts";
import type { JobInstance, RequiredData } from "../model/job-instance.ts";
import type { ClaimRefusal, PolledResponse, SharedPoll, SharedPolls } from "../redis/shared-polls.ts";
import type { JobResponse, UpstreamClient } from "../upstream/client.ts";
import type { PollSource } from "./delivery.ts";
import { createPause } from "./pause.ts";
import { createPollOnce, type PollOnceOptions, type PollResult, recordSuccess } from "./poll-once.ts";
import type { FetchJob } from "./subscribers.ts";

/** How instances share their polls. */
export interface PollSharing {
  readonly polls: SharedPolls;
  readonly decodeJob: UpstreamClient["decodeJob"];
  /** Observes polls that another instance has made; null to observe none. */
  readonly onLookup: ObserveLookup | null;
}

export interface SharedPollingOptions extends PollOnceOptions, PollSharing {
  /** The same for all instances that may share the polls. */
  readonly key: string;
  /** Whether subscribers are served by polls for the status. */
  readonly isStatusPolled: () => boolean;
}

export interface SharedPolling {
  /** Makes a poll unless another instance does. */
  readonly pollOnce: (requiredData: RequiredData) => Promise<PollResult>;
  /** Waits for the time of the next poll. Ends early when a result of another instance has changed this time. */
  readonly wait: (waitMs: number) => Promise<void>;
  /** How long the next poll is postponed, because another instance has polled, in milliseconds. */
  readonly postponedMs: () => number;
}

/** How long other instances wait for the one that polls, in addition to the interval. Covers delays of both. */
const TAKEOVER_MS = 1_000;
/**
 * How many leases an instance waits for others without a result. While calls time out, several others can have the turn one
 * after the other, each for almost as long as a lease.
 */
const MAX_WAIT_LEASES = 5;
/** How soon an instance looks again whether another one still polls. */
const TAKEN_RETRY_MS = 500;

export function createSharedPolling(options: SharedPollingOptions): SharedPolling {
  const { polls, key, subscribers, isStatusPolled } = options;
  const { pause, wake } = createPause(subscribers.empty);
  let postponedUntil = -Infinity;
  const postpone = (waitMs: number) => {
    postponedUntil = performance.now() + waitMs;
    wake();
  };
  const postponedMs = () => postponedUntil - performance.now();

  const shared = polls.join(key, (requiredData) => {
    if (requiredData === "hosts" || isStatusPolled()) receiveAnnounced(requiredData);
  });
  subscribers.empty.addEventListener("abort", shared.leave, { once: true });
  const receive = createReceive(options, shared, postpone);
  const receiveAnnounced = oneAtATime(receive);
  const findRefusal = createClaims(options, shared);
  const pollAlone = createPollOnce({ ...options, poll: createPublishingPoll(options.poll, shared) });

  const pollOnce: SharedPolling["pollOnce"] = async (requiredData) => {
    let refusal = subscribers.nextNotRateLimited() && (await findRefusal(requiredData));
    if (refusal?.kind === "polled") {
      if (await receive(refusal.requiredData)) return { kind: "delivered", waitMs: postponedMs() };
      // It cannot be used.
      refusal = await findRefusal(requiredData, Infinity);
    }
    if (refusal?.kind === "taken") return { kind: "skipped", waitMs: refusal.waitMs };

    const result = await pollAlone(requiredData);
    // A poll that was delivered is being published, which ends the turn.
    if (result.kind === "skipped") shared.release(requiredData);
    if (result.kind !== "failed") return result;
    shared.release(requiredData, result.waitMs);
    // Other instances go first, because the failure may concern only this one.
    return shared.hasOthers() ? { ...result, waitMs: result.waitMs + TAKEOVER_MS } : result;
  };

  return { pollOnce, wait: pause, postponedMs };
}

/** What is stored beside the body of a response. */
interface PolledInfo extends Omit<JobResponse, "body"> {
  readonly source: PollSource;
}

type Receive = (requiredData: RequiredData) => Promise<boolean>;

/** @returns a function that delivers the newest result in Redis, and returns whether it is newer than all delivered ones */
function createReceive(
  { delivery, schedules, decodeJob, onLookup }: SharedPollingOptions,
  shared: SharedPoll,
  postpone: (waitMs: number) => void,
): Receive {
  return async (requiredData) => {
    const stored = await shared.read(requiredData);
    if (!stored) return false;
    const { body, earliestStart: startedAt, latestStart } = stored;
    // As `createPublishingPoll` has stored it.
    const { source, ...info } = stored.info as PolledInfo;
    const poll = { requiredData, startedAt, latestStart, source };
    if (!delivery.isNewer(poll)) return false;
    let job: JobInstance;
    try {
      job = decodeJob({ ...info, body });
    } catch {
      // Another version of the gateway may read it in another way.
      return false;
    }
    recordSuccess(schedules, requiredData);
    const delivered = delivery.deliver({ job, ...poll });
    // The delivery has begun, which restarts the schedule if the job has changed.
    postpone(schedules.status.next() + TAKEOVER_MS);
    onLookup?.("shared");
    await delivered;
    return true;
  };
}

/** Results that are announced while one is received are received afterwards, once for each kind of data. */
function oneAtATime(receive: Receive): (requiredData: RequiredData) => void {
  const announced = new Set<RequiredData>();
  let isReceiving = false;
  const receiveAll = async () => {
    isReceiving = true;
    for (const requiredData of announced) {
      announced.delete(requiredData);
      // After an internal error, this instance polls itself when its turn comes, and then reports the error.
      await receive(requiredData).catch(() => false);
    }
    isReceiving = false;
  };
  return (requiredData) => {
    announced.add(requiredData);
    if (!isReceiving) void receiveAll();
  };
}

/** @returns a function that asks for the turn to poll, and returns why this instance need not poll, or null */
function createClaims({ polls, delivery }: SharedPollingOptions, shared: SharedPoll) {
  const createdAt = performance.now();
  /** Since when others have had the turn without a result newer than `newestStart`; null if they have not. */
  const waiting: Record<RequiredData, { readonly since: number; readonly newestStart: number } | null> = {
    status: null,
    hosts: null,
  };

  return async (requiredData: RequiredData, usableFrom = createdAt): Promise<ClaimRefusal | null> => {
    const newestStart = delivery.newestStart(requiredData);
    const refusal = await shared.claim(requiredData, Math.max(usableFrom, newestStart));
    if (refusal === null) waiting[requiredData] = null;
    if (refusal?.kind !== "taken") return refusal;
    const now = performance.now();
    const last = waiting[requiredData];
    const { since } = last?.newestStart === newestStart ? last : { since: now };
    // Whatever Redis says, this instance polls after some time. Only results prove that others poll.
    const isTooLong = now - since > MAX_WAIT_LEASES * polls.leaseMs;
    waiting[requiredData] = isTooLong ? null : { since, newestStart };
    return isTooLong ? null : { kind: "taken", waitMs: Math.min(refusal.waitMs, TAKEN_RETRY_MS) };
  };
}

/** @returns a function that polls and then shares the job with other instances in the background */
function createPublishingPoll(poll: FetchJob, shared: SharedPoll): FetchJob {
  const poller = randomUUID();
  return async (caller, requiredData, signal) => {
    const startedAt = performance.now();
    const responses: PolledResponse[] = [];
    const outcome = await poll(caller, requiredData, signal, ({ body, ...response }) => {
      const info: PolledInfo = { ...response, source: { poller, startedAt } };
      responses.push({ body, info, startedAt, receivedAt: performance.now() });
    });
    const response = responses.at(-1);
    if (response && outcome.kind === "job") void shared.publish(requiredData, response);
    return outcome;
  };
}
