/** The host results of one step attempt, with derived data that is computed on first use. */
import { LRUCache } from "lru-cache";
import { fingerprintRows } from "./host-fingerprint.ts";
import type { ResultKey } from "./host-result.ts";
import { type HostTable, idAt, MEMO_BASE_BYTES, MEMO_ROW_BYTES, type Rows } from "./host-table.ts";
import { once } from "./once.ts";
import { addressOf, createStableOrder } from "./stable-order.ts";
import { countStatuses, type StatusCounts } from "./summary.ts";

export interface HostResults {
  readonly table: HostTable;
  readonly statusCounts: () => StatusCounts;
  /** Equal for results with the same rows in any order. */
  readonly fingerprint: () => string;
  /** All rows in the stable order (`stable-order.ts`). */
  readonly stableOrder: () => Rows;
  /** `rows` in the stable order. They must be in the order of the table. */
  readonly inStableOrder: (rows: Rows) => Rows;
  /** The number of a row among the results on its target, from 0. It is the same on every read. */
  readonly ordinalOf: (row: number) => number;
  /** Identifies a row within the step. */
  readonly keyOf: (row: number) => ResultKey;
  /**
   * Returns the cached value of `key`, or computes it. Several operations on one snapshot share orders and groups in
   * this way. Keys come from the arguments `orderBy` and `by`, so there are fewer than twenty; least recently used
   * values are evicted first.
   * @param sizeOf memory of a value in bytes.
   */
  readonly memoize: <T extends object>(key: string, compute: () => T, sizeOf: (value: T) => number) => T;
}

export function createHostResults(table: HostTable): HostResults {
  const stableOrder = createStableOrder(table);
  return {
    table,
    statusCounts: once(() => countStatuses(table.statusCode.subarray(0, table.length))),
    fingerprint: once(() => fingerprintRows(table)),
    stableOrder: stableOrder.rows,
    inStableOrder: stableOrder.sort,
    ordinalOf: stableOrder.ordinalOf,
    keyOf: (row) => keyOf(table, row, stableOrder.ordinalOf(row)),
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

/** Approximate memory of a cache entry without its value. */
const MEMO_ENTRY_BYTES = 200;

function createMemo({ length }: HostTable): HostResults["memoize"] {
  const maxSize = length * MEMO_ROW_BYTES + MEMO_BASE_BYTES;
  const known = once(() => new LRUCache<string, object>({ maxSize }));
  return <T extends object>(key: string, compute: () => T, sizeOf: (value: T) => number): T => {
    // The cast is safe because a key always comes with the same computation.
    const remembered = known().get(key) as T | undefined;
    if (remembered) return remembered;
    const value = compute();
    // Values above the size limit are not cached.
    known().set(key, value, { size: MEMO_ENTRY_BYTES + sizeOf(value) });
    return value;
  };
}
