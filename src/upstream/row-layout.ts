/**
 * The layout of a row: its bytes with the values left out. Rows of a list are alike but for their values, so most
 * of them can be read by comparing what lies between the values, four bytes at a time, and reading only the values.
 */
import type { NumberColumn, TextColumn } from "../model/host-table.ts";
import { EXACT_DIGITS } from "./byte-reader.ts";

/** A value in a row, as it was found by reading the row member by member, and where values there go. */
export interface Slot {
  /** First byte of a number or of a text's content. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** For numbers, which have no sign; null to pass over it. */
  readonly number?: NumberTarget | null;
  /** For texts; null to pass over it. */
  readonly text?: TextTarget | null;
}

interface NumberTarget {
  readonly column: NumberColumn | Int32Array;
  readonly least: number;
  readonly most: number;
}

interface TextTarget {
  readonly column: TextColumn;
  readonly isAbsentWhenEmpty: boolean;
}

export interface RowLayout {
  /**
   * Reads the row that begins at `begin` into `row` of the columns.
   * @returns the byte after it, or -1 when it has another layout or a value that needs a closer look. The columns
   *   may then hold some of its values.
   */
  readonly read: (begin: number, row: number) => number;
}

const [QUOTE, ZERO, NINE, BACKSLASH, SPACE] = [0x22, 0x30, 0x39, 0x5c, 0x20];

/** The layout of the row from `begin` to `end`, whose values are `slots`. */
export function createRowLayout(
  bytes: Uint8Array,
  begin: number,
  end: number,
  slots: readonly Slot[],
): RowLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Words that begin later would reach beyond the body.
  const lastWord = bytes.length - 4;
  const count = slots.length;
  const numbers = slots.map(({ number }) => number);
  const texts = slots.map(({ text }) => text);
  const between = [...slots, { start: end }].map(({ start }, index) => {
    const from = slots[index - 1]?.end ?? begin;
    return createConstant(bytes.slice(from, start));
  });

  /** The end of the text that begins at `start`; -1 when it holds more than plain characters. */
  const endOfText = (start: number): number => {
    let at = start;
    while (at <= lastWord && isPlainText(view.getInt32(at, true))) at += 4;
    let byte = bytes[at] ?? 0;
    while (byte !== QUOTE) {
      if (byte === BACKSLASH || byte < SPACE) return -1;
      byte = bytes[++at] ?? 0;
    }
    return at;
  };

  /** Reads digits into `row`. @returns their end, or -1. */
  const readNumber = (start: number, row: number, target: NumberTarget | null): number => {
    let at = start;
    let value = 0;
    while (at <= lastWord && isDigits(view.getInt32(at, true))) {
      value = value * 10_000 + digitsValue(view.getInt32(at, true));
      at += 4;
    }
    let byte = bytes[at] ?? 0;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = bytes[++at] ?? 0;
    }
    const digits = at - start;
    if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && bytes[start] === ZERO)) return -1;
    if (target === null) return at;
    if (value < target.least || value > target.most) return -1;
    target.column[row] = value;
    return at;
  };

  const read = (rowBegin: number, row: number): number => {
    let at = rowBegin;
    for (let index = 0; index <= count; index++) {
      const constant = between[index];
      if (constant === undefined || !follows(view, at, constant)) return -1;
      at += constant.length;
      const text = texts[index];
      const number = numbers[index];
      if (text !== undefined) {
        const start = at;
        at = endOfText(start);
        if (at < 0) return -1;
        if (text !== null) {
          text.column.start[row] = text.isAbsentWhenEmpty && at === start ? -1 : start;
          text.column.end[row] = at;
        }
      } else if (number !== undefined) {
        at = readNumber(at, row, number);
        if (at < 0) return -1;
      }
    }
    return at;
  };

  return { read };
}

/** Bytes to compare with, as little-endian words; the last word overlaps the one before where they do not fill up. */
interface Constant {
  readonly length: number;
  readonly words: Int32Array;
  /** The bytes themselves, where there is not one word of them. */
  readonly few: Uint8Array;
}

function createConstant(bytes: Uint8Array): Constant {
  const { length } = bytes;
  if (length < 4) return { length, words: new Int32Array(0), few: bytes };
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const offsets = Array.from({ length: Math.ceil(length / 4) }, (_, word) => Math.min(word * 4, length - 4));
  return {
    length,
    words: Int32Array.from(offsets, (offset) => view.getInt32(offset, true)),
    few: bytes.subarray(0, 0),
  };
}

function follows(view: DataView, at: number, { length, words, few }: Constant): boolean {
  if (at + length > view.byteLength) return false;
  for (let index = 0; index < few.length; index++) if (view.getUint8(at + index) !== few[index]) return false;
  const last = words.length - 1;
  for (let word = 0; word < last; word++)
    if (view.getInt32(at + word * 4, true) !== words[word]) return false;
  return last < 0 || view.getInt32(at + length - 4, true) === words[last];
}

/** True when all four bytes are ASCII digits: their high half is 3, also after adding 6. */
const isDigits = (word: number): boolean =>
  (word & 0xf0f0f0f0) === 0x30303030 && ((word + 0x06060606) & 0xf0f0f0f0) === 0x30303030;

/** The number that four ASCII digits stand for; the first digit is in the lowest byte. */
const digitsValue = (word: number): number =>
  (word & 0xf) * 1_000 + ((word >> 8) & 0xf) * 100 + ((word >> 16) & 0xf) * 10 + ((word >> 24) & 0xf);

/**
 * True when the four bytes are ASCII and none is a quote, a backslash or a control character. A byte below the
 * one subtracted from it borrows, which sets its high bit; a byte above it may be taken for one, which is but
 * a reason to look closer.
 */
const isPlainText = (word: number): boolean =>
  ((word | (word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101)) &
    0x80808080) ===
  0;
