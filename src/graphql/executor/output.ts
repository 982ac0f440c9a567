/**
 * The response under construction. Most of it is short text, for which strings are fastest. Lists of host results are
 * long: during the walk over the plan they are only recorded, and they are written as bytes when the walk is complete
 * and no error can revoke them.
 */
import type { HostConnectionSource } from "../sources.ts";
import { type JsonSink, ResponseTooLarge } from "./json-sink.ts";

/** Rows that are still to be written. */
export interface RowSegment {
  /** A lower bound for the bytes that they take. */
  readonly minBytes: number;
  /** Writes them. Each `yield` is a place where other requests may have a turn. @throws ResponseTooLarge */
  readonly write: (sink: JsonSink) => Generator<void, void, void>;
}

/** The rows of a page as a segment of the response. */
export type RowWriter = (source: HostConnectionSource) => RowSegment;

/** A state of the output to return to when what was written since then becomes null. */
export interface Mark {
  readonly text: string;
  readonly segments: number;
  readonly segmentBytes: number;
}

export interface Output {
  /** What follows the last segment. Appended to directly. */
  text: string;
  readonly segments: (Buffer | RowSegment)[];
  /** Bytes of the segments at the least. */
  segmentBytes: number;
  readonly maxBytes: number;
}

/** Longer texts become bytes: a string of many small parts takes several times as much memory. */
const MAX_TEXT_LENGTH = 2 ** 16;

export const createOutput = (maxBytes: number): Output => ({
  text: "",
  segments: [],
  segmentBytes: 0,
  maxBytes,
});

export const markOf = ({ text, segments, segmentBytes }: Output): Mark => ({
  text,
  segments: segments.length,
  segmentBytes,
});

/** Takes back everything since `mark`. */
export function rollBack(output: Output, { text, segments, segmentBytes }: Mark): void {
  output.text = text;
  output.segments.length = segments;
  output.segmentBytes = segmentBytes;
}

/** Notes rows, to be written at this place. @throws ResponseTooLarge */
export function addRows(output: Output, rows: RowSegment): void {
  flush(output);
  output.segments.push(rows);
  output.segmentBytes += rows.minBytes;
  checkSize(output);
}

/** To be called often enough that the text between two calls stays small. @throws ResponseTooLarge */
export function checkSize(output: Output): void {
  if (output.text.length > MAX_TEXT_LENGTH) flush(output);
  if (output.segmentBytes + output.text.length > output.maxBytes) throw new ResponseTooLarge(output.maxBytes);
}

function flush(output: Output): void {
  if (output.text === "") return;
  const bytes = Buffer.from(output.text);
  output.segments.push(bytes);
  output.segmentBytes += bytes.length;
  output.text = "";
}
