/** Orders host results by a field. */
import { compareKeys, compareNullable, type ResultKey } from "./host-result.ts";
import type { HostResults } from "./host-results.ts";
import { ABSENT, descending, numberWords, sortRows, type Word } from "./host-sort.ts";
import { rankWord } from "./host-string-words.ts";

import { createStringReader } from "./host-strings.ts";
import { type HostTable, numberAt, type Rows, stringAt } from "./host-table.ts";
import { ipSortKey, parseIpv4, parseIpv6 } from "./ip.ts";
import type { HostResultOrder, HostResultOrderField } from "./sdl.generated.ts";

/** The value that a result is ordered by. Results without a value come last in both directions. */
export type SortValue = number | string | null;

/** Position of a result in an order: its sort value, and its key to break ties. */
export interface Position {
  readonly value: SortValue;
  readonly key: ResultKey;
}

const SORT_VALUES: Record<HostResultOrderField, (table: HostTable, row: number) => SortValue> = {
  STATUS_CODE: ({ statusCode }, row) => statusCode[row] ?? 0,
  IP: (table, row) => {
    const ip = stringAt(table, table.ip, row) ?? stringAt(table, table.ipv6, row);
    return ip === null ? null : ipSortKey(ip);
  },
  STARTED_AT: ({ startedAt }, row) => numberAt(startedAt, row),
  DURATION: ({ durationMs }, row) => numberAt(durationMs, row),
  EXIT_CODE: ({ exitCode }, row) => numberAt(exitCode, row),
};

/** The position of `row` in `order`; null means the stable order. */
export const positionOf = (results: HostResults, row: number, order: HostResultOrder | null): Position => ({
  value: order === null ? null : SORT_VALUES[order.field](results.table, row),
  key: results.keyOf(row),
});

function compareValues(a: SortValue, b: SortValue, order: HostResultOrder | null): number {
  const sign = order?.direction === "DESC" ? -1 : 1;
  return compareNullable(a, b, (x, y) => (x < y ? -sign : x > y ? sign : 0));
}

/** Compares two positions. Equal values have the stable order, even in descending order. */
export const comparePositions = (a: Position, b: Position, order: HostResultOrder | null): number =>
  compareValues(a.value, b.value, order) || compareKeys(a.key, b.key);

/** `rows`, or all rows if null, sorted by `order`. */
export function sortHostResults(
  results: HostResults,
  rows: Rows | null,
  order: HostResultOrder | null,
): Rows {
  if (rows !== null) return sortBy(results, results.inStableOrder(rows), order);
  if (order === null) return results.stableOrder();
  return results.memoize(
    `order ${serializeOrder(order)}`,
    () => sortBy(results, results.stableOrder(), order),
    ({ byteLength }) => byteLength,
  );
}

function sortBy({ table }: HostResults, stable: Rows, order: HostResultOrder | null): Rows {
  if (order === null) return stable;
  const words = SORT_WORDS[order.field](table, stable);
  const rows = stable.slice();
  // The sort is stable, so rows with equal words keep the stable order, even in descending order.
  sortRows(rows, order.direction === "DESC" ? descending(words) : words);
  return rows;
}

/** The same orders as `SORT_VALUES`, as words to sort by: no value is created per row. */
const SORT_WORDS: Record<HostResultOrderField, (table: HostTable, rows: Rows) => readonly Word[]> = {
  STATUS_CODE: ({ statusCode }) => numberWords(statusCode),
  IP: addressWords,
  STARTED_AT: ({ startedAt }) => numberWords(startedAt),
  DURATION: ({ durationMs }) => numberWords(durationMs),
  EXIT_CODE: ({ exitCode }) => numberWords(exitCode),
};

/** Kinds of addresses in their sort order. They equal the first digit of `ipSortKey`. */
const [IPV4, IPV6, OTHER] = [4, 6, 9];

/**
 * Addresses as five words: kind and 128 bits. `10.0.0.1` is 4, 0x0a000001, 0, 0, 0; `2001:db8::1` is 6, 0x20010db8, 0,
 * 0, 1. Strings are created only for what is neither plain IPv4 nor plain IPv6, such as addresses with a zone.
 */
function addressWords(table: HostTable, rows: Rows): readonly Word[] {
  const { length } = table;
  const kinds = new Uint32Array(length).fill(ABSENT);
  const bits = new Uint32Array(4 * length);
  const others = new Map<number, string>();
  const ip = createStringReader(table, table.ip);
  const ipv6 = createStringReader(table, table.ipv6);
  const groups = new Uint16Array(8);
  for (const row of rows) {
    const reader = ip.read(row) ? ip : ipv6;
    if (reader === ipv6 && !ipv6.read(row)) continue;
    const ipv4 = parseIpv4(reader.bytes, reader.start, reader.end);
    if (ipv4 >= 0) {
      kinds[row] = IPV4;
      bits[4 * row] = ipv4;
    } else if (parseIpv6(reader.bytes, reader.start, reader.end, groups)) {
      kinds[row] = IPV6;
      for (let word = 0; word < 4; word++) {
        bits[4 * row + word] = (groups[2 * word] ?? 0) * 0x10000 + (groups[2 * word + 1] ?? 0);
      }
    } else {
      const key = ipSortKey(stringAt(table, reader === ip ? table.ip : table.ipv6, row) ?? "");
      kinds[row] = Number(key.slice(0, 1));
      if (kinds[row] === OTHER) others.set(row, key);
      else for (let word = 0; word < 4; word++) bits[4 * row + word] = hexWord(key, word);
    }
  }
  const otherWord = rankWord(others.keys(), length, (row) => others.get(row) ?? "");
  for (const row of others.keys()) bits[4 * row] = otherWord(row);
  const words = [0, 1, 2, 3].map(
    (word): Word =>
      (row) =>
        bits[4 * row + word] ?? 0,
  );
  return [(row) => kinds[row] ?? ABSENT, ...words];
}

/** A word of the hex digits after the first character of an `ipSortKey`; 0 beyond them. */
const hexWord = (key: string, word: number): number =>
  Number.parseInt(key.slice(8 * word + 1, 8 * word + 9) || "0", 16);

/** The order as a string, for cursors and cache keys: `IP DESC`; empty for the stable order. */
export const serializeOrder = (order: HostResultOrder | null): string =>
  order === null ? "" : `${order.field} ${order.direction ?? "ASC"}`;
