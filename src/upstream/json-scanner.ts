/**
 * Scans JSON tokens in bytes. It creates no JavaScript values for data that is not used: a string is only its start and
 * end position, and unknown values are skipped after a syntax check.
 *
 * Each function takes the position `at` of a token and returns the position after it. Other results are stored in the
 * scanner until the next token. For `{"id": 42}`:
 *
 *   firstMember(bytes, 0, "}")  →  1      readString(scanner, 1)   →  4 (closing quote)
 *   skipColon(bytes, 5)         →  7      readInteger(scanner, 7)  →  9, scanner.integer is 42
 *   nextMember(bytes, 9, "}")   →  -10 (the object has ended)
 *
 * Positions are parameters and results, not a field of the scanner, because that is faster: the processor keeps them in
 * registers, while a field must be written and read back.
 *
 * The bytes must be valid UTF-8, which is checked once for the whole body. Bytes of 0x80 and above then only occur
 * inside strings, and no byte of a longer character equals a quote or a backslash.
 */

import { decodeJsonString } from "../model/host-table.ts";
import { toInt64 } from "../model/int64.ts";

/** The bytes are not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

export interface JsonScanner {
  readonly bytes: Buffer;
  /** A view of the same memory, to read four bytes at a time. */
  readonly view: DataView;
  /** Names before this position can be compared word by word without reading past the end. */
  readonly lastName: number;
  /** The last value that was read. */
  value: unknown;
  /** Result of `readInteger`. It is not returned, because V8 would allocate memory for integers above 32 bits. */
  integer: number;
  /** Whether the last string has escape sequences. */
  isEscaped: boolean;
}

/** Maximum length in bytes of a name that is compared word by word. */
export const MAX_SPELLING = 64;

export const createJsonScanner = (bytes: Buffer): JsonScanner => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  lastName: bytes.length - MAX_SPELLING,
  value: undefined,
  integer: Number.NaN,
  isEscaped: false,
});

// Each module has its own constants for these bytes, because V8 looks up imported constants at every use.
const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
const [NULL, TRUE, FALSE] = [0x6e, 0x74, 0x66];
const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [PLUS, MINUS, POINT, ZERO, NINE, LOWER_E, LOWER_U] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65, 0x75];
const BACKSLASH = 0x5c;
/** Converts an ASCII letter to lower case when combined by OR. */
const LOWER = 0x20;

const syntaxError = (): never => {
  throw new JsonSyntaxError();
};

/** Returns the position of the next byte that is not white space. */
export const skipSpace = (bytes: Buffer, at: number): number =>
  (bytes[at] ?? 0) > SPACE ? at : skipSomeSpace(bytes, at);

/** Separate, so that V8 inlines `skipSpace`, which usually has nothing to skip. */
function skipSomeSpace(bytes: Buffer, at: number): number {
  let next = at;
  let byte = bytes[next] ?? 0;
  while (byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB) {
    byte = bytes[++next] ?? 0;
  }
  return next;
}

/** Skips a colon and the white space around it. */
export function skipColon(bytes: Buffer, at: number): number {
  const next = skipSpace(bytes, at);
  if (bytes[next] !== COLON) syntaxError();
  return skipSpace(bytes, next + 1);
}

/**
 * Skips the comma after a member or item, and the white space around it.
 * @returns the position of the next member. If `close` follows instead of a comma, the negated position after it.
 */
export const nextMember = (bytes: Buffer, at: number, close: number): number =>
  bytes[at] === COMMA && (bytes[at + 1] ?? 0) > SPACE ? at + 1 : nextSpacedMember(bytes, at, close);

function nextSpacedMember(bytes: Buffer, at: number, close: number): number {
  const next = skipSpace(bytes, at);
  const byte = bytes[next];
  if (byte === COMMA) return skipSpace(bytes, next + 1);
  return byte === close ? -(next + 1) : syntaxError();
}

/** Skips the opening bracket or brace of a list or object. Returns the same as `nextMember`. */
export function firstMember(bytes: Buffer, at: number, close: number): number {
  const next = skipSpace(bytes, at + 1);
  return bytes[next] === close ? -(next + 1) : next;
}

/** Reads a string. @returns the position of its closing quote. */
export function readString(scanner: JsonScanner, at: number): number {
  const { bytes, view } = scanner;
  if (bytes[at] !== QUOTE) syntaxError();
  const lastWord = bytes.length - 4;
  let next = at + 1;
  scanner.isEscaped = false;
  for (;;) {
    let marks = 0;
    while (marks === 0 && next <= lastWord) {
      marks = markSpecial(view.getInt32(next, true));
      next += marks === 0 ? 4 : firstMark(marks);
    }
    // Only in the last three bytes of the body.
    if (marks === 0) while (isPlain(bytes[next] ?? 0)) next += 1;
    const byte = bytes[next] ?? 0;
    if (byte === QUOTE) return next;
    // Only an escape sequence is valid here, not a control character or the end of the body.
    if (byte !== BACKSLASH) syntaxError();
    next += escapeSequenceLength(bytes, next);
    scanner.isEscaped = true;
  }
}

