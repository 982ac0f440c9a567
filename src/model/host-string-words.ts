/** Strings of host tables as words to sort by, in the order of UTF-16 code units, like `compareText`. */
import type { Word } from "./host-sort.ts";
import { createStringReader } from "./host-strings.ts";
import { type HostTable, type StringColumn, stringAt } from "./host-table.ts";

const COMMA = 0x2c;
/**
 * Bytes sort like UTF-16 code units below this byte. Above it, UTF-8 and UTF-16 differ: U+FF5E sorts after U+1F600 in
 * UTF-16, but before it in UTF-8.
 */
const FIRST_UNORDERED_BYTE = 0xee;

/** The strings of a row joined by commas. Absent strings are empty. */
export const joinedString = (table: HostTable, columns: readonly StringColumn[], row: number): string =>
  columns.map((column) => stringAt(table, column, row) ?? "").join();

/**
 * The words of the joined strings of some rows; 0 for all other rows. A word is four bytes in big-endian order, padded
 * with zeros: `10.0.0.1,` becomes `10.0`, `.0.1` and `,\0\0\0`, that is 0x31302e30, 0x2e302e31 and 0x2c000000.
 */
export function joinedWords(
  table: HostTable,
  columns: readonly StringColumn[],
  rows: Iterable<number>,
): readonly Word[] {
  const readers = columns.map((column) => createStringReader(table, column));
  /** Start and end of the words of each row in `bytes`. */
  const begins = new Uint32Array(table.length);
  const ends = new Uint32Array(table.length);
  let bytes = new Uint8Array(4_096);
  let length = 0;
  let longest = 0;
  let isInOrder = true;
  for (const row of rows) {
    const begin = length;
    for (const [index, reader] of readers.entries()) {
      const size = reader.read(row) ? reader.end - reader.start : 0;
      if (length + size + 8 > bytes.length) bytes = growBuffer(bytes, size + 8);
      if (index > 0) bytes[length++] = COMMA;
      for (let at = reader.start, end = at + size; at < end; at++) {
        const byte = reader.bytes[at] ?? 0;
        // A zero byte cannot be distinguished from the padding.
        if (byte >= FIRST_UNORDERED_BYTE || byte === 0) isInOrder = false;
        bytes[length++] = byte;
      }
    }
    length = 4 * Math.ceil(length / 4);
    begins[row] = begin;
    ends[row] = length;
    longest = Math.max(longest, length - begin);
  }
  if (!isInOrder) return [rankWord(rows, table.length, (row) => joinedString(table, columns, row))];
  const view = new DataView(bytes.buffer);
  return Array.from({ length: longest / 4 }, (_, index) => (row) => {
    const at = (begins[row] ?? 0) + 4 * index;
    return at < (ends[row] ?? 0) ? view.getUint32(at) : 0;
  });
}

function growBuffer(bytes: Uint8Array, more: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length + more);
  larger.set(bytes);
  return larger;
}

/**
 * One word for the strings of some rows: the rank of the string among all of them; 0 for all other rows. It creates the
 * strings, so it is only for those whose bytes do not sort correctly.
 */
export function rankWord(rows: Iterable<number>, length: number, stringOf: (row: number) => string): Word {
  const strings = new Map(Iterator.from(rows).map((row) => [row, stringOf(row)] as const));
  const ranks = new Map([...new Set(strings.values())].sort().map((string, rank) => [string, rank]));
  const words = new Uint32Array(length);
  for (const [row, string] of strings) words[row] = ranks.get(string) ?? 0;
  return (row) => words[row] ?? 0;
}
