/**
 * A semaphore with a bounded queue that shares its slots fairly between identities.
 *
 * A call can hang until its timeout, and a running call is not preempted. The hanging calls of one identity must not
 * block all others. An identity can therefore hold at most three times as many slots as remain free, and the last free
 * slot goes only to an identity that holds none. Of 32 slots, the first identity gets at most 24, and a second one at
 * most 6 of the remaining 8. Network switches share packet buffers between ports by this rule (dynamic thresholds).
 * The slots of the queue are shared by the same rule.
 *
 * The library p-limit, which limits the first calls and permission checks of subscriptions, does not distinguish
 * identities, so it cannot share fairly.
 *
 * Free slots are given to the waiting identities in round-robin order, and within an identity in order of arrival.
 */

export interface ConcurrencyLimitOptions {
  /** Maximum number of running calls. */
  readonly maxRunning: number;
  /** Maximum number of waiting calls. */
  readonly maxWaiting: number;
}

export interface ConcurrencyLimit {
  /**
   * Calls `start` as soon as `identity` may run another call: synchronously, or later. Call `release` when a started
   * call has ended.
   * @returns a function that removes a waiting call from the queue; null if the queue is full for `identity`.
   */
  readonly acquire: (identity: string, start: () => void) => (() => void) | null;
  /** Frees the slot of a call of `identity`. */
  readonly release: (identity: string) => void;
  readonly counts: () => CallCounts;
}

export interface CallCounts {
  readonly running: number;
  readonly waiting: number;
}

/** The slots of one identity. Deleted when it holds none, so there are never more shares than slots. */
interface Share {
  readonly identity: string;
  running: number;
  /** Waiting calls in order of arrival. */
  readonly waiting: Set<() => void>;
}

export function createConcurrencyLimit({
  maxRunning,
  maxWaiting,
}: ConcurrencyLimitOptions): ConcurrencyLimit {
  let freeSlots = maxRunning;
  let freeQueueSlots = maxWaiting;
  const shares = new Map<string, Share>();
  /** Identities with waiting calls, in round-robin order. */
  const waitingShares = new Set<Share>();

  const run = (share: Share, start: () => void) => {
    freeSlots -= 1;
    share.running += 1;
    start();
  };

  const dequeue = (share: Share, start: () => void): boolean => {
    if (!share.waiting.delete(start)) return false;
    freeQueueSlots += 1;
    if (share.waiting.size === 0) waitingShares.delete(share);
    return true;
  };

  const deleteIfIdle = (share: Share) => {
    if (share.running === 0 && share.waiting.size === 0) shares.delete(share.identity);
  };

  const startWaiting = () => {
    while (freeSlots > 0) {
      // An identity that may not run holds at least one slot, so this examines at most as many shares as there are
      // slots.
      const share = waitingShares.values().find(({ running }) => mayTakeSlot(running, freeSlots));
      const [start] = share?.waiting ?? [];
      if (!share || !start) return;
      dequeue(share, start);
      // Move to the end of the round.
      if (waitingShares.delete(share)) waitingShares.add(share);
      run(share, start);
    }
  };

  const acquire: ConcurrencyLimit["acquire"] = (identity, start) => {
    const share = shares.get(identity) ?? { identity, running: 0, waiting: new Set() };
    const canRun = mayTakeSlot(share.running, freeSlots);
    if (!canRun && !mayTakeSlot(share.waiting.size, freeQueueSlots)) return null;
    shares.set(identity, share);
    if (canRun) {
      run(share, start);
    } else {
      freeQueueSlots -= 1;
      share.waiting.add(start);
      waitingShares.add(share);
    }
    return () => {
      if (dequeue(share, start)) deleteIfIdle(share);
    };
  };

  const release: ConcurrencyLimit["release"] = (identity) => {
    const share = shares.get(identity);
    if (!share) return;
    share.running -= 1;
    freeSlots += 1;
    startWaiting();
    deleteIfIdle(share);
  };

  return {
    acquire,
    release,
    counts: () => ({ running: maxRunning - freeSlots, waiting: maxWaiting - freeQueueSlots }),
  };
}

/** Maximum ratio of the slots that an identity holds to those that stay free. */
const HELD_TO_FREE = 3;

const mayTakeSlot = (held: number, free: number): boolean =>
  held < HELD_TO_FREE * free && (free > 1 || held === 0);
