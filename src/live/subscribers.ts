/**
 * The subscribers of a job, by identity. Each was admitted by a call with its own credentials, and stays for as long as
 * calls with them are answered with the job: sharing polls never takes the place of permission.
 */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { Caller } from "../upstream/caller.ts";
import {
  type PermissionRecheckOptions,
  type PermissionRechecks,
  startPermissionRechecks,
} from "./permission-rechecks.ts";

/** One subscription that was admitted. */
export interface Subscriber {
  readonly caller: Caller;
  readonly requiredData: RequiredData;
  /** Gets what a poll has found, not always something new. */
  readonly next: (observed: ObservedJob) => void;
  /** Nothing more will come. */
  readonly end: (error?: Error) => void;
}

/** Subscribers with the same identity: what the upstream answers to one of them holds for all. */
export interface IdentityGroup {
  readonly caller: Caller;
  readonly subscribers: Set<Subscriber>;
  readonly permission: PermissionRechecks;
  /** Until when the upstream wants no call with these credentials (rate-limited); on the clock of `performance.now()`. */
  retryAfterUntil: number;
  /** Ends the permission checks. */
  readonly empty: AbortController;
}

/** Asks the upstream for the job. */
export type FetchJob = (
  caller: Caller,
  requiredData: RequiredData,
  signal: AbortSignal,
) => Promise<JobOutcome>;

export interface SubscribersOptions extends Pick<PermissionRecheckOptions, "recheckMs" | "schedule"> {
  /** Whether a caller may still see the job. */
  readonly check: FetchJob;
  /** Called when the last subscriber has gone. Nobody may be added after that. */
  readonly onEmpty: () => void;
}

export interface Subscribers {
  readonly list: () => { readonly group: IdentityGroup; readonly subscriber: Subscriber }[];
  readonly add: (subscriber: Subscriber) => IdentityGroup;
  readonly remove: (group: IdentityGroup, subscriber: Subscriber) => void;
  /** The identity with whose credentials to poll: the first that is not rate-limited; null when all are. */
  readonly nextPoller: () => IdentityGroup | null;
  /** Makes the identity the last one to poll with, and none to poll with for `waitMs`. */
  readonly moveToEnd: (group: IdentityGroup, waitMs: number) => void;
  /** Ends one identity's subscribers, with an outcome or an error that is for them alone. */
  readonly end: (group: IdentityGroup, why: JobOutcome | Error) => void;
  /** Aborts when the last subscriber has gone. */
  readonly empty: AbortSignal;
}

export function createSubscribers(options: SubscribersOptions): Subscribers {
  /** In the order in which they came or were moved to the end. */
  const groups = new Map<string, IdentityGroup>();
  const empty = new AbortController();

  const removeGroup = (group: IdentityGroup) => {
    if (groups.get(group.caller.identity) !== group) return;
    groups.delete(group.caller.identity);
    group.empty.abort();
    if (groups.size > 0) return;
    options.onEmpty();
    empty.abort();
  };

  const list: Subscribers["list"] = () =>
    [...groups.values()].flatMap((group) =>
      Array.from(group.subscribers, (subscriber) => ({ group, subscriber })),
    );

  const add: Subscribers["add"] = (subscriber) => {
    const { caller } = subscriber;
    const group = groups.get(caller.identity) ?? createGroup(caller, options, end);
    groups.set(caller.identity, group);
    group.subscribers.add(subscriber);
    return group;
  };

  const remove: Subscribers["remove"] = (group, subscriber) => {
    group.subscribers.delete(subscriber);
    if (group.subscribers.size === 0) removeGroup(group);
  };

  const moveToEnd: Subscribers["moveToEnd"] = (group, waitMs) => {
    const { identity } = group.caller;
    group.retryAfterUntil = performance.now() + waitMs;
    if (groups.get(identity) !== group) return;
    groups.delete(identity);
    groups.set(identity, group);
  };

  const end: Subscribers["end"] = (group, why) => {
    removeGroup(group);
    for (const subscriber of group.subscribers) {
      if (!(why instanceof Error)) subscriber.next({ outcome: why, state: null });
      subscriber.end(why instanceof Error ? why : undefined);
    }
  };

  return {
    list,
    add,
    remove,
    nextPoller: () => groups.values().find((group) => group.retryAfterUntil <= performance.now()) ?? null,
    moveToEnd,
    end,
    empty: empty.signal,
  };
}

export const hasSubscriber = ({ list }: Subscribers, requiredData: RequiredData): boolean =>
  list().some(({ subscriber }) => subscriber.requiredData === requiredData);

/** Ends the subscribers of all identities that need this much. */
export function endSubscribers(
  { list, remove }: Subscribers,
  requiredData: RequiredData,
  error: Error,
): void {
  for (const { group, subscriber } of list()) {
    if (subscriber.requiredData !== requiredData) continue;
    remove(group, subscriber);
    subscriber.end(error);
  }
}

/** An identity of which nobody has subscribed yet. */
function createGroup(
  caller: Caller,
  { recheckMs, schedule, check }: SubscribersOptions,
  end: Subscribers["end"],
): IdentityGroup {
  const empty = new AbortController();
  const permission = startPermissionRechecks({
    recheckMs,
    schedule,
    // Whether somebody may see the job takes no host results to find out.
    check: (signal) => check(caller, "status", signal),
    onLost: (why) => end(group, why),
    signal: empty.signal,
  });
  const group: IdentityGroup = { caller, subscribers: new Set(), permission, retryAfterUntil: 0, empty };
  return group;
}
