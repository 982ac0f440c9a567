/**
 * Who watches a job, by identity. Whoever comes was admitted by a call with its own credentials, and stays for as long
 * as calls with them say that it may: sharing what is told never takes the place of permission.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOutcome, Needs } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { Caller } from "../upstream/caller.ts";
import { askedWaitMs, createPace, type PaceOptions } from "./pace.ts";

/** Somebody who watches, and was admitted. */
export interface Viewer {
  readonly caller: Caller;
  readonly needs: Needs;
  /** What a read has found, not always something new. */
  readonly tell: (observed: ObservedJob) => void;
  /** Nothing more will be told. */
  readonly end: (error?: Error) => void;
}

/** Viewers with one identity: what the upstream says to one of them goes for all. */
interface Member {
  readonly caller: Caller;
  readonly viewers: Set<Viewer>;
  /** Aborts when they have gone. */
  readonly gone: AbortController;
  /** When the upstream last said that they may see the job; on the clock of `performance.now()`. */
  confirmedAt: number;
  /** Until when the upstream wants no call with their credentials; on the same clock. */
  barredUntil: number;
}

export interface AudienceOptions {
  readonly pace: PaceOptions;
  /** Every viewer's permission is checked within this time, in milliseconds. */
  readonly recheckMs: number;
  /** Whether a caller may still see the job. */
  readonly check: Ask;
  /** Called when the last viewer has gone. Nobody may join after that. */
  readonly onEmpty: () => void;
}

/** Asks the upstream for the job. */
export type Ask = (caller: Caller, needs: Needs, signal: AbortSignal) => Promise<JobOutcome>;

export interface Audience {
  /** By identity, in the order in which they came or were put last. */
  readonly members: ReadonlyMap<string, Member>;
  readonly join: (viewer: Viewer) => Member;
  readonly leave: (member: Member, viewer: Viewer) => void;
  /** Puts the member after all others. */
  readonly putLast: (member: Member) => void;
  /** The upstream tells a member something else than the job, or fails for it alone: its viewers hear that, and go. */
  readonly dismiss: (member: Member, why: JobOutcome | Error) => void;
  /** Aborts when the last viewer has gone. */
  readonly empty: AbortSignal;
}

/** Checks come a little early, and not all at one time whose viewers came at one time: parts of the time for them. */
const EARLIEST_CHECK = 0.8;
const CHECK_SPREAD = 0.15;

export function createAudience({ pace, recheckMs, check, onEmpty }: AudienceOptions): Audience {
  const members = new Map<string, Member>();
  const empty = new AbortController();

  const remove = (member: Member) => {
    if (members.get(member.caller.identity) !== member) return;
    members.delete(member.caller.identity);
    member.gone.abort();
    if (members.size > 0) return;
    onEmpty();
    empty.abort();
  };

  const leave: Audience["leave"] = (member, viewer) => {
    member.viewers.delete(viewer);
    if (member.viewers.size === 0) remove(member);
  };

  const dismiss: Audience["dismiss"] = (member, why) => {
    remove(member);
    for (const viewer of member.viewers) {
      if (!(why instanceof Error)) viewer.tell({ outcome: why, state: null });
      viewer.end(why instanceof Error ? why : undefined);
    }
  };

  const putLast: Audience["putLast"] = (member) => {
    const { identity } = member.caller;
    if (members.get(identity) !== member) return;
    members.delete(identity);
    members.set(identity, member);
  };

  /** Looks again and again whether a member may still see the job. Polls with its credentials count. */
  const keepChecking = async (member: Member) => {
    const checks = createPace(pace);
    const { signal } = member.gone;
    const earliest = () => member.confirmedAt + recheckMs * EARLIEST_CHECK - performance.now();
    while (!signal.aborted) {
      await sleep(Math.max(0, earliest() + recheckMs * CHECK_SPREAD * Math.random()), undefined, { signal });
      if (earliest() > 0) continue;
      try {
        const outcome = await check(member.caller, "status", signal);
        checks.succeeded();
        if (outcome.kind !== "job") return dismiss(member, outcome);
        member.confirmedAt = performance.now();
      } catch (error) {
        // However long the upstream asks to wait: without an answer it is as good as not checked.
        const waitMs = Math.max(checks.failed(error), askedWaitMs(error));
        await sleep(Math.min(waitMs, recheckMs), undefined, { signal });
      }
    }
  };

  const join: Audience["join"] = (viewer) => {
    const { caller } = viewer;
    const known = members.get(caller.identity);
    const member = known ?? {
      caller,
      viewers: new Set(),
      gone: new AbortController(),
      confirmedAt: performance.now(),
      barredUntil: 0,
    };
    member.viewers.add(viewer);
    if (!known) {
      members.set(caller.identity, member);
      // It also ends with an abort once they have gone, when nobody is left to be told.
      keepChecking(member).catch((error: unknown) => dismiss(member, toError(error)));
    }
    return member;
  };

  return { members, join, leave, putLast, dismiss, empty: empty.signal };
}

export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
