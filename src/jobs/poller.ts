/**
 * One poller for all who watch a job. It asks with the credentials of one of them, and only for what they need; what
 * it hears is told to all.
 */
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { JobInstance, JobOutcome } from "../model/job-instance.ts";
import { isSameState, type JobState, stateOf } from "../model/job-state.ts";
import { type Ask, type AudienceOptions, createAudience, toError, type Viewer } from "./audience.ts";
import { askedWaitMs, createPace, isRefusal } from "./pace.ts";

export interface PollerOptions extends AudienceOptions {
  /** What the upstream says from now on. */
  readonly poll: Ask;
}

export interface Poller {
  /**
   * Tells the viewer `job`, which a call of its own has found, and from then on whatever polls find.
   * @returns takes the viewer out again; it is told nothing then, nor ended.
   */
  readonly join: (viewer: Viewer, job: JobInstance) => () => void;
}

/** Viewers that are told in one turn of the event loop. */
const BATCH = 100;

export function createPoller({ poll, ...options }: PollerOptions): Poller {
  const audience = createAudience(options);
  const pace = createPace(options.pace);
  let state: JobState | null = null;

  /** Asks once. @returns the wait until the next time, in milliseconds. @throws what ends it for all. */
  const pollOnce = async (): Promise<number> => {
    // Who joins from here on may have seen a later state than this call will bring.
    const present = [...audience.members.values()].flatMap((member) =>
      Array.from(member.viewers, (viewer) => ({ member, viewer })),
    );
    const now = performance.now();
    const asker = audience.members.values().find(({ barredUntil }) => barredUntil <= now);
    // The upstream has asked all of them to wait.
    if (!asker) return pace.next();
    const needs = present.some(({ viewer }) => viewer.needs === "hosts") ? "hosts" : "status";
    let outcome: JobOutcome;
    try {
      outcome = await poll(asker.caller, needs, audience.empty);
    } catch (error) {
      if (!isRefusal(error)) {
        // It can be this one's alone, such as a rate limit of its app: another is to ask the next time.
        asker.barredUntil = performance.now() + askedWaitMs(error);
        audience.putLast(asker);
        return pace.failed(error);
      }
      audience.dismiss(asker, toError(error));
      return 0;
    }
    pace.succeeded();
    if (outcome.kind !== "job") {
      audience.dismiss(asker, outcome);
      return 0;
    }
    asker.confirmedAt = performance.now();
    const observed = { outcome, state: settle(stateOf(outcome)) };
    for (const [index, { member, viewer }] of present.entries()) {
      viewer.tell(observed);
      if (outcome.isFinished) {
        audience.leave(member, viewer);
        viewer.end();
      }
      // Each of them has work with it, and so have others.
      if (index % BATCH === BATCH - 1) await turn();
    }
    return pace.next();
  };

  /** The state that is told: the same object as before where nothing has changed. */
  const settle = (found: JobState): JobState => {
    const isSame = state !== null && isSameState(state, found);
    if (!isSame) pace.restart();
    // Where only one of them knows of host results, the later is what is to be compared with.
    if (!state || !isSame || (state.hosts === null) !== (found.hosts === null)) state = found;
    return state;
  };

  const run = async () => {
    for (let waitMs = pace.next(); ; waitMs = await pollOnce()) {
      await sleep(waitMs, undefined, { signal: audience.empty });
    }
  };

  const join: Poller["join"] = (viewer, job) => {
    const isFirst = audience.members.size === 0;
    const member = audience.join(viewer);
    const found = stateOf(job);
    // The call that found it is an answer of the upstream, too.
    pace.succeeded();
    viewer.tell({ outcome: job, state: state && isSameState(state, found) ? state : found });
    if (isFirst) {
      state = found;
      // It also ends with an abort once it is empty, when nobody is left to be told.
      run().catch((error: unknown) => {
        for (const member of [...audience.members.values()]) audience.dismiss(member, toError(error));
      });
    }
    return () => audience.leave(member, viewer);
  };

  return { join };
}
