/** Delivers the result of a poll to the subscribers that were there when the poll started. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { JobInstance, RequiredData } from "../model/job-instance.ts";
import { isSameState, type JobState, jobStateOf, type ObservedJob } from "../model/job-state.ts";
import type { Subscribers } from "./subscribers.ts";

/** The poller of an instance, and when its poll started, by a clock that only this poller uses. */
export interface PollSource {
  readonly poller: string;
  readonly startedAt: number;
}

/** The start of a poll, to compare with others. */
interface PollStart {
  /** What the poll requested. */
  readonly requiredData: RequiredData;
  /** When the poll started, by `performance.now()`: at the earliest, if another instance has made it. */
  readonly startedAt: number;
  /** When it started at the latest. Default: `startedAt`. */
  readonly latestStart?: number;
  /** For polls of other instances. Two polls with one source are compared exactly. */
  readonly source?: PollSource | null;
}

interface PolledJob extends PollStart {
  readonly job: JobInstance;
}

export interface Delivery {
  /**
   * Sends the job to each subscriber whose required data it contains, and whose permission is current. Ends the
   * subscriber if the job is finished. Does nothing if a poll with the same data that may have started later was delivered.
   */
  readonly deliver: (result: PolledJob) => Promise<void>;
  /** The first state of a subscriber, from the call that admitted it. */
  readonly observe: (job: JobInstance) => ObservedJob;
  /** Whether a poll has certainly started later than those that were delivered, with the same data. */
  readonly isNewer: (poll: PollStart) => boolean;
  /** When the newest delivered poll started at the latest, by `performance.now()`. */
  readonly newestStart: (requiredData: RequiredData) => number;
}

/** Number of subscribers per turn of the event loop: each of them executes its operation on the new state. */
const BATCH = 100;

/** @param onChange called when the state of the job has changed. */
export function createDelivery(subscribers: Subscribers, onChange: () => void): Delivery {
  let state: JobState | null = null;
  /**
   * The newest delivered polls that contain the data. A poll for the status can overtake a poll with host results, whose
   * result is then outdated for subscribers that require only the status.
   */
  const newest: Record<RequiredData, Required<Pick<PollStart, "latestStart" | "source">>> = {
    status: { latestStart: -Infinity, source: null },
    hosts: { latestStart: -Infinity, source: null },
  };
  const newerData = ({ requiredData, startedAt, source }: PollStart): readonly RequiredData[] => {
    const contained = requiredData === "hosts" ? (["hosts", "status"] as const) : (["status"] as const);
    return contained.filter((data) => {
      const last = newest[data];
      return source && source.poller === last.source?.poller
        ? source.startedAt > last.source.startedAt
        : startedAt >= last.latestStart;
    });
  };

  /**
   * Stores the state. Returns the same object while the state is unchanged, so that subscribers can compare by
   * identity.
   */
  const update = (found: JobState): JobState => {
    const isSame = state !== null && isSameState(state, found);
    if (!isSame) onChange();
    // When only one of the two includes host results, the next comparison must use the newer.
    const isSameKind =
      state !== null && (state.hostFingerprint === null) === (found.hostFingerprint === null);
    if (!state || !isSame || !isSameKind) state = found;
    return state;
  };

  const deliver: Delivery["deliver"] = async ({ job, ...poll }) => {
    const { startedAt, latestStart = startedAt, source = null } = poll;
    const delivered = { latestStart, source };
    const newer = newerData(poll);
    if (newer.length === 0) return;
    for (const data of newer) newest[data] = delivered;
    const observed = { outcome: job, state: update(jobStateOf(job)) };
    for (const [index, { group, subscriber, addedAt }] of subscribers.list().entries()) {
      // Subscribers that were added after the start of the poll may have seen a newer state already. Checked per
      // subscriber, because a newer poll can be delivered while this one waits.
      const isNewer = addedAt <= startedAt && newest[subscriber.requiredData] === delivered;
      if (isNewer) subscribers.send(group, subscriber, observed);
      if (index % BATCH === BATCH - 1) await nextTurn();
    }
  };

  const observe: Delivery["observe"] = (job) => {
    const found = jobStateOf(job);
    state ??= found;
    return { outcome: job, state: isSameState(state, found) ? state : found };
  };

  const isNewer: Delivery["isNewer"] = (poll) => newerData(poll).length > 0;
  return { deliver, observe, isNewer, newestStart: (requiredData) => newest[requiredData].latestStart };
}
