/**
 * JSON text under construction, in bytes: what is written a hundred thousand times must not become a string. Bytes
 * are written four at a time, also where there are fewer: what lies beyond `length` is overwritten later.
 */

export interface JsonSink {
  /** Room; the text is in the first `length` bytes. */
  bytes: Buffer;
  view: DataView;
  length: number;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

export function createJsonSink(capacity: number): JsonSink {
  const bytes = Buffer.allocUnsafeSlow(capacity);
  return { bytes, view: viewOf(bytes), length: 0 };
}

/** Makes room for `count` more bytes, and for the rest of the last four. */
function reserve(sink: JsonSink, count: number): void {
  const needed = sink.length + count + 4;
  if (needed > sink.bytes.length) grow(sink, needed);
}

function grow(sink: JsonSink, needed: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(sink.bytes.length * 2, needed));
  sink.bytes.copy(larger, 0, 0, sink.length);
  sink.bytes = larger;
  sink.view = viewOf(larger);
}

/** A text that is written often. */
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

export function writeConstant(sink: JsonSink, { length, words }: Constant): void {
  reserve(sink, length);
  const { view } = sink;
  let at = sink.length;
  sink.length = at + length;
  for (let word = 0; word < words.length; word++) {
    view.setInt32(at, words[word] ?? 0, true);
    at += 4;
  }
}

/** Appends the bytes of `source` from `start` to `end`. */
export function writeBytes(sink: JsonSink, source: DataView, start: number, end: number): void {
  reserve(sink, end - start);
  const { view, bytes } = sink;
  let at = sink.length;
  sink.length = at + end - start;
  const lastWord = Math.min(end - 1, source.byteLength - 4);
  let from = start;
  for (; from <= lastWord; from += 4) {
    view.setInt32(at, source.getInt32(from, true), true);
    at += 4;
  }
  for (; from < end; from++) bytes[at++] = source.getUint8(from);
}

/** Appends any string as it is: for what is rare, or short of a better way. */
export function writeString(sink: JsonSink, text: string): void {
  reserve(sink, text.length * 3);
  sink.length += sink.bytes.write(text, sink.length);
}

const [QUOTE, MINUS, ZERO] = [0x22, 0x2d, 0x30];

export function writeQuote(sink: JsonSink): void {
  reserve(sink, 1);
  sink.bytes[sink.length++] = QUOTE;
}

/** Appends a whole number of at most 2^53 in size. */
export function writeInteger(sink: JsonSink, value: number): void {
  reserve(sink, 17);
  const { bytes } = sink;
  if (value < 0) bytes[sink.length++] = MINUS;
  let rest = Math.abs(value);
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits += 1;
  sink.length += digits;
  let at = sink.length - 1;
  // Divisions of large numbers are slow, so they are done once for many digits.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 1_000_000)) {
    let low = rest % 1_000_000;
    for (let digit = 0; digit < 6; digit++) {
      bytes[at--] = ZERO + (low % 10);
      low = (low / 10) | 0;
    }
  }
  do {
    bytes[at--] = ZERO + (rest % 10);
    rest = (rest / 10) | 0;
  } while (rest > 0);
}

const DAY_MS = 86_400_000;

/** Makes a writer of instants as RFC 3339 texts with quotes, from milliseconds since the epoch. */
export function createInstantWriter(): (sink: JsonSink, ms: number) => void {
  let day = Number.NaN;
  // The instants of a job share a few days: all but the time of day is written as it was.
  let midnight = createConstant("");
  return (sink, ms) => {
    const dayOfMs = Math.floor(ms / DAY_MS);
    if (dayOfMs !== day) {
      day = dayOfMs;
      midnight = createConstant(JSON.stringify(new Date(day * DAY_MS)));
    }
    const start = sink.length;
    writeConstant(sink, midnight);
    writeTimeOfDay(sink.bytes, start, ms - day * DAY_MS);
  };
}

/** Puts a time of day into the instant text that begins at `start`, with its quote. */
function writeTimeOfDay(bytes: Uint8Array, start: number, ms: number): void {
  const seconds = (ms / 1_000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  const millis = ms - seconds * 1_000;
  const hundreds = (millis / 100) | 0;
  writeTwo(bytes, start + 12, hours);
  writeTwo(bytes, start + 15, minutes - hours * 60);
  writeTwo(bytes, start + 18, seconds - minutes * 60);
  bytes[start + 21] = ZERO + hundreds;
  writeTwo(bytes, start + 22, millis - hundreds * 100);
}

function writeTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - tens * 10;
}
