/**
 * Sorts row numbers by what their rows hold, as unsigned words of 32 bits: the most significant first, of which a
 * second one is looked at only where the first is the same. Words are sorted natively, together with the place of
 * their row, as one 64-bit integer each:
 *
 *   rows 7 8 9 with the words 500 20 20  →  500|0  20|1  20|2  →  20|1  20|2  500|0  →  rows 8 9 7
 *
 * For 100 000 rows a comparison function would be called nearly two million times, and strings to compare would have
 * to be created first.
 */
import { endianness } from "node:os";
import type { Rows } from "./host-results.ts";

/** A word of what a row is sorted by: 0 to 2^32-1. */
export type Word = (row: number) => number;

/** Called with the begin and the end of rows that have all words in common, when they are where they will stay. */
export type OnTie = (from: number, to: number) => void;

/** The halves of a 64-bit integer in memory. */
const [LOW, HIGH] = endianness() === "LE" ? [0, 1] : [1, 0];

/** Runs up to this length are sorted by insertion. */
const FEW = 12;

/** Sorts `rows` in place. Rows that have all words in common stay in the order in which they were. */
export function sortRows(rows: Rows, words: readonly Word[], onTie: OnTie = () => {}): void {
  const packed = new BigUint64Array(rows.length > FEW ? rows.length : 0);
  const halves = new Uint32Array(packed.buffer);
  const before = new Uint32Array(packed.length);

  const sortRun = (from: number, to: number, level: number): void => {
    const word = words[level];
    if (word === undefined) onTie(from, to);
    else if (to - from <= FEW) sortFew(rows, from, to, words.slice(level), onTie);
    else {
      sortByWord(from, to, word);
      for (const [begin, end] of ties(from, to)) sortRun(begin, end, level + 1);
    }
  };

  const sortByWord = (from: number, to: number, word: Word): void => {
    const count = to - from;
    let isSorted = true;
    let previous = 0;
    for (let place = 0; place < count; place++) {
      const row = rows[from + place] ?? 0;
      const value = word(row);
      if (value < previous) isSorted = false;
      previous = value;
      halves[2 * place + LOW] = place;
      halves[2 * place + HIGH] = value;
      before[place] = row;
    }
    if (isSorted) return;
    packed.subarray(0, count).sort();
    for (let place = 0; place < count; place++) {
      rows[from + place] = before[halves[2 * place + LOW] ?? 0] ?? 0;
    }
  };

  /** Begin and end of each run of two rows or more whose word, which was sorted by last, is the same. */
  const ties = (from: number, to: number): (readonly [number, number])[] => {
    const found: (readonly [number, number])[] = [];
    const count = to - from;
    for (let begin = 0, place = 1; place <= count; place++) {
      if (place < count && halves[2 * place + HIGH] === halves[2 * begin + HIGH]) continue;
      if (place - begin > 1) found.push([from + begin, from + place]);
      begin = place;
    }
    return found;
  };

  if (rows.length > 1) sortRun(0, rows.length, 0);
}

/** Sorts by insertion. */
function sortFew(rows: Rows, from: number, to: number, words: readonly Word[], onTie: OnTie): void {
  const compare = (a: number, b: number): number => {
    for (const word of words) {
      const difference = word(a) - word(b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  for (let index = from + 1; index < to; index++) {
    const row = rows[index] ?? 0;
    let place = index;
    for (; place > from && compare(rows[place - 1] ?? 0, row) > 0; place--)
      rows[place] = rows[place - 1] ?? 0;
    rows[place] = row;
  }
  for (let begin = from, index = from + 1; index <= to; index++) {
    if (index < to && compare(rows[begin] ?? 0, rows[index] ?? 0) === 0) continue;
    if (index - begin > 1) onTie(begin, index);
    begin = index;
  }
}

/** The first word of what is absent: behind all others. */
export const ABSENT = 0xffffffff;

/** The words of whole numbers of up to 53 bits and a sign; absent ones come last. */
export const numberWords = (column: ArrayLike<number>): readonly Word[] => [
  (row) => {
    const value = column[row] ?? Number.NaN;
    return Number.isNaN(value) ? ABSENT : Math.floor(value / 2 ** 32) + 2 ** 31;
  },
  (row) => (column[row] ?? 0) >>> 0,
];

/** The word of texts, by UTF-16 code units, for those of `rows`; 0 for all others. Slow: for what has no better words. */
export function textWord(rows: Iterable<number>, length: number, textOf: (row: number) => string): Word {
  const texts = new Map(Iterator.from(rows).map((row) => [row, textOf(row)] as const));
  const ranks = new Map([...new Set(texts.values())].sort().map((text, rank) => [text, rank]));
  const words = new Uint32Array(length);
  for (const [row, text] of texts) words[row] = ranks.get(text) ?? 0;
  return (row) => words[row] ?? 0;
}

/** The words for the other direction, in which absent ones come last all the same. */
export const descending = (words: readonly Word[]): readonly Word[] =>
  words.map((word, index) => (row) => {
    const value = word(row);
    return index === 0 && value === ABSENT ? ABSENT : 0xffffffff - value;
  });
