/**
 * When the upstream last rejected the credentials of each identity. Its earlier responses to them, about any job, must no
 * longer be served.
 */
import { LRUCache } from "lru-cache";

export interface Rejections {
  /** The upstream has rejected the credentials in a call that started then. */
  readonly add: (key: string, startedAt: number) => void;
  /** When the latest rejected call of the identity started. -Infinity if there is none. */
  readonly latest: (key: string) => number;
}

/** About 2 MB. */
const MAX_IDENTITIES = 10_000;

/** @param identityOf the identity of the key of a snapshot. */
export function createRejections(identityOf: (key: string) => string): Rejections {
  const starts = new LRUCache<string, number>({ max: MAX_IDENTITIES });
  const latest: Rejections["latest"] = (key) =>
    starts.size === 0 ? -Infinity : (starts.get(identityOf(key)) ?? -Infinity);
  const add: Rejections["add"] = (key, startedAt) => {
    starts.set(identityOf(key), Math.max(latest(key), startedAt));
  };
  return { add, latest };
}