/** Whether a byte is not a quote, a backslash or a control character. */
const isPlain = (byte: number): boolean => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH;

/**
 * Marks the bytes of a word that are not plain, by their high bits. Marks after the first one can be wrong.
 *
 * `(x - n) & ~x` has the high bit of a byte set if that byte is below n. A byte is a quote if it is below 1 (zero) after
 * XOR with a quote: of `ab"c`, the third byte becomes 0x00, and the result is 0x00800000.
 */
function markSpecial(word: number): number {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (
    (((word - 0x20202020) & ~word) |
      ((quote - 0x01010101) & ~quote) |
      ((backslash - 0x01010101) & ~backslash)) &
    0x80808080
  );
}

/** The index of the first marked byte, from 0 to 3: for 0x00800000, it is 2. */
const firstMark = (marks: number): number => (31 - Math.clz32(marks & -marks)) >> 3;

/** The characters that can follow a backslash, except `u`. */
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

/** Decodes the last string, which has its opening quote at `at` and its closing quote at `end`. */
export const scannedString = ({ bytes, isEscaped }: JsonScanner, at: number, end: number): string =>
  decodeJsonString(bytes, at + 1, end, isEscaped);

export const isNumberStart = (byte: number): boolean => byte === MINUS || isDigit(byte);

/** Every integer with up to 15 digits is exact. */
const EXACT_DIGITS = 15;

/** Powers of ten by number of digits. */
const POWERS = [1, 10, 100, 1_000] as const;

/**
 * The number of four digits, the first one in the low byte: 0x04030201 is 1234. Multiplication by 2561 = 10 × 256 + 1
 * adds ten times each byte to the next one: 12 and 34. Multiplication by 6553601 = 100 × 65536 + 1 does the same for
 * these two halves.
 */
const fourDigits = (word: number): number =>
  Math.imul((Math.imul(word, 2_561) >>> 8) & 0x00ff00ff, 6_553_601) >>> 16;

/**
 * Reads an integer of up to 15 digits, such as `-42` or `1605064271000`.
 * @returns -1, with nothing read, for any other notation: `1e3`, `1.0`, `01` or 16 digits.
 */
export function readInteger(scanner: JsonScanner, at: number): number {
  const { bytes, view } = scanner;
  const isNegative = bytes[at] === MINUS;
  const first = isNegative ? at + 1 : at;
  const lastWord = bytes.length - 4;
  let next = first;
  let value = 0;
  // Four digits at a time, because timestamps have 13. In little-endian order, `0123` is 0x33323130. After XOR with
  // `0000`, each byte is a digit from 0 to 9; any other byte is 10 or more, which sets its high bit when 0x76 is added.
  let marks = 0;
  while (marks === 0 && next <= lastWord) {
    const word = view.getInt32(next, true) ^ 0x30303030;
    marks = ((word + 0x76767676) | word) & 0x80808080;
    if (marks === 0) {
      value = value * 10_000 + fourDigits(word);
      next += 4;
    } else {
      const digits = firstMark(marks);
      // The last one to three digits become the end of a word that starts with zeros.
      if (digits > 0) value = value * (POWERS[digits] ?? 0) + fourDigits(word << (32 - 8 * digits));
      next += digits;
    }
  }
  // Only in the last three bytes of the body.
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

/** Integers with up to this many digits are finite as a number. */
const FINITE_DIGITS = 308;

/** Reads any number like `JSON.parse`, except that integers beyond ±(2^53-1) without an exponent become bigints. */
export function readNumber(scanner: JsonScanner, at: number): number {
  const end = readInteger(scanner, at);
  if (end < 0) return readLongNumber(scanner, at);
  scanner.value = scanner.integer;
  return end;
}

/** Reads a number that `readInteger` does not accept. */
export function readLongNumber(scanner: JsonScanner, at: number): number {
  const { bytes } = scanner;
  const digitsEnd = skipInteger(bytes, at);
  const end = skipFraction(bytes, digitsEnd);
  const text = bytes.toString("latin1", at, end);
  if (end > digitsEnd || text.length > FINITE_DIGITS) {
    const value = Number(text);
    // Beyond 1.8e308 it is Infinity, as for `JSON.parse`, so a million digits never become a bigint.
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

/** Skips one or more digits. */
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
