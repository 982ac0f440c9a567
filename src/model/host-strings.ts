/**
 * Texts of host tables. A table holds them as they stand in JSON, and one text has many spellings there: `A` is also
 * `\u0041`. Most have no escapes and are compared as the bytes that they are. The others are brought into one form
 * first: the UTF-8 bytes that they stand for (for lone surrogates, which UTF-8 has no bytes for, those that they would
 * have by its rule). Two texts are equal when these bytes are.
 */
import type { HostTable, StringColumn } from "./host-table.ts";

const [BACKSLASH, LOWER_U] = [0x5c, 0x75];

/** The bytes of a text in their one form: from `start` to `end` in `bytes`, until the next text is read. */
export interface StringReader {
  bytes: Uint8Array;
  /** Of the same memory. */
  view: DataView;
  start: number;
  end: number;
  /** Reads the text of a row; false when it has none. */
  readonly read: (row: number) => boolean;
}

const dataViewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

export function createStringReader(table: HostTable, { start, end, escaped }: StringColumn): StringReader {
  let unescaped = new Uint8Array(0);
  let unescapedView = dataViewOf(unescaped);
  const view = dataViewOf(table.bytes);
  const reader: StringReader = {
    bytes: table.bytes,
    view,
    start: 0,
    end: 0,
    read: (row) => {
      const from = start[row] ?? -1;
      if (from < 0) return false;
      const to = end[row] ?? from;
      if (escaped?.[row] === 1) {
        if (unescaped.length < to - from) {
          unescaped = new Uint8Array(2 * (to - from));
          unescapedView = dataViewOf(unescaped);
        }
        reader.bytes = unescaped;
        reader.view = unescapedView;
        reader.start = 0;
        reader.end = resolveEscapes(table.bytes, from, to, unescaped);
      } else {
        reader.bytes = table.bytes;
        reader.view = view;
        reader.start = from;
        reader.end = to;
      }
      return true;
    },
  };
  return reader;
}

/** The bytes of a string in their one form. */
export function stringBytes(text: string): Uint8Array {
  // A lone surrogate becomes an escape here; it would become U+FFFD in UTF-8.
  const json = Buffer.from(JSON.stringify(text).slice(1, -1));
  const bytes = new Uint8Array(json.length);
  return bytes.subarray(0, resolveEscapes(json, 0, json.length, bytes));
}

/** Bytes that a backslash and a letter stand for; a quote, a backslash and a slash stand for themselves. */
const CONTROL_CHARACTERS: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
);

/** Writes what a valid JSON text stands for into `target`. @returns the number of bytes, never more than there were. */
function resolveEscapes(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at] ?? 0;
    const letter = byte === BACKSLASH ? (bytes[at + 1] ?? 0) : 0;
    if (letter === 0) {
      target[length++] = byte;
      at += 1;
    } else if (letter !== LOWER_U) {
      target[length++] = CONTROL_CHARACTERS.get(letter) ?? letter;
      at += 2;
    } else {
      const unit = codeUnit(bytes, at);
      const next = isHighSurrogate(unit) ? codeUnit(bytes, at + 6) : -1;
      const isPair = isLowSurrogate(next);
      length = writeUtf8(target, length, isPair ? (unit - 0xd800) * 0x400 + next - 0xdc00 + 0x10000 : unit);
      at += isPair ? 12 : 6;
    }
  }
  return length;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** The code unit of the escape `\uXXXX` at `at`; -1 when there is none. Behind a text there is its quote. */
function codeUnit(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH || bytes[at + 1] !== LOWER_U) return -1;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index++) {
    const byte = bytes[index] ?? 0;
    // Letters, of either case, have 9 more in value than in their last four bits.
    unit = unit * 16 + (byte & 0xf) + (byte > 0x39 ? 9 : 0);
  }
  return unit;
}

function writeUtf8(target: Uint8Array, length: number, code: number): number {
  let at = length;
  if (code < 0x80) target[at++] = code;
  else {
    if (code < 0x800) target[at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) target[at++] = 0xe0 | (code >> 12);
      else {
        target[at++] = 0xf0 | (code >> 18);
        target[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      target[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    target[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

/** The texts of a column, numbered: two rows have the same number when they have the same text, however it is spelled. */
export interface InternedStrings {
  /** By index in the rows that were asked for; 0 for rows without a text. */
  readonly ids: Uint32Array;
  /** By number, a row with that text. Nothing stands at 0. */
  readonly examples: readonly number[];
}

/** Numbers the texts of `rows` in the order in which they come first. */
export function internStrings(table: HostTable, column: StringColumn, rows: Uint32Array): InternedStrings {
  const current = createStringReader(table, column);
  const example = createStringReader(table, column);
  const ids = new Uint32Array(rows.length);
  const examples = [0];
  const hashes = [0];
  /** A hash table with open addressing: numbers of texts, twice as many places as texts or more. */
  let slots = new Uint32Array(64);

  /** The place of the text that was read, which is where its number is or where it belongs. */
  const slotOf = (hash: number): number => {
    for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const id = slots[slot] ?? 0;
      if (id === 0 || (hashes[id] === hash && isSame(id))) return slot;
    }
  };
  const isSame = (id: number): boolean => example.read(examples[id] ?? 0) && equalBytes(current, example);
  const grow = (): void => {
    slots = new Uint32Array(2 * slots.length);
    for (let id = 1; id < hashes.length; id++) {
      let slot = (hashes[id] ?? 0) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = id;
    }
  };

  for (const [index, row] of rows.entries()) {
    if (!current.read(row)) continue;
    const hash = hashString(current);
    const slot = slotOf(hash);
    const known = slots[slot] ?? 0;
    ids[index] = known;
    if (known !== 0) continue;
    hashes.push(hash);
    ids[index] = slots[slot] = examples.push(row) - 1;
    if (2 * examples.length > slots.length) grow();
  }
  return { ids, examples };
}

/** FNV-1a, with its bits mixed once more as only the lower ones are used. */
function hashString({ bytes, start, end }: StringReader): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function equalBytes(a: StringReader, b: StringReader): boolean {
  const length = a.end - a.start;
  if (b.end - b.start !== length) return false;
  for (let index = 0; index < length; index++) {
    if (a.bytes[a.start + index] !== b.bytes[b.start + index]) return false;
  }
  return true;
}
