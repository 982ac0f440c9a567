/**
 * One poller for all who watch a job. It asks with the credentials of one of them, and only for what they need; what
 * it hears is told to all. That never takes the place of permission: whoever joins was admitted by a call with its own
 * credentials, and is checked with them again and again.
 */
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { JobInstance, JobOutcome, Needs } from "../model/job-instance.ts";
import { isSameState } from "../model/job-state.ts";
import type { Caller } from "../upstream/caller.ts";
import { createPace, isRefusal, type PaceOptions } from "./pace.ts";

/** Somebody who watches, and was admitted. */
export interface Viewer {
  readonly caller: Caller;
  readonly needs: Needs;
  /** The job in a state, not always another than before. */
  readonly tell: (outcome: JobOutcome) => void;
  /** Nothing more will be told. */
  readonly end: (error?: Error) => void;
}

export interface PollerOptions {
  readonly pace: PaceOptions;
  /** Every viewer's permission is checked within this time, in milliseconds. */
  readonly recheckMs: number;
  /** What the upstream says from now on. */
  readonly poll: Ask;
  /** Whether a caller may still see the job. */
  readonly check: Ask;
  /** Called when the last viewer has gone. Nobody may join after that. */
  readonly onEmpty: () => void;
}

type Ask = (caller: Caller, needs: Needs, signal: AbortSignal) => Promise<JobOutcome>;

export interface Poller {
  /**
   * @param state the viewer knows already.
   * @returns takes the viewer out again; it is told nothing then, nor ended.
   */
  readonly join: (viewer: Viewer, state: JobInstance) => () => void;
}

/** Viewers that are told in one turn of the event loop. */
const BATCH = 100;

/** Viewers with one identity: what the upstream says to one of them goes for all. */
interface Member {
  readonly caller: Caller;
  readonly viewers: Set<Viewer>;
  /** Aborts when they have gone. */
  readonly gone: AbortController;
  /** When the upstream last said that they may see the job; on the clock of `performance.now()`. */
  confirmedAt: number;
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

export function createPoller({ pace: paceOptions, recheckMs, poll, check, onEmpty }: PollerOptions): Poller {
  /** By identity. The first is who asks. */
  const members = new Map<string, Member>();
  const empty = new AbortController();
  const pace = createPace(paceOptions);
  let last: { readonly job: JobInstance; readonly needs: Needs } | null = null;

  const remove = (member: Member) => {
    if (members.get(member.caller.identity) !== member) return;
    members.delete(member.caller.identity);
    member.gone.abort();
    if (members.size > 0) return;
    onEmpty();
    empty.abort();
  };

  const leave = (member: Member, viewer: Viewer) => {
    member.viewers.delete(viewer);
    if (member.viewers.size === 0) remove(member);
  };

  /** The upstream tells these viewers something else than a job, or fails for them alone. */
  const dismiss = (member: Member, why: JobOutcome | Error) => {
    remove(member);
    for (const viewer of member.viewers) {
      if (!(why instanceof Error)) viewer.tell(why);
      viewer.end(why instanceof Error ? why : undefined);
    }
  };

  /** Asks once. @returns the wait until the next time, in milliseconds. @throws what ends it for all. */
  const pollOnce = async (): Promise<number> => {
    // Who joins from here on may have seen a later state than this call will bring.
    const present = [...members.values()].flatMap((member) =>
      Array.from(member.viewers, (viewer) => ({ member, viewer })),
    );
    const [asker] = members.values();
    if (!asker) return 0;
    const needs = present.some(({ viewer }) => viewer.needs === "hosts") ? "hosts" : "status";
    let outcome: JobOutcome;
    try {
      outcome = await poll(asker.caller, needs, empty.signal);
    } catch (error) {
      if (!isRefusal(error)) return pace.failed(error);
      dismiss(asker, toError(error));
      return 0;
    }
    pace.succeeded();
    if (outcome.kind !== "job") {
      dismiss(asker, outcome);
      return 0;
    }
    asker.confirmedAt = performance.now();
    const job = settle(outcome, needs);
    for (const [index, { member, viewer }] of present.entries()) {
      viewer.tell(job);
      if (job.isFinished) {
        leave(member, viewer);
        viewer.end();
      }
      // Each of them has work with it, and so have others.
      if (index % BATCH === BATCH - 1) await turn();
    }
    return pace.next();
  };

  /** The state as it will be told: the same object as before where nothing has changed. */
  const settle = (job: JobInstance, needs: Needs): JobInstance => {
    const isSame = last !== null && isSameState(last.job, job);
    if (!isSame) pace.restart();
    if (!last || !isSame || last.needs !== needs) last = { job, needs };
    return last.job;
  };

  const run = async () => {
    try {
      for (let waitMs = pace.next(); ; waitMs = await pollOnce()) {
        await sleep(waitMs, undefined, { signal: empty.signal });
      }
    } catch (error) {
      // Once it is empty, that is what ended it, and nobody is left to be told.
      for (const member of [...members.values()]) dismiss(member, toError(error));
    }
  };

  /** Looks again and again whether the member may still see the job. Polls with its credentials count. */
  const keepChecking = async (member: Member) => {
    const checks = createPace(paceOptions);
    const { signal } = member.gone;
    try {
      while (!signal.aborted) {
        // A little early, and not all at one time who came at one time.
        const dueAt = member.confirmedAt + recheckMs * (0.8 + 0.15 * Math.random());
        await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal });
        if (member.confirmedAt + recheckMs * 0.8 > performance.now()) continue;
        try {
          const outcome = await check(member.caller, "status", signal);
          checks.succeeded();
          if (outcome.kind !== "job") return dismiss(member, outcome);
          member.confirmedAt = performance.now();
        } catch (error) {
          await sleep(checks.failed(error), undefined, { signal });
        }
      }
    } catch (error) {
      if (!signal.aborted) dismiss(member, toError(error));
    }
  };

  const join: Poller["join"] = (viewer, state) => {
    last ??= { job: state, needs: viewer.needs };
    const { identity } = viewer.caller;
    const isFirst = members.size === 0;
    const member = members.get(identity) ?? {
      caller: viewer.caller,
      viewers: new Set(),
      gone: new AbortController(),
      confirmedAt: performance.now(),
    };
    member.viewers.add(viewer);
    if (!members.has(identity)) {
      members.set(identity, member);
      void keepChecking(member);
    }
    if (isFirst) void run();
    return () => leave(member, viewer);
  };

  return { join };
}
