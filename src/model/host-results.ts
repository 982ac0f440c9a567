/** The host results of one step attempt, and what is known of all of them together: computed once, when asked for. */
import { fingerprintRows } from "./host-fingerprint.ts";
import { compareRepeats, compareTargets, type HostResult, type ResultKey, resultKey } from "./host-result.ts";
import { type HostTable, rowAt } from "./host-table.ts";
import { once } from "./once.ts";
import { countStatuses, type StatusCounts } from "./summary.ts";

/** Row numbers of a table. */
export type Rows = Uint32Array;

export interface HostResults {
  readonly table: HostTable;
  readonly statusCounts: () => StatusCounts;
  /** The same for results with the same rows, in whatever order. */
  readonly fingerprint: () => string;
  /** All rows in the stable order: by target, and by `compareRepeats` on one target. */
  readonly stableOrder: () => Rows;
  /** Some rows in the stable order. */
  readonly inStableOrder: (rows: Rows) => Rows;
  /** Which of the results on its target a row is, from 0: the same from read to read. */
  readonly ordinalOf: (row: number) => number;
  /** What tells a row from the others of the step. */
  readonly keyOf: (row: number) => ResultKey;
  /** What `compute` gives at the first call with `key`: for what several operations ask of one snapshot. */
  readonly remember: <T>(key: string, compute: () => T) => T;
}

export function createHostResults(table: HostTable): HostResults {
  const placed = once(() => place(table));
  // Place of each row in the stable order: the inverse of that order.
  const ranks = once(() => {
    const result = new Uint32Array(table.length);
    placed().order.forEach((row, rank) => {
      result[row] = rank;
    });
    return result;
  });
  const ordinalOf = (row: number) => placed().ordinals?.[row] ?? 0;
  return {
    table,
    statusCounts: once(() => countStatuses(table.statusCode.subarray(0, table.length))),
    fingerprint: once(() => fingerprintRows(table)),
    stableOrder: () => placed().order,
    inStableOrder: (rows) => {
      const order = placed().order;
      const rankOf = ranks();
      return rows
        .map((row) => rankOf[row] ?? 0)
        .sort()
        .map((rank) => order[rank] ?? 0);
    },
    ordinalOf,
    keyOf: (row) => resultKey(rowAt(table, row), ordinalOf(row)),
    remember: createMemory(),
  };
}

function createMemory(): HostResults["remember"] {
  const known = new Map<string, unknown>();
  return <T>(key: string, compute: () => T): T => {
    if (!known.has(key)) known.set(key, compute());
    // A key always comes with the same computation.
    return known.get(key) as T;
  };
}

interface Placement {
  readonly order: Rows;
  /** By row; null when no target has several results. */
  readonly ordinals: Uint32Array | null;
}

const place = (table: HostTable): Placement => placeByHostId(table) ?? placeByTarget(table);

/** Nearly every table: each row is on another host that is known by id. Null for other tables. */
function placeByHostId({ length, hostId, containerId }: HostTable): Placement | null {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let row = 0; row < length; row++) {
    const id = hostId.values[row] ?? Number.NaN;
    const isPlain = id >= 0 && Number.isNaN(containerId.values[row]);
    if (!isPlain) return null;
    least = Math.min(least, id);
    most = Math.max(most, id);
  }
  // Id and row packed into one number, which sorts natively, without a comparison function.
  if (length === 0 || !Number.isSafeInteger((most - least + 1) * length)) return null;
  const packed = new Float64Array(length);
  for (let row = 0; row < length; row++) packed[row] = ((hostId.values[row] ?? 0) - least) * length + row;
  packed.sort();
  const order = new Uint32Array(length);
  let previous = -1;
  for (let rank = 0; rank < length; rank++) {
    const value = packed[rank] ?? 0;
    const id = Math.floor(value / length);
    if (id === previous) return null;
    previous = id;
    order[rank] = value - id * length;
  }
  return { order, ordinals: null };
}

function placeByTarget(table: HostTable): Placement {
  const entries = Array.from({ length: table.length }, (_, row) => {
    const result: HostResult = rowAt(table, row);
    return { row, result, key: resultKey(result, 0) };
  }).sort((a, b) => compareTargets(a.key, b.key) || compareRepeats(a.result, b.result));
  const ordinals = new Uint32Array(table.length);
  let ordinal = 0;
  entries.forEach(({ row, key }, rank) => {
    const previous = entries[rank - 1];
    ordinal = previous && compareTargets(previous.key, key) === 0 ? ordinal + 1 : 0;
    ordinals[row] = ordinal;
  });
  return { order: Uint32Array.from(entries, ({ row }) => row), ordinals };
}
