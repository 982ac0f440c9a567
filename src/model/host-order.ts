/** Orders of host results. */
import { compareKeys, compareNullable, type HostResult, type ResultKey } from "./host-result.ts";
import { ipSortKey } from "./ip.ts";
import type { HostResultOrder, HostResultOrderField } from "./sdl.generated.ts";

/** What a result is ordered by; results without a value come last, whatever the direction. */
export type SortValue = number | string | null;

/** Place of a result in an order: its value there, then its key. */
export interface Position {
  readonly value: SortValue;
  readonly key: ResultKey;
}

const SORT_VALUES: Record<HostResultOrderField, (row: HostResult) => SortValue> = {
  STATUS_CODE: (row) => row.statusCode,
  IP: (row) => {
    const ip = row.ip ?? row.ipv6;
    return ip === null ? null : ipSortKey(ip);
  },
  STARTED_AT: (row) => row.startedAt,
  DURATION: (row) => row.durationMs,
  EXIT_CODE: (row) => row.exitCode,
};

/** What `row` is ordered by under `order`; null for every row in the stable order. */
export const sortValue = (row: HostResult, order: HostResultOrder | null): SortValue =>
  order === null ? null : SORT_VALUES[order.field](row);

/** Compares two places in one order. Equal values keep the stable order, also when falling. */
export function comparePositions(a: Position, b: Position, order: HostResultOrder | null): number {
  const sign = order?.direction === "DESC" ? -1 : 1;
  const byValue = compareNullable(a.value, b.value, (x, y) => (x < y ? -sign : x > y ? sign : 0));
  return byValue || compareKeys(a.key, b.key);
}

/** The order as text: what a cursor remembers of it. */
export const orderText = (order: HostResultOrder | null): string =>
  order === null ? "" : `${order.field} ${order.direction ?? "ASC"}`;
