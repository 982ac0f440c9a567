/**
 * Snapshots that instances share. A snapshot of another instance is used only if its call certainly started later than
 * those of all snapshots that this instance has served for the same identity and job. The start of a call elsewhere is
 * known only as a range: its earliest time decides whether the snapshot is used, and its latest one which snapshots are
 * too old afterwards.
 */
import { LRUCache } from "lru-cache";
import type { RequiredData } from "../model/job-instance.ts";
import type { NewResponse, SnapshotStore } from "../redis/snapshot-store.ts";
import type { JobResponse, UpstreamClient } from "../upstream/client.ts";
import { type MaxAges, maxAgeOf, type Snapshot, satisfies } from "./snapshot-cache.ts";

interface SharedSnapshot {
  readonly snapshot: Snapshot;
  /** When its call started at the latest. */
  readonly latestStart: number;
  /** How long ago its response was received. */
  readonly ageMs: number;
}

export interface SharedSnapshots {
  /**
   * The snapshot of another instance, if it has the required data, may still be used, and was newer than all served ones
   * when it was read. Newer ones may have been served since: see `newestStart`.
   */
  readonly find: (key: string, requiredData: RequiredData) => Promise<SharedSnapshot | null>;
  /** Snapshots for `key` whose calls started earlier are too old. */
  readonly newestStart: (key: string) => number;
  /** From now on, snapshots for `key` whose calls started earlier are too old. */
  readonly setNewest: (key: string, startedAt: number) => void;
  /** From now on, no instance uses a snapshot for `key` whose call started before `startedAt`. */
  readonly invalidate: (key: string, startedAt: number) => void;
  /** Shares a snapshot of this instance in the background. @param response null if it has no job */
  readonly put: (key: string, snapshot: Snapshot, response: JobResponse | null) => void;
}

/** How many identities and jobs are remembered with their newest start: about 2 MB. */
const MAX_NEWEST_STARTS = 10_000;

export function createSharedSnapshots(
  store: SnapshotStore,
  { decodeJob }: Pick<UpstreamClient, "decodeJob">,
  maxAges: MaxAges,
): SharedSnapshots {
  const lookups = new Map<string, Promise<SharedSnapshot | null>>();
  const newest = createNewestStarts();

  const read = async (key: string): Promise<SharedSnapshot | null> => {
    const stored = await store.get(key);
    if (!stored || stored.earliestStart < newest.get(key)) return null;
    const { body, earliestStart: startedAt, latestStart, receivedAt } = stored;
    // As `put` has stored it.
    const info = stored.info as Omit<JobResponse, "body">;
    const outcome = decodeJob({ ...info, body });
    const ageMs = performance.now() - receivedAt;
    const isUsable = ageMs >= 0 && ageMs < maxAgeOf(outcome, maxAges);
    return isUsable
      ? { snapshot: { outcome, requiredData: info.requiredData, startedAt }, latestStart, ageMs }
      : null;
  };

  const find: SharedSnapshots["find"] = async (key, requiredData) => {
    let lookup = lookups.get(key);
    if (!lookup) {
      // A response that cannot be decoded, of another version of the gateway, is none.
      lookup = read(key)
        .catch(() => null)
        .finally(() => lookups.delete(key));
      lookups.set(key, lookup);
    }
    const found = await lookup;
    return found && satisfies(found.snapshot, requiredData) ? found : null;
  };

  const put: SharedSnapshots["put"] = (key, { outcome, startedAt }, response) => {
    const maxAgeMs = maxAgeOf(outcome, maxAges);
    let content: NewResponse["content"] = null;
    if (response && maxAgeMs > 0) {
      const { body, ...info } = response;
      content = { body, receivedAt: performance.now(), info, maxAgeMs };
    }
    void store.set(key, { startedAt, content });
  };

  const invalidate: SharedSnapshots["invalidate"] = (key, startedAt) => {
    newest.set(key, startedAt);
    void store.set(key, { startedAt, content: null });
  };

  return { find, newestStart: newest.get, setNewest: newest.set, invalidate, put };
}

/** When the newest calls have started whose results were served: by key, for the last keys, and at the latest for others. */
function createNewestStarts() {
  let newestEvicted = -Infinity;
  const starts = new LRUCache<string, number>({
    max: MAX_NEWEST_STARTS,
    dispose: (startedAt, _key, reason) => {
      if (reason === "evict") newestEvicted = Math.max(newestEvicted, startedAt);
    },
  });
  const get = (key: string): number => starts.get(key) ?? newestEvicted;
  const set = (key: string, startedAt: number): void => {
    if (startedAt > get(key)) starts.set(key, startedAt);
  };
  return { get, set };
}
