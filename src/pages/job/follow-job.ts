/** What the page knows of its job: the last state, the outcome instead of a job, the state of the connection. */
import type { JobClient } from "../../client/job-client.ts";
import { JobClientError } from "../../client/job-client-error.ts";
import {
  type JobInstanceRef,
  type JobOverviewFragment,
  JobPageDocument,
  type JobPageSubscription,
} from "./operations.generated.ts";
import { createStore, type Store } from "./store.ts";

type Outcome = NonNullable<JobPageSubscription["jobInstanceUpdated"]>;

export type Problem = Exclude<Outcome, { readonly __typename: "JobInstance" }>;

export interface JobSnapshot {
  readonly job: JobOverviewFragment;
  /** By `performance.now()`: elapsed times continue from there. */
  readonly receivedAt: number;
}

/** The connection is lost until the next state. */
export interface Lost {
  /** When the page reconnects, by `performance.now()`. */
  readonly retryAt: number;
  readonly error: JobClientError;
}

export interface FollowedJob {
  /** The last state. It stays visible while the connection is lost. */
  readonly snapshot: JobSnapshot | null;
  readonly problem: Problem | null;
  /** An error that reconnecting does not help. */
  readonly error: JobClientError | null;
  readonly lost: Lost | null;
  /** Whether updates follow. */
  readonly isLive: boolean;
}

const NOTHING: FollowedJob = { snapshot: null, problem: null, error: null, lost: null, isLive: true };

export interface JobFollower {
  readonly state: Store<FollowedJob>;
  /** Connects now: at the start, after the end, or instead of waiting for the next attempt. */
  readonly connect: () => void;
  readonly stop: () => void;
}

export function createJobFollower(client: JobClient, ref: JobInstanceRef): JobFollower {
  const state = createStore(NOTHING);
  let connection = new AbortController();

  const follow = async (signal: AbortSignal) => {
    const update = (changes: Partial<FollowedJob>) => state.set({ ...state.get(), ...changes });
    update({ isLive: true, error: null });
    try {
      for await (const event of client.watch(ref, JobPageDocument, { signal })) {
        if (event.kind === "lost") {
          update({ lost: { retryAt: performance.now() + event.delayMs, error: event.error } });
        } else if (event.state.__typename === "JobInstance") {
          const snapshot = { job: event.state, receivedAt: performance.now() };
          update({ snapshot, problem: null, lost: null });
        } else {
          // A permission that was withdrawn: what it allowed to see disappears.
          update({ snapshot: null, problem: event.state, lost: null });
        }
      }
      update({ isLive: false });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof JobClientError)) throw error;
      update({ error, lost: null, isLive: false });
    }
  };

  const stop = () => connection.abort();
  return {
    state,
    stop,
    connect: () => {
      stop();
      connection = new AbortController();
      void follow(connection.signal);
    },
  };
}
