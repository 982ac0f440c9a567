/**
 * Reads the tokens of a JSON text from its bytes. No JavaScript value is created for what nobody asks for: a text is
 * where its content begins and ends, and unknown values are only checked and passed over.
 *
 * Every function takes the position `at` which it is to read from, and returns the position behind what it has read.
 * What it has found there is in the scanner, until the next token. Positions are passed on in this way because it is
 * fast: the processor then has each of them at once, where a field of an object must be written and read back first.
 *
 * The bytes must be valid UTF-8, which is checked once for the whole body. Bytes of 0x80 and above then stand inside
 * texts only, and no byte of a longer character looks like a quote or a backslash.
 */

import { decodeJsonString } from "../model/host-table.ts";
import { toInt64 } from "../model/int64.ts";

/** The bytes are not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

export interface JsonScanner {
  readonly bytes: Buffer;
  /** Of the same memory, for reading four bytes at a time. */
  readonly view: DataView;
  /** Behind the last position from which any name can be compared word by word without passing the end. */
  readonly lastName: number;
  /** The value that was read last by a function that reads values. */
  value: unknown;
  /** The integer that `readInteger` has found. It is not returned, as V8 would allocate all that need over 32 bits. */
  integer: number;
  /** True when the text that `readText` has found holds escapes. */
  isEscaped: boolean;
}

/** Longest spelling of a name that is compared word by word, in bytes. */
export const MAX_SPELLING = 64;

export const createJsonScanner = (bytes: Buffer): JsonScanner => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  lastName: bytes.length - MAX_SPELLING,
  value: undefined,
  integer: Number.NaN,
  isEscaped: false,
});

// Every module here has constants of its own for these: V8 looks imported ones up wherever they are used.
const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
const [NULL, TRUE, FALSE] = [0x6e, 0x74, 0x66];
const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [PLUS, MINUS, POINT, ZERO, NINE, LOWER_E, LOWER_U] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65, 0x75];
const BACKSLASH = 0x5c;
/** Turns an ASCII letter into its lower case. */
const LOWER = 0x20;

const syntaxError = (): never => {
  throw new JsonSyntaxError();
};

/** The position of the next byte that is not white space. */
export const skipSpace = (bytes: Buffer, at: number): number =>
  (bytes[at] ?? 0) > SPACE ? at : skipSomeSpace(bytes, at);

/** A function of its own, so that V8 puts the other one, which nearly always has nothing to skip, in line. */
function skipSomeSpace(bytes: Buffer, at: number): number {
  let next = at;
  let byte = bytes[next] ?? 0;
  while (byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB) {
    byte = bytes[++next] ?? 0;
  }
  return next;
}

/** Passes a colon, and white space on both sides of it. */
export function skipColon(bytes: Buffer, at: number): number {
  const next = skipSpace(bytes, at);
  if (bytes[next] !== COLON) syntaxError();
  return skipSpace(bytes, next + 1);
}

/**
 * Passes a comma after a member or an item, and white space on both sides of it.
 * @returns a negative position when `close` came instead: the position behind that with the other sign.
 */
export const nextMember = (bytes: Buffer, at: number, close: number): number =>
  bytes[at] === COMMA && (bytes[at + 1] ?? 0) > SPACE ? at + 1 : nextSpacedMember(bytes, at, close);

function nextSpacedMember(bytes: Buffer, at: number, close: number): number {
  const next = skipSpace(bytes, at);
  const byte = bytes[next];
  if (byte === COMMA) return skipSpace(bytes, next + 1);
  return byte === close ? -(next + 1) : syntaxError();
}

/** Passes the bracket or brace that opens a list or an object. @returns as `nextMember` does. */
export function firstMember(bytes: Buffer, at: number, close: number): number {
  const next = skipSpace(bytes, at + 1);
  return bytes[next] === close ? -(next + 1) : next;
}

/** Reads a text. @returns the position of its closing quote. */
export function readString(scanner: JsonScanner, at: number): number {
  const { bytes, view } = scanner;
  if (bytes[at] !== QUOTE) syntaxError();
  const lastWord = bytes.length - 4;
  let next = at + 1;
  scanner.isEscaped = false;
  for (;;) {
    while (next <= lastWord && isPlain(view.getInt32(next, true))) next += 4;
    let byte = bytes[next] ?? 0;
    while (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) byte = bytes[++next] ?? 0;
    if (byte === QUOTE) return next;
    // What is left are control characters, which JSON texts must escape, and the end of the body.
    if (byte !== BACKSLASH) syntaxError();
    next += escapeSequenceLength(bytes, next);
    scanner.isEscaped = true;
  }
}

/**
 * True when none of the four bytes is a quote, a backslash or a control character. `(x - n) & ~x` has the high bit of
 * a byte set where that byte is below n; a byte is a quote where it is below 1 after XOR with a quote.
 */
function isPlain(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (
    ((((word - 0x20202020) & ~word) |
      ((quote - 0x01010101) & ~quote) |
      ((backslash - 0x01010101) & ~backslash)) &
      0x80808080) ===
    0
  );
}

/** What a backslash may have behind it, apart from `u`. */
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

