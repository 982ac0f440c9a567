/** JSON text under construction, in bytes: what is written many thousand times never becomes a string. */

export interface JsonSink {
  /** Room; the text is in the first `length` bytes. */
  bytes: Uint8Array;
  length: number;
}

export const createJsonSink = (capacity: number): JsonSink => ({
  bytes: Buffer.allocUnsafe(capacity),
  length: 0,
});

/** The text so far, as a buffer of its own. */
export const sinkText = ({ bytes, length }: JsonSink): Buffer => Buffer.from(bytes.subarray(0, length));

/** Makes room for `count` more bytes. */
function reserve(sink: JsonSink, count: number): void {
  if (sink.length + count <= sink.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(sink.bytes.length * 2, sink.length + count));
  larger.set(sink.bytes.subarray(0, sink.length));
  sink.bytes = larger;
}

/** Appends bytes of `source` from `start` to `end`. A loop beats a call for the few bytes that these are. */
export function writeBytes(sink: JsonSink, source: Uint8Array, start: number, end: number): void {
  reserve(sink, end - start);
  const { bytes } = sink;
  let at = sink.length;
  for (let index = start; index < end; index++) bytes[at++] = source[index] ?? 0;
  sink.length = at;
}

export const writeConstant = (sink: JsonSink, text: Uint8Array): void =>
  writeBytes(sink, text, 0, text.length);

/** Appends any string as it is: for what is rare, or short of a better way. */
export const writeString = (sink: JsonSink, text: string): void => writeConstant(sink, Buffer.from(text));

const [QUOTE, MINUS, ZERO] = [0x22, 0x2d, 0x30];

/** Appends a whole number of at most 2^53 in size. */
export function writeInteger(sink: JsonSink, value: number): void {
  reserve(sink, 17);
  const { bytes } = sink;
  let at = sink.length;
  if (value < 0) bytes[at++] = MINUS;
  let rest = Math.abs(value);
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits += 1;
  sink.length = at + digits;
  // Divisions of large numbers are slow, so they are done once for many digits.
  for (at += digits - 1; rest > 0x7fffffff; rest = Math.floor(rest / 1_000_000)) {
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

/** Makes a writer of instants as RFC 3339 texts with quotes, from milliseconds since the epoch. */
export function createInstantWriter(): (sink: JsonSink, ms: number) => void {
  const dayMs = 86_400_000;
  let day = Number.NaN;
  let template = Buffer.alloc(26);
  return (sink, ms) => {
    const dayOfMs = Math.floor(ms / dayMs);
    if (dayOfMs !== day) {
      day = dayOfMs;
      template = Buffer.from(`"${new Date(day * dayMs).toISOString()}"`);
    }
    const rest = ms - day * dayMs;
    const start = sink.length;
    writeConstant(sink, template);
    const { bytes } = sink;
    const minutes = (rest / 60_000) | 0;
    const hours = (minutes / 60) | 0;
    writeTwo(bytes, start + 12, hours);
    writeTwo(bytes, start + 15, minutes - hours * 60);
    const inMinute = rest - minutes * 60_000;
    const seconds = (inMinute / 1_000) | 0;
    writeTwo(bytes, start + 18, seconds);
    const millis = inMinute - seconds * 1_000;
    const hundreds = (millis / 100) | 0;
    bytes[start + 21] = ZERO + hundreds;
    writeTwo(bytes, start + 22, millis - hundreds * 100);
  };
}

function writeTwo(bytes: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - tens * 10;
}

/** Appends a byte of punctuation. */
export function writeQuote(sink: JsonSink): void {
  reserve(sink, 1);
  sink.bytes[sink.length++] = QUOTE;
}
