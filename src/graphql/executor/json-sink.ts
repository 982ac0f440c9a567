/**
 * A growable buffer for JSON, for values that are written a hundred thousand times per response: creating a string for
 * each of them would cost more than all other work.
 *
 * - `append…` functions reserve space and advance `sink.length`.
 * - `put…` functions write at offset `at` into space that the caller has reserved, and return the offset after the last
 *   byte. They write whole 32-bit words, so up to three bytes after the end are overwritten with garbage. This is safe
 *   because bytes are written from left to right: the next write replaces the garbage.
 *
 * With `at = 10`, `putConstant(view, 10, createConstant(',"ip":'))` writes two words, `,"ip` and `":··`, to the offsets
 * 10 to 17 and returns 16. The next value starts at 16 and overwrites the padding.
 */

/** The response exceeds its size limit. No part of it is sent. */
export class ResponseTooLarge extends Error {
  override readonly name = "ResponseTooLarge";

  constructor(maxBytes: number) {
    super(
      `The response would exceed ${maxBytes} bytes (MAX_RESPONSE_BYTES). Select fewer fields, request smaller pages, or split the operation.`,
    );
  }
}

export interface JsonSink {
  /** The buffer. The first `length` bytes are JSON, the rest is free. */
  bytes: Buffer;
  /** A view of `bytes`, for 32-bit writes. */
  view: DataView;
  length: number;
  /** Size limit of the response. */
  readonly maxBytes: number;
}

export const createDataView = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/**
 * Writers reserve an upper bound, which is a little more than they write. A response just below the limit must not be
 * rejected because of the difference, so the buffer may exceed the limit by this much. The exact size is checked when
 * the response is complete.
 */
const SLACK_BYTES = 2 ** 16;

export function createJsonSink(capacity: number, maxBytes: number): JsonSink {
  const bytes = Buffer.allocUnsafeSlow(Math.min(capacity, maxBytes + SLACK_BYTES));
  return { bytes, view: createDataView(bytes), length: 0, maxBytes };
}

/** Ensures space for `count` more bytes and for the padding of the last word. @throws ResponseTooLarge */
export function reserve(sink: JsonSink, count: number): void {
  const needed = sink.length + count + 4;
  if (needed <= sink.bytes.length) return;
  const maxCapacity = sink.maxBytes + SLACK_BYTES;
  if (needed > maxCapacity) throw new ResponseTooLarge(sink.maxBytes);
  const larger = Buffer.allocUnsafeSlow(Math.min(maxCapacity, Math.max(sink.bytes.length * 2, needed)));
  sink.bytes.copy(larger, 0, 0, sink.length);
  sink.bytes = larger;
  sink.view = createDataView(larger);
}

/** Appends a string as UTF-8, without quotes or escapes. */
export function appendString(sink: JsonSink, text: string): void {
  // A UTF-16 code unit takes at most three bytes. The exact size is computed only near the limit.
  const maxTextBytes = text.length * 3;
  reserve(sink, sink.length + maxTextBytes + 4 > sink.maxBytes ? Buffer.byteLength(text) : maxTextBytes);
  sink.length += sink.bytes.write(text, sink.length);
}

/** Appends bytes. */
export function appendBytes(sink: JsonSink, bytes: Buffer): void {
  reserve(sink, bytes.length);
  bytes.copy(sink.bytes, sink.length);
  sink.length += bytes.length;
}

/** A string that is written often, as UTF-8 in little-endian 32-bit words. The last word is padded with zeros. */
export interface Constant {
  readonly length: number;
  readonly words: Int32Array;
}

export function createConstant(text: string): Constant {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = createDataView(padded);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, word) => view.getInt32(word * 4, true));
  return { length: bytes.length, words };
}

/** Writes a constant. */
export function putConstant(view: DataView, at: number, { length, words }: Constant): number {
  for (let word = 0; word < words.length; word++) view.setInt32(at + word * 4, words[word] ?? 0, true);
  return at + length;
}

/** Copies the bytes from `start` to `end` of `source`. */
export function putBytes(view: DataView, at: number, source: DataView, start: number, end: number): number {
  // The last word may read beyond `end`, but not beyond the source.
  const lastWord = Math.min(end - 1, source.byteLength - 4);
  let from = start;
  let to = at;
  for (; from <= lastWord; from += 4, to += 4) view.setInt32(to, source.getInt32(from, true), true);
  for (; from < end; from++, to++) view.setUint8(to, source.getUint8(from));
  return at + end - start;
}

const [MINUS, ZERO] = [0x2d, 0x30];

/** The digits of 0 to 99 as two bytes: 42 is 0x3234 (`42` in little-endian order). */
const PAIRS = Uint16Array.from(
  { length: 100 },
  (_, value) => ZERO + Math.floor(value / 10) + (ZERO + (value % 10)) * 256,
);

const putPair = (view: DataView, at: number, value: number): void =>
  view.setUint16(at, PAIRS[value] ?? 0, true);