function escapeSequenceLength(bytes: Buffer, at: number): number {
  const byte = bytes[at + 1] ?? 0;
  if (byte !== LOWER_U) return ESCAPES.has(byte) ? 2 : syntaxError();
  for (let digit = at + 2; digit < at + 6; digit++) if (!isHexDigit(bytes[digit] ?? 0)) syntaxError();
  return 6;
}

const isHexDigit = (byte: number): boolean =>
  isDigit(byte) || ((byte | LOWER) >= 0x61 && (byte | LOWER) <= 0x66);

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

/** The text that was read last, from its opening quote at `at` to its closing quote at `end`, as a string. */
export const scannedString = ({ bytes, isEscaped }: JsonScanner, at: number, end: number): string =>
  decodeJsonString(bytes, at + 1, end, isEscaped);

export const isNumberStart = (byte: number): boolean => byte === MINUS || isDigit(byte);

/** With up to 15 digits every integer is exact. */
const EXACT_DIGITS = 15;

/** Reads an integer of up to 15 digits. @returns -1, with nothing read, for all that is written in another way. */
export function readInteger(scanner: JsonScanner, at: number): number {
  const { bytes, view } = scanner;
  const isNegative = bytes[at] === MINUS;
  const first = isNegative ? at + 1 : at;
  const lastWord = bytes.length - 4;
  let next = first;
  let value = 0;
  // Four bytes at a time, as timestamps have 13 digits: `0123` is 0x33323130 in little-endian order, and what is not
  // a digit is 10 or more after XOR with `0000`.
  while (next <= lastWord) {
    const word = view.getInt32(next, true) ^ 0x30303030;
    if ((((word + 0x76767676) | word) & 0x80808080) !== 0) break;
    value =
      value * 10_000 +
      ((word & 0xff) * 1_000 + ((word >> 8) & 0xff) * 100 + ((word >> 16) & 0xff) * 10 + (word >>> 24));
    next += 4;
  }
  let byte = bytes[next] ?? 0;
  for (; isDigit(byte); byte = bytes[++next] ?? 0) value = value * 10 + byte - ZERO;
  const digits = next - first;
  const isPlainInteger =
    digits > 0 &&
    digits <= EXACT_DIGITS &&
    (digits === 1 || bytes[first] !== ZERO) &&
    byte !== POINT &&
    (byte | LOWER) !== LOWER_E;
  if (!isPlainInteger) return -1;
  scanner.integer = isNegative ? -value : value;
  return next;
}

/** Integers with fewer digits than this are finite for `JSON.parse`, too. */
const FINITE_DIGITS = 308;

/** Reads any number: as `JSON.parse`, but integers written in digits alone are bigints beyond ±(2^53-1). */
export function readNumber(scanner: JsonScanner, at: number): number {
  const end = readInteger(scanner, at);
  if (end < 0) return readLongNumber(scanner, at);
  scanner.value = scanner.integer;
  return end;
}

/** Reads a number that `readInteger` does not. */
export function readLongNumber(scanner: JsonScanner, at: number): number {
  const { bytes } = scanner;
  const digitsEnd = skipInteger(bytes, at);
  const end = skipFraction(bytes, digitsEnd);
  const text = bytes.toString("latin1", at, end);
  if (end > digitsEnd || text.length > FINITE_DIGITS) {
    const value = Number(text);
    // As for `JSON.parse` it is Infinity beyond 1.8e308: no bigint is made of a million digits.
    scanner.value = end === digitsEnd && Number.isFinite(value) ? BigInt(text) : value;
  } else scanner.value = toInt64(BigInt(text));
  return end;
}

export const skipNumber = (bytes: Buffer, at: number): number => skipFraction(bytes, skipInteger(bytes, at));

function skipInteger(bytes: Buffer, at: number): number {
  const first = bytes[at] === MINUS ? at + 1 : at;
  return bytes[first] === ZERO ? first + 1 : skipDigits(bytes, first);
}

function skipFraction(bytes: Buffer, at: number): number {
  let next = bytes[at] === POINT ? skipDigits(bytes, at + 1) : at;
  if (((bytes[next] ?? 0) | LOWER) === LOWER_E) {
    const sign = bytes[next + 1];
    next = skipDigits(bytes, sign === PLUS || sign === MINUS ? next + 2 : next + 1);
  }
  return next;
}

/** Passes one digit or more. */
function skipDigits(bytes: Buffer, at: number): number {
  let next = at;
  while (isDigit(bytes[next] ?? 0)) next += 1;
  return next > at ? next : syntaxError();
}

const LITERALS: ReadonlyMap<number, readonly [bytes: Buffer, value: boolean | null]> = new Map([
  [NULL, [Buffer.from("null"), null]],
  [TRUE, [Buffer.from("true"), true]],
  [FALSE, [Buffer.from("false"), false]],
]);

/** Reads `null`, `true` or `false`. */
export function readLiteral(scanner: JsonScanner, at: number): number {
  const { bytes } = scanner;
  const [literal, value] = LITERALS.get(bytes[at] ?? 0) ?? syntaxError();
  for (let index = 1; index < literal.length; index++)
    if (bytes[at + index] !== literal[index]) syntaxError();
  scanner.value = value;
  return at + literal.length;
}
