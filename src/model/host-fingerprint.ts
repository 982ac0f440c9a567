/**
 * Whether the host results of two reads are the same, whatever the order in which the upstream lists them. A watched
 * job is read every few seconds, and nearly always nothing has changed: that must cost less than to answer anew.
 */
import { type HostTable, ID_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS } from "./host-table.ts";

/** Multipliers and steps of the 32-bit hashes FNV-1a and MurmurHash3. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const MURMUR_SEED = 0x9747b28c;
const MURMUR_PRIME = 0xcc9e2d51;
const SCRAMBLE_1 = 0x85ebca6b;
const SCRAMBLE_2 = 0xc2b2ae35;

/**
 * A short text that is the same for tables with the same rows. Two hashes of 32 bits are made of each row and added
 * up, so that order does not count; that different rows give the same text is as good as impossible.
 */
export function fingerprintRows(table: HostTable): string {
  const { length, bytes, statusCode } = table;
  const first = new Int32Array(length).fill(FNV_OFFSET);
  const second = new Int32Array(length).fill(MURMUR_SEED);
  const mix = (row: number, word: number) => {
    first[row] = Math.imul((first[row] ?? 0) ^ word, FNV_PRIME);
    second[row] = Math.imul((second[row] ?? 0) + word, MURMUR_PRIME) ^ ((second[row] ?? 0) >>> 15);
  };
  const mixText = (row: number, from: number, to: number, source: Uint8Array) => {
    // What ends here and what begins there must not run into one another; nothing is not an empty text either.
    mix(row, from < 0 ? -1 : to - from);
    if (from >= 0) for (let at = from; at < to; at++) mix(row, source[at] ?? 0);
  };

  for (let row = 0; row < length; row++) mix(row, statusCode[row] ?? 0);
  const numbers = [
    ...NUMBER_COLUMNS.map((name) => table[name]),
    ...ID_COLUMNS.map((name) => table[name].values),
  ];
  for (const column of numbers) {
    // Both halves of each number; NaN, which stands for nothing, has one form only.
    const halves = new Int32Array(column.buffer, column.byteOffset, 2 * length);
    for (let row = 0; row < length; row++) {
      mix(row, halves[2 * row] ?? 0);
      mix(row, halves[2 * row + 1] ?? 0);
    }
  }
  for (const name of ID_COLUMNS) {
    for (const [row, id] of table[name].large) {
      const digits = Buffer.from(String(id));
      if (row < length) mixText(row, 0, digits.length, digits);
    }
  }
  for (const name of TEXT_COLUMNS) {
    const { start, end } = table[name];
    for (let row = 0; row < length; row++) mixText(row, start[row] ?? -1, end[row] ?? 0, bytes);
  }
  return `${length} ${sum(first)} ${sum(second)}`;
}

function sum(hashes: Int32Array): number {
  let total = 0;
  for (let hash of hashes) {
    hash = Math.imul(hash ^ (hash >>> 16), SCRAMBLE_1);
    hash = Math.imul(hash ^ (hash >>> 13), SCRAMBLE_2);
    total = (total + (hash ^ (hash >>> 16))) | 0;
  }
  return total;
}
