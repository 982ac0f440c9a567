/**
 * The response under construction: a list of segments, then a string.
 *
 * Most of a response is short text, and concatenating strings is the fastest way to build it. Host results are long.
 * The walk only records where they belong, and they are written as bytes when the walk is complete. At that point no
 * error can null a field above them, so no row is written and then discarded.
 *
 *     segments  [ <bytes of {"jobInstance":{"steps":[{"nodes":>, <rows of step 1> ]
 *     text      "},{\"nodes\":"
 */
import type { HostConnectionSource } from "../sources.ts";
import { type JsonSink, ResponseTooLarge } from "./json-sink.ts";

/** A list of rows that is written later. */
export interface RowSegment {
  /** Lower bound of its size in bytes. */
  readonly minBytes: number;
  /** Writes the rows. At each `yield`, the caller may let other requests run. @throws ResponseTooLarge */
  readonly write: (sink: JsonSink) => Generator<void, void, void>;
}

/** Creates the segment for one page of rows. */
export type RowWriter = (source: HostConnectionSource) => RowSegment;

/** A state of the output to restore when an error nulls the field that is being written. */
export interface Checkpoint {
  readonly text: string;
  readonly segments: number;
  readonly segmentBytes: number;
}

export interface Output {
  /** The text after the last segment. The walk appends to it directly. */
  text: string;
  readonly segments: (Buffer | RowSegment)[];
  /** Lower bound of the size of all segments. */
  segmentBytes: number;
  readonly maxBytes: number;
}

/** Longer text becomes a segment: a concatenated string takes several times the memory of its bytes. */
const MAX_TEXT_LENGTH = 2 ** 16;

export const createOutput = (maxBytes: number): Output => ({
  text: "",
  segments: [],
  segmentBytes: 0,
  maxBytes,
});

export const checkpointOf = ({ text, segments, segmentBytes }: Output): Checkpoint => ({
  text,
  segments: segments.length,
  segmentBytes,
});

/**
 * Discards everything written since the checkpoint. This is cheap: strings are immutable, and no row is written yet.
 */
export function rollBack(output: Output, { text, segments, segmentBytes }: Checkpoint): void {
  output.text = text;
  output.segments.length = segments;
  output.segmentBytes = segmentBytes;
}

/** Records that these rows belong here. @throws ResponseTooLarge */
export function addRows(output: Output, rows: RowSegment): void {
  flush(output);
  output.segments.push(rows);
  output.segmentBytes += rows.minBytes;
  checkSize(output);
}

/** Checks the size limit. Call it for every list item, so that `text` stays small. @throws ResponseTooLarge */
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
