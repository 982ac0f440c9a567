/**
 * Compares strings of host tables without creating JavaScript strings. A table holds strings as JSON, where one string
 * can be written in several ways: `A` is also `\u0041`. Strings without escape sequences are compared byte by byte. All
 * others are first unescaped to UTF-8:
 *
 *   Gr\u00fcn  →  47 72 c3 bc 6e        \ud83d\ude80  →  f0 9f 9a 80        a\/b  →  61 2f 62
 *
 * A lone surrogate has no UTF-8 encoding; it gets the three bytes that the encoding rule would give it. Two strings are
 * equal if and only if their unescaped bytes are.
 */
import type { HostTable, StringColumn } from "./host-table.ts";

const [BACKSLASH, LOWER_U] = [0x5c, 0x75];

/** The unescaped bytes of a string, from `start` to `end` in `bytes`. They are valid until the next `read`. */
export interface StringReader {
  bytes: Uint8Array;
  /** A view of the same memory. */
  view: DataView;
  start: number;
  end: number;
  /** Reads the string of a row. Returns false if it has none. */
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

/** The unescaped bytes of a JavaScript string. */
export function stringBytes(text: string): Uint8Array {
  // JSON.stringify escapes lone surrogates. Encoding the string directly would turn them into U+FFFD.
  const json = Buffer.from(JSON.stringify(text).slice(1, -1));
  const bytes = new Uint8Array(json.length);
  return bytes.subarray(0, resolveEscapes(json, 0, json.length, bytes));
}

/**
 * The characters of the escape sequences `\b`, `\f`, `\n`, `\r` and `\t`. In `\"`, `\\` and `\/`, the character is
 * literal.
 */
const CONTROL_CHARACTERS: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09 }).map(([letter, byte]) => [
    letter.charCodeAt(0),
    byte,
  ]),
);

/**
 * Unescapes a valid JSON string into `target`.
 * @returns the number of bytes written. It never exceeds the number of bytes read.
 */
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

/**
 * The code unit of the escape sequence `\uXXXX` at `at`; -1 if there is none. Reading past the end of the string is
 * safe: the closing quote follows it.
 */
function codeUnit(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH || bytes[at + 1] !== LOWER_U) return -1;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index++) {
    const byte = bytes[index] ?? 0;
    // `A` is 0x41 and `a` is 0x61: the low four bits of a letter are its value minus 9.
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

/** The strings of a column with an id for each distinct string. */
export interface InternedStrings {
  /** For each of the given rows, the id of its string; 0 for rows without a string. */
  readonly ids: Uint32Array;
  /** For each id, a row with that string. Index 0 is unused. */
  readonly examples: readonly number[];
}

/**
 * Assigns ids to the distinct strings of `rows`, in order of first occurrence: the tags `ok`, absent, `full`, `ok` get
 * the ids 1, 0, 2, 1.
 */
export function internStrings(table: HostTable, column: StringColumn, rows: Uint32Array): InternedStrings {
  const current = createStringReader(table, column);
  const example = createStringReader(table, column);
  const ids = new Uint32Array(rows.length);
  const examples = [0];
  const hashes = [0];
  /** A hash table of ids with open addressing. At least half of the slots are empty. */
  let slots = new Uint32Array(64);

  /** The slot that contains the id of the current string, or the empty slot to insert it. */
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

  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
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

/** FNV-1a. The high bits are mixed into the low ones, because slots are chosen by the low bits. */
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
