/** The host results of one step attempt, and what is known of all of them together: computed once, when asked for. */
import { LRUCache } from "lru-cache";
import { fingerprintRows } from "./host-fingerprint.ts";
import type { ResultKey } from "./host-result.ts";
import { type HostTable, idAt, MEMO_BASE_BYTES, MEMO_ROW_BYTES, type Rows } from "./host-table.ts";
import { once } from "./once.ts";
import { addressOf, computeStableOrder } from "./stable-order.ts";
import { countStatuses, type StatusCounts } from "./summary.ts";

export interface HostResults {
  readonly table: HostTable;
  readonly statusCounts: () => StatusCounts;
  /** The same for results with the same rows, in whatever order. */
  readonly fingerprint: () => string;
  /** All rows in the stable order: by target, and as they began and ended on one target. */
  readonly stableOrder: () => Rows;
  /** Some rows in the stable order. */
  readonly inStableOrder: (rows: Rows) => Rows;
  /** Which of the results on its target a row is, from 0: the same from read to read. */
  readonly ordinalOf: (row: number) => number;
  /** What tells a row from the others of the step. */
  readonly keyOf: (row: number) => ResultKey;
  /**
   * What `compute` gives, or has given before: for what several operations ask of one snapshot. Callers choose `key` by
   * their arguments `orderBy` and `by`, of which there are not twenty; the least recently used go first.
   * @param sizeOf the memory it takes, in bytes.
   */
  readonly memoize: <T extends object>(key: string, compute: () => T, sizeOf: (value: T) => number) => T;
}

export function createHostResults(table: HostTable): HostResults {
  const stableOrder = once(() => computeStableOrder(table));
  // Place of each row in the stable order: the inverse of that order.
  const ranks = once(() => {
    const result = new Uint32Array(table.length);
    stableOrder().rows.forEach((row, rank) => {
      result[row] = rank;
    });
    return result;
  });
  const ordinalOf = (row: number) => stableOrder().ordinals?.[row] ?? 0;
  return {
    table,
    statusCounts: once(() => countStatuses(table.statusCode.subarray(0, table.length))),
    fingerprint: once(() => fingerprintRows(table)),
    stableOrder: () => stableOrder().rows,
    inStableOrder: (rows) => {
      const order = stableOrder().rows;
      const rankOf = ranks();
      return rows
        .map((row) => rankOf[row] ?? 0)
        .sort()
        .map((rank) => order[rank] ?? 0);
    },
    ordinalOf,
    keyOf: (row) => keyOf(table, row, ordinalOf(row)),
    memoize: createMemo(table),
  };
}

function keyOf(table: HostTable, row: number, ordinal: number): ResultKey {
  const containerId = idAt(table.containerId, row);
  if (containerId !== null) return { kind: "container", id: containerId, address: "", ordinal };
  const hostId = idAt(table.hostId, row);
  if (hostId !== null) return { kind: "host", id: hostId, address: "", ordinal };
  return { kind: "address", id: idAt(table.cloudId, row), address: addressOf(table, row), ordinal };
}

/** About what a remembered value takes besides its own memory. */
const MEMO_ENTRY_BYTES = 200;

function createMemo({ length }: HostTable): HostResults["memoize"] {
  const maxSize = length * MEMO_ROW_BYTES + MEMO_BASE_BYTES;
  const known = once(() => new LRUCache<string, object>({ maxSize }));
  return <T extends object>(key: string, compute: () => T, sizeOf: (value: T) => number): T => {
    // A key always comes with the same computation.
    const remembered = known().get(key) as T | undefined;
    if (remembered) return remembered;
    const value = compute();
    // What is larger than the limit is not stored.
    known().set(key, value, { size: MEMO_ENTRY_BYTES + sizeOf(value) });
    return value;
  };
}
