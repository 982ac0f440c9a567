/** Text on a terminal: sanitizing, width, truncation, and formatting of durations. */
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
const CONTROL_CODES = /\p{Cc}/gu;
/** Characters that change the writing direction, and so may disguise text. */
const DIRECTION_CODES = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes a string safe to print on one line: removes escape sequences and control characters. Names, tags and messages
 * are untrusted. Unsanitized, they could move the cursor, rewrite the screen or inject input into the terminal.
 */
export const sanitize = (text: string): string =>
  stripVTControlCharacters(text)
    .toWellFormed()
    .replace(LINE_BREAKS, " ")
    .replace(CONTROL_CODES, "")
    .replace(DIRECTION_CODES, "");

/** Sanitizes all strings in a JSON value at any depth, so that no field can be forgotten. */
export const sanitizeAll = <T>(value: T): T =>
  // The type of a JSON value does not change: strings stay strings.
  JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === "string" ? sanitize(part) : part,
  ) as T;

/** User input in quotes, for a message. */
export const quote = (text: string): string => `"${sanitize(text)}"`;

/** Width in columns. Chinese characters take two. */
export const widthOf = (text: string): number => stringWidth(text);

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Truncates text to `columns`, with an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  let truncated = "";
  let width = 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += widthOf(segment);
    if (width > columns) break;
    truncated += segment;
  }
  return `${truncated}…`;
}

/** Pads text with spaces to `columns`. */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - widthOf(text)));

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Formats as `12s`, `5m 06s`, `1h 02m 03s`, `2d 03h 04m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (seconds < MINUTE_SECONDS) return `${seconds}s`;
  if (seconds < HOUR_SECONDS)
    return `${Math.floor(seconds / MINUTE_SECONDS)}m ${two(seconds % MINUTE_SECONDS)}s`;
  if (seconds < DAY_SECONDS) {
    return `${Math.floor(seconds / HOUR_SECONDS)}h ${two((seconds % HOUR_SECONDS) / MINUTE_SECONDS)}m ${two(seconds % MINUTE_SECONDS)}s`;
  }
  return `${Math.floor(seconds / DAY_SECONDS)}d ${two((seconds % DAY_SECONDS) / HOUR_SECONDS)}h ${two((seconds % HOUR_SECONDS) / MINUTE_SECONDS)}m`;
}
