/** Orders of host results. */
import { compareKeys, compareNullable, type ResultKey } from "./host-result.ts";
import type { HostResults, Rows } from "./host-results.ts";
import { type HostTable, numberAt, textAt } from "./host-table.ts";
import { ipSortKey } from "./ip.ts";
import type { HostResultOrder, HostResultOrderField } from "./sdl.generated.ts";

/** What a result is ordered by; results without a value come last, whatever the direction. */
export type SortValue = number | string | null;

/** Place of a result in an order: its value there, then its key. */
export interface Position {
  readonly value: SortValue;
  readonly key: ResultKey;
}

const SORT_VALUES: Record<HostResultOrderField, (table: HostTable, row: number) => SortValue> = {
  STATUS_CODE: ({ statusCode }, row) => statusCode[row] ?? 0,
  IP: (table, row) => {
    const ip = textAt(table, table.ip, row) ?? textAt(table, table.ipv6, row);
    return ip === null ? null : ipSortKey(ip);
  },
  STARTED_AT: ({ startedAt }, row) => numberAt(startedAt, row),
  DURATION: ({ durationMs }, row) => numberAt(durationMs, row),
  EXIT_CODE: ({ exitCode }, row) => numberAt(exitCode, row),
};

/** Where `row` is under `order`; the stable order when that is null. */
export const positionOf = (results: HostResults, row: number, order: HostResultOrder | null): Position => ({
  value: order === null ? null : SORT_VALUES[order.field](results.table, row),
  key: results.keyOf(row),
});

/** Equal values compare as 0. */
function compareValues(a: SortValue, b: SortValue, order: HostResultOrder | null): number {
  const sign = order?.direction === "DESC" ? -1 : 1;
  return compareNullable(a, b, (x, y) => (x < y ? -sign : x > y ? sign : 0));
}

/** Compares two places in one order. Equal values keep the stable order, also when falling. */
export const comparePositions = (a: Position, b: Position, order: HostResultOrder | null): number =>
  compareValues(a.value, b.value, order) || compareKeys(a.key, b.key);

/** `rows`, or all of them when null, under `order`. */
export function sortHostResults(
  results: HostResults,
  rows: Rows | null,
  order: HostResultOrder | null,
): Rows {
  if (rows !== null) return sorted(results, results.inStableOrder(rows), order);
  return results.remember(`order ${orderText(order)}`, () => sorted(results, results.stableOrder(), order));
}

function sorted({ table }: HostResults, stable: Rows, order: HostResultOrder | null): Rows {
  if (order === null) return stable;
  const read = SORT_VALUES[order.field];
  // Sorting is stable, so equal values stay in the stable order.
  const entries = Array.from(stable, (row) => ({ row, value: read(table, row) }));
  entries.sort((a, b) => compareValues(a.value, b.value, order));
  return Uint32Array.from(entries, ({ row }) => row);
}

/** The order as text: what a cursor remembers of it. */
export const orderText = (order: HostResultOrder | null): string =>
  order === null ? "" : `${order.field} ${order.direction ?? "ASC"}`;
