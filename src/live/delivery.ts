/** Sends what a poll has found to the subscribers that were there when it began. */
import { setImmediate as turn } from "node:timers/promises";
import type { JobInstance, RequiredData } from "../model/job-instance.ts";
import { isSameState, type JobState, jobStateOf, type ObservedJob } from "../model/job-state.ts";
import type { Subscribers } from "./subscribers.ts";

interface PollResult {
  readonly job: JobInstance;
  /** What the poll asked for. */
  readonly requiredData: RequiredData;
  /** When it began; on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** Those who subscribed later may have seen a later state already. */
  readonly present: ReturnType<Subscribers["list"]>;
}

export interface Delivery {
  /** Sends the job to all present that need no more than the poll asked for, and ends them after a finished one. */
  readonly deliver: (result: PollResult) => Promise<void>;
  /** The first state of a subscriber that was admitted. */
  readonly observe: (job: JobInstance) => ObservedJob;
}

/** Subscribers that are served in one turn of the event loop: each of them has work with what it gets. */
const BATCH = 100;

/** @param onChange called when a poll finds another state than before. */
export function createDelivery(subscribers: Subscribers, onChange: () => void): Delivery {
  let state: JobState | null = null;
  /** When the newest poll began that was delivered. */
  let newestStart = -Infinity;

  /** The state to send: the same object as before where nothing has changed. */
  const settle = (found: JobState): JobState => {
    const isSame = state !== null && isSameState(state, found);
    if (!isSame) onChange();
    // Where only one of them knows of host results, the later is what is to be compared with.
    if (!state || !isSame || (state.hostFingerprint === null) !== (found.hostFingerprint === null))
      state = found;
    return state;
  };

  const deliver: Delivery["deliver"] = async ({ job, requiredData, startedAt, present }) => {
    newestStart = Math.max(newestStart, startedAt);
    const observed = { outcome: job, state: settle(jobStateOf(job)) };
    for (const [index, { group, subscriber }] of present.entries()) {
      // Polls for the status can overtake one with host results, which is old news then to those who need no more. Looked
      // at for each, as a newer poll can be delivered while this one waits for its next turn.
      const isNews =
        subscriber.requiredData === "hosts" ? requiredData === "hosts" : startedAt >= newestStart;
      if (isNews) {
        subscriber.next(observed);
        if (job.isFinished) {
          subscribers.remove(group, subscriber);
          subscriber.end();
        }
      }
      if (index % BATCH === BATCH - 1) await turn();
    }
  };

  const observe: Delivery["observe"] = (job) => {
    const found = jobStateOf(job);
    state ??= found;
    return { outcome: job, state: isSameState(state, found) ? state : found };
  };

  return { deliver, observe };
}
