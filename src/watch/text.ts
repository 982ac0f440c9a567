/** Texts for a terminal: what others wrote made harmless, widths, cuts, and durations. */
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const CONTROLS = /\p{Cc}/gu;
/** Marks that change the direction of writing: they can show a text as another than it is. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line without escape sequences and control characters. Names, tags and messages are data of others: as they came,
 * they could move the cursor, rewrite the screen or make the terminal type.
 */
export const clean = (text: string): string =>
  stripVTControlCharacters(text)
    .toWellFormed()
    .replace(LINE_BREAKS, " ")
    .replace(CONTROLS, "")
    .replace(DIRECTIONS, "");

/** The same value with all its texts clean, at any depth: no field can be forgotten. */
export const cleaned = <T>(value: T): T =>
  // What is JSON stays of its type: texts become texts.
  JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === "string" ? clean(part) : part,
  ) as T;

/** What a user gave, for a message. */
export const quote = (text: string): string => `"${clean(text)}"`;

/** Columns that the text takes: Chinese characters take two. */
export const widthOf = (text: string): number => stringWidth(text);

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The text, or as much of it as fits into so many columns with an ellipsis. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let width = 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += widthOf(segment);
    if (width > columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Spaces up to so many columns after the text. */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - widthOf(text)));

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12s`, `5m 06s`, `1h 02m 03s`, `2d 03h 04m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m ${two(seconds % MINUTE)}s`;
  if (seconds < DAY) {
    return `${Math.floor(seconds / HOUR)}h ${two((seconds % HOUR) / MINUTE)}m ${two(seconds % MINUTE)}s`;
  }
  return `${Math.floor(seconds / DAY)}d ${two((seconds % DAY) / HOUR)}h ${two((seconds % HOUR) / MINUTE)}m`;
}
