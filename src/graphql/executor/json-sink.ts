/**
 * JSON text under construction, in bytes: what is written a hundred thousand times must not become a string. Bytes
 * are written four at a time, also where there are fewer: what lies beyond is overwritten later. The `put` functions
 * write where they are told, into room that was reserved, and return where the next byte goes.
 */

/** The response exceeds its limit: nothing of it is sent. */
export class ResponseTooLarge extends Error {
  override readonly name = "ResponseTooLarge";

  constructor(maxBytes: number) {
    super(
      `The response would exceed ${maxBytes} bytes (MAX_RESPONSE_BYTES). Select fewer fields, request smaller pages, or split the operation.`,
    );
  }
}

export interface JsonSink {
  /** Room; the text is in the first `length` bytes. */
  bytes: Buffer;
  /** Of the same memory. */
  view: DataView;
  length: number;
  /** More than this is refused. */
  readonly maxBytes: number;
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Writers ask for a little more room than they take: what exceeds the limit by less is found at the end. */
const SLACK_BYTES = 2 ** 16;

export function createJsonSink(capacity: number, maxBytes: number): JsonSink {
  const bytes = Buffer.allocUnsafeSlow(Math.min(capacity, maxBytes + SLACK_BYTES));
  return { bytes, view: viewOf(bytes), length: 0, maxBytes };
}

/** Makes room for `count` more bytes, and for the rest of the last four. @throws ResponseTooLarge */
export function reserve(sink: JsonSink, count: number): void {
  const needed = sink.length + count + 4;
  if (needed <= sink.bytes.length) return;
  const most = sink.maxBytes + SLACK_BYTES;
  if (needed > most) throw new ResponseTooLarge(sink.maxBytes);
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(sink.bytes.length * 2, needed)));
  sink.bytes.copy(larger, 0, 0, sink.length);
  sink.bytes = larger;
  sink.view = viewOf(larger);
}

/** Appends any string as it is. */
export function writeString(sink: JsonSink, text: string): void {
  // Three bytes for a UTF-16 code unit are the most; only near the limit is it worth counting.
  const most = text.length * 3;
  reserve(sink, sink.length + most + 4 > sink.maxBytes ? Buffer.byteLength(text) : most);
  sink.length += sink.bytes.write(text, sink.length);
}

/** Appends bytes as they are. */
export function writeBytes(sink: JsonSink, bytes: Buffer): void {
  reserve(sink, bytes.length);
  bytes.copy(sink.bytes, sink.length);
  sink.length += bytes.length;
}

/** A text that is written often, as little-endian words. */
export interface Constant {
  readonly length: number;
  readonly words: Int32Array;
}

export function createConstant(text: string): Constant {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = viewOf(padded);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, word) => view.getInt32(word * 4, true));
  return { length: bytes.length, words };
}

/** Takes `length` bytes, and up to three more. */
export function putConstant(view: DataView, at: number, { length, words }: Constant): number {
  for (let word = 0; word < words.length; word++) view.setInt32(at + word * 4, words[word] ?? 0, true);
  return at + length;
}

/** Copies `source` from `start` to `end`. Takes up to three bytes more. */
export function putBytes(view: DataView, at: number, source: DataView, start: number, end: number): number {
  const lastWord = Math.min(end - 1, source.byteLength - 4);
  let from = start;
  let to = at;
  for (; from <= lastWord; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
  for (; from < end; from++, to++) view.setUint8(to, source.getUint8(from));
  return at + end - start;
}

const [MINUS, ZERO] = [0x2d, 0x30];

/** Most bytes of a whole number of at most 2^53 in size. */
export const INTEGER_BYTES = 17;

/** Writes a whole number of at most 2^53 in size. */
export function putInteger(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let begin = at;
  if (value < 0) {
    bytes[begin++] = MINUS;
    rest = -value;
  }
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits += 1;
  const end = begin + digits;
  let next = end - 1;
  // Divisions of large numbers are slow, so they are done once for many digits.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 1_000_000)) {
    let low = rest % 1_000_000;
    for (let digit = 0; digit < 6; digit++) {
      const tenth = (low / 10) | 0;
      bytes[next--] = ZERO + low - tenth * 10;
      low = tenth;
    }
  }
  let low = rest | 0;
  do {
    const tenth = (low / 10) | 0;
    bytes[next--] = ZERO + low - tenth * 10;
    low = tenth;
  } while (low > 0);
  return end;
}

const DAY_MS = 86_400_000;
/** Bytes of an instant with its quotes, and what is written beyond. */
export const INSTANT_BYTES = 28;

export type PutInstant = (view: DataView, bytes: Uint8Array, at: number, ms: number) => number;

/** Makes a writer of instants as RFC 3339 texts with quotes, from milliseconds since the epoch. */
export function createPutInstant(): PutInstant {
  let day = Number.NaN;
  // The instants of a job share a few days: all but the time of day is written as it was.
  let midnight = createConstant("");
  return (view, bytes, at, ms) => {
    const dayOfMs = Math.floor(ms / DAY_MS);
    if (dayOfMs !== day) {
      day = dayOfMs;
      midnight = createConstant(JSON.stringify(new Date(day * DAY_MS)));
    }
    const end = putConstant(view, at, midnight);
    putTimeOfDay(bytes, at, ms - day * DAY_MS);
    return end;
  };
}

/** Puts a time of day into the instant text that begins at `at`, with its quote. */
function putTimeOfDay(bytes: Uint8Array, at: number, ms: number): void {
  const seconds = (ms / 1_000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  const millis = ms - seconds * 1_000;
  const hundreds = (millis / 100) | 0;
  putTwo(bytes, at + 12, hours);
  putTwo(bytes, at + 15, minutes - hours * 60);
  putTwo(bytes, at + 18, seconds - minutes * 60);
  bytes[at + 21] = ZERO + hundreds;
  putTwo(bytes, at + 22, millis - hundreds * 100);
}

function putTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - tens * 10;
}
