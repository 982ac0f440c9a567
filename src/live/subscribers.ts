/**
 * The subscribers of a job, by identity. Each was admitted by a call with its own credentials, and remains only while
 * such calls return the job. Sharing polls never replaces permission checks.
 */
import type { JobOutcome, RequiredData } from "../model/job-instance.ts";
import type { ObservedJob } from "../model/job-state.ts";
import type { Caller } from "../upstream/caller.ts";
import type { Lookup } from "../upstream/client.ts";
import {
  type PermissionRecheckOptions,
  type PermissionRechecks,
  startPermissionRechecks,
} from "./permission-rechecks.ts";

/** An admitted subscription. */
export interface Subscriber {
  readonly caller: Caller;
  readonly requiredData: RequiredData;
  /** Receives the result of a poll, which may be unchanged. */
  readonly next: (observed: ObservedJob) => void;
  /** Ends the subscription, with an error if there is one. */
  readonly end: (error?: Error) => void;
}

/** Subscribers with the same identity: the upstream gives all of them the same response. */
export interface IdentityGroup {
  readonly caller: Caller;
  /** With the times at which they were added, by `performance.now()`. */
  readonly subscribers: Map<Subscriber, number>;
  readonly permission: PermissionRechecks;
  /** States that wait until the permission is confirmed: the newest one for each subscriber. */
  readonly held: Map<Subscriber, ObservedJob>;
  /** Rate limit: these credentials are not used for polling until then, by `performance.now()`. */
  retryAfterUntil: number;
  /** Aborts when the last subscriber of the group leaves, which stops the permission checks. */
  readonly empty: AbortController;
}

/** Requests the job on behalf of a caller. @param onJob called with the response if it has a job */
export type FetchJob = (
  caller: Caller,
  requiredData: RequiredData,
  signal: AbortSignal,
  onJob?: Lookup["onJob"],
) => Promise<JobOutcome>;

export interface SubscribersOptions extends Pick<PermissionRecheckOptions, "recheckMs" | "schedule"> {
  /** Requests the job for a permission check. */
  readonly check: FetchJob;
  /** Called when the last subscriber has left. No subscriber may be added after that. */
  readonly onEmpty: () => void;
}

interface ListedSubscriber {
  readonly group: IdentityGroup;
  readonly subscriber: Subscriber;
  /** When it was added, by `performance.now()`. */
  readonly addedAt: number;
}

export interface Subscribers {
  readonly list: () => ListedSubscriber[];
  readonly add: (subscriber: Subscriber) => IdentityGroup;
  readonly remove: (group: IdentityGroup, subscriber: Subscriber) => void;
  /**
   * Sends the state of the job if the permission of the subscriber is current, otherwise after a check, which starts
   * now. Ends the subscriber if the job is finished.
   */
  readonly send: (group: IdentityGroup, subscriber: Subscriber, observed: ObservedJob) => void;
  /** The identity to poll with: skips identities that are rate-limited. Null if all are. */
  readonly nextNotRateLimited: () => IdentityGroup | null;
  /** Moves an identity to the end of the polling order, and marks it as rate-limited for `waitMs`. */
  readonly moveToEnd: (group: IdentityGroup, waitMs: number) => void;
  /** Ends all subscribers of one identity, with an outcome or an error. Other identities are not affected. */
  readonly end: (group: IdentityGroup, reason: JobOutcome | Error) => void;
  /** Aborts when the last subscriber has left. */
  readonly empty: AbortSignal;
}

export function createSubscribers(options: SubscribersOptions): Subscribers {
  /** In polling order. */
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
      Array.from(group.subscribers, ([subscriber, addedAt]) => ({ group, subscriber, addedAt })),
    );

  const add: Subscribers["add"] = (subscriber) => {
    const { caller } = subscriber;
    const group = groups.get(caller.identity) ?? createGroup(caller, options, { send, end });
    groups.set(caller.identity, group);
    group.subscribers.set(subscriber, performance.now());
    return group;
  };

  const remove: Subscribers["remove"] = (group, subscriber) => {
    group.subscribers.delete(subscriber);
    group.held.delete(subscriber);
    if (group.subscribers.size === 0) removeGroup(group);
  };

  const send: Subscribers["send"] = (group, subscriber, observed) => {
    if (!group.permission.isCurrent()) {
      group.held.set(subscriber, observed);
      group.permission.checkNow();
      return;
    }
    group.held.delete(subscriber);
    subscriber.next(observed);
    if (observed.outcome.kind !== "job" || !observed.outcome.isFinished) return;
    remove(group, subscriber);
    subscriber.end();
  };

  const moveToEnd: Subscribers["moveToEnd"] = (group, waitMs) => {
    const { identity } = group.caller;
    group.retryAfterUntil = performance.now() + waitMs;
    if (groups.get(identity) !== group) return;
    groups.delete(identity);
    groups.set(identity, group);
  };

  const end: Subscribers["end"] = (group, reason) => {
    removeGroup(group);
    for (const subscriber of group.subscribers.keys()) {
      if (!(reason instanceof Error)) subscriber.next({ outcome: reason, state: null });
      subscriber.end(reason instanceof Error ? reason : undefined);
    }
  };

  return {
    list,
    add,
    remove,
    send,
    nextNotRateLimited: () =>
      groups.values().find((group) => group.retryAfterUntil <= performance.now()) ?? null,
    moveToEnd,
    end,
    empty: empty.signal,
  };
}

export const hasSubscriber = ({ list }: Subscribers, requiredData: RequiredData): boolean =>
  list().some(({ subscriber }) => subscriber.requiredData === requiredData);

/** Ends the subscribers of all identities that require this data. */
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

/** Creates the group of an identity and starts its permission checks. */
function createGroup(
  caller: Caller,
  { recheckMs, schedule, check }: SubscribersOptions,
  { send, end }: Pick<Subscribers, "send" | "end">,
): IdentityGroup {
  const empty = new AbortController();
  const permission = startPermissionRechecks({
    recheckMs,
    schedule,
    // A permission check needs no host results.
    check: (signal) => check(caller, "status", signal),
    onConfirmed: () => {
      for (const [subscriber, observed] of group.held) send(group, subscriber, observed);
    },
    onLost: (reason) => end(group, reason),
    signal: empty.signal,
  });
  const group: IdentityGroup = {
    caller,
    subscribers: new Map(),
    permission,
    held: new Map(),
    retryAfterUntil: 0,
    empty,
  };
  return group;
}
