/** Reads the tokens of compact JSON, one after the other, from the bytes of a body. It gives up on all others. */

const [QUOTE, MINUS, ZERO, NINE, BACKSLASH] = [0x22, 0x2d, 0x30, 0x39, 0x5c];
/** Bytes below are control characters, which JSON texts must escape. */
const SPACE = 0x20;
const NULL = Buffer.from("null");
const LITERALS = [NULL, Buffer.from("true"), Buffer.from("false")];

/** With up to 15 digits every integer is exact. */
export const EXACT_DIGITS = 15;

/** The bytes are nothing that this reader knows. */
export class GivenUp extends Error {}

export const giveUp = (): never => {
  throw new GivenUp();
};

/** The bytes of a token's content. */
interface Span {
  readonly start: number;
  /** The byte after the last one. */
  readonly end: number;
}

export interface ByteReader {
  /** The next byte's position. */
  at: number;
  /** The next byte; 0 behind the last one. */
  readonly peek: () => number;
  readonly expect: (byte: number) => void;
  /** True when these bytes come next. */
  readonly follows: (bytes: Uint8Array) => boolean;
  readonly skipNull: () => boolean;
  /** An integer that a number holds exactly; -0 is none. */
  readonly readInteger: () => number;
  /** A text without escapes. */
  readonly readText: () => Span;
  /** Passes `null`, `true` or `false`. */
  readonly skipLiteral: () => void;
}

export const isNumberStart = (byte: number): boolean => byte === MINUS || (byte >= ZERO && byte <= NINE);

/** @throws GivenUp from each of its functions. */
export function createByteReader(bytes: Uint8Array, begin: number): ByteReader {
  const follows: ByteReader["follows"] = (expected) => {
    const { at } = reader;
    for (let index = 0; index < expected.length; index++) {
      if (bytes[at + index] !== expected[index]) return false;
    }
    return true;
  };

  const readInteger = (): number => {
    let next = reader.at;
    let byte = bytes[next] ?? 0;
    const isNegative = byte === MINUS;
    if (isNegative) byte = bytes[++next] ?? 0;
    const first = next;
    let value = 0;
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + byte - ZERO;
      byte = bytes[++next] ?? 0;
    }
    reader.at = next;
    const digits = next - first;
    const hasLeadingZero = bytes[first] === ZERO && (digits > 1 || isNegative);
    if (digits === 0 || digits > EXACT_DIGITS || hasLeadingZero) giveUp();
    return isNegative ? -value : value;
  };

  const readText = (): Span => {
    reader.expect(QUOTE);
    const start = reader.at;
    let end = start;
    let byte = bytes[end] ?? 0;
    while (byte !== QUOTE) {
      if (byte === BACKSLASH || byte < SPACE) giveUp();
      byte = bytes[++end] ?? 0;
    }
    reader.at = end + 1;
    return { start, end };
  };

  const reader: ByteReader = {
    at: begin,
    peek: () => bytes[reader.at] ?? 0,
    expect: (byte) => {
      if (bytes[reader.at] !== byte) giveUp();
      reader.at += 1;
    },
    follows,
    skipNull: () => {
      const isNull = follows(NULL);
      if (isNull) reader.at += NULL.length;
      return isNull;
    },
    readInteger,
    readText,
    skipLiteral: () => {
      reader.at += (LITERALS.find(follows) ?? giveUp()).length;
    },
  };
  return reader;
}
