/** Filters host results. */
import type { HostResults } from "./host-results.ts";
import { createStringReader, stringBytes } from "./host-strings.ts";
import {
  allRows,
  type HostTable,
  type IdColumn,
  idAt,
  type Rows,
  type StringColumn,
  stringAt,
} from "./host-table.ts";
import { type Int64, toInt64 } from "./int64.ts";
import type { HostResultFilter } from "./sdl.generated.ts";
import { hostStatus } from "./status.ts";

type Condition = (row: number) => boolean;

/** Matches if the value is one of `wanted`. No condition if `wanted` is absent. */
function valueConditions<T>(
  wanted: readonly T[] | null | undefined,
  read: (rowOrCode: number) => T,
): Condition[] {
  if (!wanted) return [];
  const values = new Set(wanted);
  return [(rowOrCode) => values.has(read(rowOrCode))];
}

/** One condition for all status filters. A table has few distinct status codes, so each code is checked only once. */
function statusConditions(
  { statusCodes, statuses, phases }: HostResultFilter,
  table: HostTable,
): Condition[] {
  const conditions = [
    ...valueConditions(statusCodes, (code) => code),
    ...valueConditions(statuses, (code) => hostStatus(code).name),
    ...valueConditions(phases, (code) => hostStatus(code).phase),
  ];
  if (conditions.length === 0) return [];
  const known = new Map<number, boolean>();
  const matches = (code: number): boolean => {
    const result = known.get(code) ?? conditions.every((holds) => holds(code));
    known.set(code, result);
    return result;
  };
  let last = Number.NaN;
  let lastMatches = false;
  return [
    (row) => {
      const code = table.statusCode[row] ?? 0;
      // Most rows have the status of the row before them.
      if (code !== last) {
        last = code;
        lastMatches = matches(code);
      }
      return lastMatches;
    },
  ];
}

/** Ids are compared as integers. A string that is not a canonical integer, such as `007`, matches nothing. */
function idConditions(wanted: readonly string[] | null | undefined, column: IdColumn): Condition[] {
  if (!wanted) return [];
  const ids = wanted
    .filter((text) => /^(0|-?[1-9]\d{0,18})$/.test(text))
    .map((text) => toInt64(BigInt(text)));
  const values = new Set<Int64 | null>(ids);
  return [(row) => values.has(idAt(column, row))];
}

/**
 * Strings are compared as UTF-8 bytes, without creating a string per row. For `["ok", "数据"]`, a value of 2 bytes is
 * compared only with `6f 6b`, and one of 6 bytes only with `e6 95 b0 e6 8d ae`.
 */
function stringConditions(
  wanted: readonly (string | null | undefined)[] | null | undefined,
  table: HostTable,
  column: StringColumn,
): Condition[] {
  if (!wanted) return [];
  const acceptsAbsent = wanted.some((string) => string === null || string === undefined);
  const strings = wanted.filter((string) => typeof string === "string").map(stringBytes);
  // Most rows differ in length, which is cheaper to compare than bytes.
  const byLength = Map.groupBy(strings, ({ length }) => length);
  const reader = createStringReader(table, column);
  return [
    (row) => {
      if (!reader.read(row)) return acceptsAbsent;
      const { bytes, start, end } = reader;
      const sameLength = byLength.get(end - start);
      return sameLength?.some((string) => string.every((byte, i) => bytes[start + i] === byte)) === true;
    },
  ];
}

/** Matches case-insensitively. An empty string is no condition, because it is what an empty search field sends. */
function addressConditions(text: string | null | undefined, table: HostTable): Condition[] {
  if (!text) return [];
  const part = text.toLowerCase();
  const contains = (column: StringColumn) => {
    const reader = createStringReader(table, column);
    const containsPart = createSearch(part);
    return (row: number): boolean => {
      if (!reader.read(row)) return false;
      const { bytes, start, end } = reader;
      // For other characters, lower case cannot be computed byte by byte.
      return isAscii(bytes, start, end)
        ? containsPart(bytes, start, end)
        : stringAt(table, column, row)?.toLowerCase().includes(part) === true;
    };
  };
  const [ipContains, ipv6Contains] = [contains(table.ip), contains(table.ipv6)];
  return [(row) => ipContains(row) || ipv6Contains(row)];
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) >= 0x80) return false;
  return true;
}

const [UPPER_A, UPPER_Z, TO_LOWER] = [0x41, 0x5a, 0x20];

/**
 * Searches ASCII bytes for `part`, which must be in lower case: `fe80` is found in `2001:FE80::1`, because each byte
 * from `A` to `Z` is compared in lower case.
 */
function createSearch(part: string): (bytes: Uint8Array, start: number, end: number) => boolean {
  const wanted = Buffer.from(part);
  const isAt = (bytes: Uint8Array, begin: number): boolean => {
    for (let index = 0; index < wanted.length; index++) {
      const byte = bytes[begin + index] ?? 0;
      const lower = byte >= UPPER_A && byte <= UPPER_Z ? byte + TO_LOWER : byte;
      if (lower !== wanted[index]) return false;
    }
    return true;
  };
  return (bytes, start, end) => {
    for (let begin = start; begin <= end - wanted.length; begin++) if (isAt(bytes, begin)) return true;
    return false;
  };
}

/**
 * The rows that match all conditions, in the order of the table; null if there is no condition. A row matches a
 * condition if it has any of its values, so an empty list matches nothing.
 */
export function filterHostResults(
  { table }: HostResults,
  filter: HostResultFilter | null | undefined,
): Rows | null {
  if (!filter) return null;
  const exitCode = (row: number) => table.exitCode[row] ?? Number.NaN;
  const conditions = [
    ...statusConditions(filter, table),
    ...valueConditions(filter.exitCodes, exitCode),
    ...stringConditions(filter.tags, table, table.tag),
    ...idConditions(filter.hostIds, table.hostId),
    ...idConditions(filter.cloudIds, table.cloudId),
    ...addressConditions(filter.ipContains, table),
  ];
  if (conditions.length === 0) return null;
  const rows = allRows(table);
  let count = rows.length;
  // One condition at a time: each is checked only for the rows that match all before it.
  for (const holds of conditions) {
    let matching = 0;
    for (let index = 0; index < count; index++) {
      const row = rows[index] ?? 0;
      if (holds(row)) rows[matching++] = row;
    }
    count = matching;
  }
  return rows.slice(0, count);
}
