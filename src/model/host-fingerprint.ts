/**
 * Detects whether the host results of two reads are the same, in whatever order the upstream lists them. A watched job
 * is polled every few seconds, and usually nothing has changed, so the comparison must cost less than a response.
 *
 * Each row is hashed column by column, directly from the columns of the table: no row becomes an object, and two rows
 * with the same values have the same hash even if their JSON differs (`"A"` and `"\u0041"`).
 */

import { createStringReader } from "./host-strings.ts";
import {
  type HostTable,
  ID_COLUMNS,
  type IdColumn,
  NUMBER_COLUMNS,
  STRING_COLUMNS,
  type StringColumn,
} from "./host-table.ts";

/** Constants of the 32-bit hashes FNV-1a and MurmurHash3. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const MURMUR_SEED = 0x9747b28c;
const MURMUR_PRIME = 0xcc9e2d51;
const FINALIZER_1 = 0x85ebca6b;
const FINALIZER_2 = 0xc2b2ae35;

/**
 * Two independent hashes of each row over all of its columns. It is extremely unlikely that different rows share both.
 */
export interface RowHashes {
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/**
 * A short string that is the same for tables with the same rows: number of rows, sum of the first hashes, sum of the
 * second hashes, such as `3 -1203045761 88120567`. Sums do not depend on the order of the rows.
 */
export function fingerprintRows(table: HostTable): string {
  const { first, second } = hashRows(table);
  return `${table.length} ${sum(first)} ${sum(second)}`;
}

export function hashRows(table: HostTable): RowHashes {
  const { length } = table;
  const hashes: RowHashes = {
    first: new Int32Array(length).fill(FNV_OFFSET),
    second: new Int32Array(length).fill(MURMUR_SEED),
  };
  // Each value is hashed together with its column number, so that equal values in different columns differ. Absent
  // values are skipped.
  let column = 0;
  for (const values of [table.statusCode, ...NUMBER_COLUMNS.map((name) => table[name])]) {
    mixNumbers(hashes, ++column, values);
  }
  for (const name of ID_COLUMNS) mixIds(hashes, ++column, table[name]);
  for (const name of STRING_COLUMNS) mixStrings(hashes, ++column, table, table[name]);
  for (let row = 0; row < length; row++) {
    hashes.first[row] = finalize(hashes.first[row] ?? 0);
    hashes.second[row] = finalize(hashes.second[row] ?? 0);
  }
  return hashes;
}

/** FNV-1a on words. Multiplication never moves high bits down, so they are mixed into the low bits afterwards. */
function mixFirst(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, FNV_PRIME);
  return mixed ^ (mixed >>> 15);
}

const mixSecond = (hash: number, word: number): number =>
  Math.imul(hash + word, MURMUR_PRIME) ^ (hash >>> 15);

function mixNumbers({ first, second }: RowHashes, column: number, values: Int32Array | Float64Array): void {
  for (let row = 0; row < first.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const low = value | 0;
    const high = Math.floor(value / 2 ** 32);
    first[row] = mixFirst(mixFirst(mixFirst(first[row] ?? 0, column), low), high);
    second[row] = mixSecond(mixSecond(mixSecond(second[row] ?? 0, column), low), high);
  }
}

function mixIds(hashes: RowHashes, column: number, { values, large }: IdColumn): void {
  mixNumbers(hashes, column, values);
  for (const [row, id] of large) {
    if (row >= hashes.first.length) continue;
    const low = Number(BigInt.asIntN(32, id));
    hashes.first[row] = mixFirst(hashes.first[row] ?? 0, low);
    hashes.second[row] = mixSecond(hashes.second[row] ?? 0, low);
  }
}

function mixStrings(hashes: RowHashes, column: number, table: HostTable, values: StringColumn): void {
  const reader = createStringReader(table, values);
  for (let row = 0; row < hashes.first.length; row++) {
    if (!reader.read(row)) continue;
    const { bytes, view, start, end } = reader;
    // The length separates neighboring strings: `ab` and `c` must differ from `a` and `bc`.
    let first = mixFirst(mixFirst(hashes.first[row] ?? 0, column), end - start);
    let second = mixSecond(mixSecond(hashes.second[row] ?? 0, column), end - start);
    let at = start;
    for (; at <= end - 4; at += 4) {
      const word = view.getInt32(at, true);
      first = mixFirst(first, word);
      second = mixSecond(second, word);
    }
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      first = mixFirst(first, byte);
      second = mixSecond(second, byte);
    }
    hashes.first[row] = first;
    hashes.second[row] = second;
  }
}

const finalize = (hash: number): number => {
  const once = Math.imul(hash ^ (hash >>> 16), FINALIZER_1);
  const twice = Math.imul(once ^ (once >>> 13), FINALIZER_2);
  return twice ^ (twice >>> 16);
};

const sum = (hashes: Int32Array): number => hashes.reduce((total, hash) => (total + hash) | 0, 0);
