/**
 * Limits how many calls run at one time and how many wait, fairly between identities.
 *
 * A call can hang for as long as its time limit, and a running call is never taken back. So that one identity's hanging
 * calls cannot hold up all others, an identity may not take everything: it may hold at most three times as many places
 * as stay free, and the last free place goes only to an identity that holds none. One identity gets 24 of 32 places; a
 * second one that comes then gets 6 of the 8 left, and so on: the more identities there are, the fewer places stay free.
 * (Switches share packet buffers between ports by this rule, known as dynamic thresholds.) The places in the queue are
 * shared by the same rule.
 *
 * Free places go round robin to the identities that wait, and within an identity first come, first served.
 */

export interface ConcurrencyLimitOptions {
  /** Calls that run at one time. */
  readonly maxRunning: number;
  /** Calls that wait at one time. */
  readonly maxWaiting: number;
}

export interface ConcurrencyLimit {
  /**
   * Calls `start` as soon as `identity` may run one more call: before this returns, or later. Every call that was
   * started ends with `release`.
   * @returns takes a call that still waits out of the queue; null when the queue has no place left for `identity`.
   */
  readonly acquire: (identity: string, start: () => void) => (() => void) | null;
  /** A call of `identity` has ended. */
  readonly release: (identity: string) => void;
}

/** What one identity holds. Exists only while it holds something, so there are never more than places. */
interface Share {
  readonly identity: string;
  running: number;
  /** In the order of arrival. */
  readonly waiting: Set<() => void>;
}

export function createConcurrencyLimit({
  maxRunning,
  maxWaiting,
}: ConcurrencyLimitOptions): ConcurrencyLimit {
  let freeSlots = maxRunning;
  let freeQueueSlots = maxWaiting;
  const shares = new Map<string, Share>();
  /** Those that have calls waiting, the next to be served first. */
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
      // Those who may not run hold a place each, so this looks at no more shares than there are places.
      const share = waitingShares.values().find(({ running }) => mayTakeSlot(running, freeSlots));
      const [start] = share?.waiting ?? [];
      if (!share || !start) return;
      dequeue(share, start);
      // To the end of the round.
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

  return { acquire, release };
}

/** How many times what stays free an identity may hold. */
const HELD_TO_FREE = 3;

const mayTakeSlot = (held: number, free: number): boolean =>
  held < HELD_TO_FREE * free && (free > 1 || held === 0);
