/** Texts of host tables as words to sort by: in the order of UTF-16 code units, as `compareText` has it. */
import type { Word } from "./host-sort.ts";
import { createStringReader } from "./host-strings.ts";
import { type HostTable, type StringColumn, stringAt } from "./host-table.ts";

const COMMA = 0x2c;
/** From this byte on, UTF-8 has characters in another order than UTF-16: U+E000 and above. */
const FIRST_UNORDERED_BYTE = 0xee;

/** Texts of a row, one behind the other with commas between them; empty ones for those that are absent. */
export const joinedString = (table: HostTable, columns: readonly StringColumn[], row: number): string =>
  columns.map((column) => stringAt(table, column, row) ?? "").join();

/**
 * The words of the joined texts of some rows; 0 for all other rows. They are the bytes of the texts, four at a time:
 * `10.0.0.1,` is `10.0`, `.0.1` and `,` with three bytes of 0.
 */
export function joinedWords(
  table: HostTable,
  columns: readonly StringColumn[],
  rows: Iterable<number>,
): readonly Word[] {
  const readers = columns.map((column) => createStringReader(table, column));
  /** Where the words of each row begin and end in `bytes`. */
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
        // A byte of 0 would be indistinguishable from the end of the text.
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

/** The word of texts of some rows; 0 for all other rows. Creates strings: for what has no better words. */
export function rankWord(rows: Iterable<number>, length: number, textOf: (row: number) => string): Word {
  const texts = new Map(Iterator.from(rows).map((row) => [row, textOf(row)] as const));
  const ranks = new Map([...new Set(texts.values())].sort().map((text, rank) => [text, rank]));
  const words = new Uint32Array(length);
  for (const [row, text] of texts) words[row] = ranks.get(text) ?? 0;
  return (row) => words[row] ?? 0;
}