/** Powers of ten up to 10^16. */
const POWERS = Float64Array.from({ length: 17 }, (_, exponent) => 10 ** exponent);

/** Maximum length of an integer whose absolute value is at most 2^53: sixteen digits and a sign. */
export const INTEGER_BYTES = 17;

/** Writes an integer whose absolute value is at most 2^53, from the last two digits to the first ones. */
export function putInteger(view: DataView, at: number, value: number): number {
  // Half of the integers of a row: exit codes, for example.
  if (value >= 0 && value < 10) {
    view.setUint8(at, ZERO + value);
    return at + 1;
  }
  let rest = value;
  let begin = at;
  if (value < 0) {
    view.setUint8(begin++, MINUS);
    rest = -value;
  }
  let digits = 1;
  while (rest >= (POWERS[digits] ?? 0)) digits += 1;
  const end = begin + digits;
  let next = end;
  // Above 31 bits, a division is a slow floating-point operation, so each one splits off six digits.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 1_000_000)) {
    let low = rest % 1_000_000;
    for (let pair = 0; pair < 3; pair++) {
      const hundredth = (low / 100) | 0;
      next -= 2;
      putPair(view, next, low - hundredth * 100);
      low = hundredth;
    }
  }
  let low = rest | 0;
  while (low >= 100) {
    const hundredth = (low / 100) | 0;
    next -= 2;
    putPair(view, next, low - hundredth * 100);
    low = hundredth;
  }
  if (low < 10) view.setUint8(next - 1, ZERO + low);
  else putPair(view, next - 2, low);
  return end;
}

const DAY_MS = 86_400_000;
/** Length of a quoted `DateTime`, rounded up to whole words. */
export const DATE_TIME_BYTES = 28;

/** Writes milliseconds since the epoch as a quoted `DateTime`. */
export type PutDateTime = (view: DataView, at: number, ms: number) => number;

/**
 * Creates a writer that formats a day once. Most timestamps of a job are on the same day, so the writer copies midnight
 * of that day, `"2026-03-10T00:00:00.000Z"`, and replaces the digits of the time.
 */
export function createPutDateTime(): PutDateTime {
  let day = Number.NaN;
  let midnight = createConstant("");
  return (view, at, ms) => {
    const dayOfMs = Math.floor(ms / DAY_MS);
    if (dayOfMs !== day) {
      day = dayOfMs;
      midnight = createConstant(JSON.stringify(new Date(day * DAY_MS)));
    }
    const end = putConstant(view, at, midnight);
    putTimeOfDay(view, at, ms - day * DAY_MS);
    return end;
  };
}

/** Replaces the time in the quoted `DateTime` at offset `at`. The hours are the characters 12 and 13. */
function putTimeOfDay(view: DataView, at: number, ms: number): void {
  const seconds = (ms / 1_000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  const millis = ms - seconds * 1_000;
  const hundreds = (millis / 100) | 0;
  putPair(view, at + 12, hours);
  putPair(view, at + 15, minutes - hours * 60);
  putPair(view, at + 18, seconds - minutes * 60);
  view.setUint8(at + 21, ZERO + hundreds);
  putPair(view, at + 22, millis - hundreds * 100);
}

/** Buffers that are reused. */
export interface SinkPool {
  /** @returns an empty sink with at least `capacity` bytes, or with the maximum if that is less. */
  readonly acquire: (capacity: number) => JsonSink;
  /** Call it once per sink, when its bytes are no longer referenced. */
  readonly release: (sink: JsonSink) => void;
}

/** Maximum number of idle sinks, and maximum size of each: 32 MiB in total. */
const MAX_IDLE = 4;
const MAX_IDLE_BYTES = 8 * 2 ** 20;

/**
 * Creates a pool. Without it, each large response allocates megabytes outside the V8 heap. V8 counts this memory, so it
 * marks its heap more often: on a second thread, but with as much CPU time as the rest of the request.
 */
export function createSinkPool(maxBytes: number): SinkPool {
  const idle: JsonSink[] = [];
  return {
    acquire: (capacity) => {
      // The sink that was used last is the one most likely to be in the processor's cache.
      const index = idle.findLastIndex(({ bytes }) => bytes.length >= capacity);
      const [sink] = index < 0 ? [] : idle.splice(index, 1);
      return sink ?? createJsonSink(capacity, maxBytes);
    },
    release: (sink) => {
      if (sink.bytes.length > MAX_IDLE_BYTES) return;
      sink.length = 0;
      idle.push(sink);
      // Evicts the smallest, because a large sink also serves small responses.
      if (idle.length > MAX_IDLE) idle.splice(indexOfSmallest(idle), 1);
    },
  };
}

const indexOfSmallest = (sinks: readonly JsonSink[]): number =>
  sinks.reduce(
    (found, { bytes }, index) => (bytes.length < (sinks[found]?.bytes.length ?? 0) ? index : found),
    0,
  );
