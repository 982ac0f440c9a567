/**
 * Reads the tokens of a JSON text from its bytes. No JavaScript value is created for what nobody asks for: a text is
 * where its content begins and ends, and unknown values are only checked and passed over.
 *
 * The bytes must be valid UTF-8, which is checked once for the whole body. Bytes of 0x80 and above then stand inside
 * texts only, and no byte of a longer character looks like a quote or a backslash.
 */
import { decodeJsonText } from "../model/host-text.ts";

/** The bytes are not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

export interface JsonScanner {
  readonly bytes: Buffer;
  /** Of the same memory, for reading four bytes at a time. */
  readonly view: DataView;
  /** The next byte's position. */
  at: number;
  /** The content of the text that was read last, between its quotes, and whether it holds escapes. */
  start: number;
  end: number;
  isEscaped: boolean;
}

export const createJsonScanner = (bytes: Buffer): JsonScanner => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0,
  start: 0,
  end: 0,
  isEscaped: false,
});

export const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
export const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
/** The first byte of `null`. No other value begins with it. */
export const NULL = 0x6e;
const [TRUE, FALSE] = [0x74, 0x66];
const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [PLUS, MINUS, POINT, ZERO, NINE, LOWER_E, LOWER_U] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x65, 0x75];
const BACKSLASH = 0x5c;
/** Turns an ASCII letter into its lower case. */
const LOWER = 0x20;

export const fail = (): never => {
  throw new JsonSyntaxError();
};

/** The next byte that is not white space; 0, which no token begins with, at the end. */
export function peek(scanner: JsonScanner): number {
  const byte = scanner.bytes[scanner.at] ?? 0;
  return byte > SPACE ? byte : skipSpace(scanner);
}

/** Apart from `peek`, as most bytes are not white space: the compiler puts that in line where it is called. */
function skipSpace(scanner: JsonScanner): number {
  const { bytes } = scanner;
  let { at } = scanner;
  let byte = bytes[at] ?? 0;
  while (byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB) {
    byte = bytes[++at] ?? 0;
  }
  scanner.at = at;
  return byte;
}

/** Passes this byte, and white space before it. */
export function expect(scanner: JsonScanner, byte: number): void {
  if (peek(scanner) !== byte) fail();
  scanner.at += 1;
}

/** After a member or an item: passes a comma, and is true, or passes the closing byte, and is false. */
export function hasMore(scanner: JsonScanner, close: number): boolean {
  const byte = peek(scanner);
  scanner.at += 1;
  if (byte === close) return false;
  if (byte !== COMMA) fail();
  peek(scanner);
  return true;
}

/** Passes the bracket or brace that opens a list or an object; false, past its end, when there is nothing in it. */
export function enter(scanner: JsonScanner, close: number): boolean {
  scanner.at += 1;
  if (peek(scanner) !== close) return true;
  scanner.at += 1;
  return false;
}

/** Reads a text, and leaves its content in the scanner. */
export function readText(scanner: JsonScanner): void {
  const { bytes, view } = scanner;
  let { at } = scanner;
  if (bytes[at] !== QUOTE) fail();
  const start = ++at;
  const lastWord = bytes.length - 4;
  let isEscaped = false;
  for (;;) {
    while (at <= lastWord && isPlain(view.getInt32(at, true))) at += 4;
    let byte = bytes[at] ?? 0;
    while (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) byte = bytes[++at] ?? 0;
    if (byte === QUOTE) break;
    // What is left are control characters, which JSON texts must escape, and the end of the body.
    if (byte !== BACKSLASH) fail();
    at += escapeLength(bytes, at);
    isEscaped = true;
  }
  scanner.start = start;
  scanner.end = at;
  scanner.isEscaped = isEscaped;
  scanner.at = at + 1;
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

function escapeLength(bytes: Buffer, at: number): number {
  const byte = bytes[at + 1] ?? 0;
  if (byte !== LOWER_U) return ESCAPES.has(byte) ? 2 : fail();
  for (let digit = at + 2; digit < at + 6; digit++) if (!isHexDigit(bytes[digit] ?? 0)) fail();
  return 6;
}

const isHexDigit = (byte: number): boolean =>
  isDigit(byte) || ((byte | LOWER) >= 0x61 && (byte | LOWER) <= 0x66);

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

/** The text that was read last, as a string. */
export const lastText = ({ bytes, start, end, isEscaped }: JsonScanner): string =>
  decodeJsonText(bytes, start, end, isEscaped);

export const isNumberStart = (byte: number): boolean => byte === MINUS || isDigit(byte);

/** With up to 15 digits every integer is exact. */
const EXACT_DIGITS = 15;

/** An integer of up to 15 digits; NaN, with nothing read, for all that is written in another way. */
export function readInteger(scanner: JsonScanner): number {
  const { bytes, view } = scanner;
  const isNegative = bytes[scanner.at] === MINUS;
  const first = isNegative ? scanner.at + 1 : scanner.at;
  const lastWord = bytes.length - 4;
  let at = first;
  let value = 0;
  // Timestamps have 13 digits: four at a time is faster, also for the many numbers that have fewer.
  for (; at <= lastWord; at += 4) {
    const word = view.getInt32(at, true);
    if (!areDigits(word)) break;
    value = value * 10_000 + digitsValue(word);
  }
  let byte = bytes[at] ?? 0;
  for (; isDigit(byte); byte = bytes[++at] ?? 0) value = value * 10 + byte - ZERO;
  const digits = at - first;
  const isPlainInteger =
    digits > 0 &&
    digits <= EXACT_DIGITS &&
    (digits === 1 || bytes[first] !== ZERO) &&
    byte !== POINT &&
    (byte | LOWER) !== LOWER_E;
  if (!isPlainInteger) return Number.NaN;
  scanner.at = at;
  return isNegative ? -value : value;
}

/** True when all four bytes are ASCII digits: their high half is 3, also after adding 6. */
const areDigits = (word: number): boolean =>
  (word & 0xf0f0f0f0) === 0x30303030 && ((word + 0x06060606) & 0xf0f0f0f0) === 0x30303030;

/** The number that four ASCII digits stand for; the first digit is in the lowest byte. */
const digitsValue = (word: number): number =>
  (word & 0xf) * 1_000 + ((word >> 8) & 0xf) * 100 + ((word >> 16) & 0xf) * 10 + ((word >> 24) & 0xf);

/** Any number: what `JSON.parse` gives, but integers written in digits alone are bigints beyond ±(2^53-1). */
export function readNumber(scanner: JsonScanner): number | bigint {
  const integer = readInteger(scanner);
  if (!Number.isNaN(integer)) return integer;
  const from = scanner.at;
  const isDigitsOnly = skipNumber(scanner);
  const text = scanner.bytes.toString("latin1", from, scanner.at);
  const value = Number(text);
  // Digits for more than 1.8e308 are Infinity, as for `JSON.parse`: no bigint is made of a million digits.
  return isDigitsOnly && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/** Passes a number. @returns false when it has a fraction or an exponent. */
function skipNumber(scanner: JsonScanner): boolean {
  const { bytes } = scanner;
  if (bytes[scanner.at] === MINUS) scanner.at += 1;
  if (bytes[scanner.at] === ZERO) scanner.at += 1;
  else skipDigits(scanner);
  const end = scanner.at;
  if (bytes[scanner.at] === POINT) {
    scanner.at += 1;
    skipDigits(scanner);
  }
  if (((bytes[scanner.at] ?? 0) | LOWER) === LOWER_E) {
    scanner.at += 1;
    if (bytes[scanner.at] === PLUS || bytes[scanner.at] === MINUS) scanner.at += 1;
    skipDigits(scanner);
  }
  return scanner.at === end;
}

/** Passes one digit or more. */
function skipDigits(scanner: JsonScanner): void {
  const { bytes } = scanner;
  let { at } = scanner;
  while (isDigit(bytes[at] ?? 0)) at += 1;
  if (at === scanner.at) fail();
  scanner.at = at;
}

const LITERALS: ReadonlyMap<number, readonly [bytes: Buffer, value: boolean | null]> = new Map([
  [NULL, [Buffer.from("null"), null]],
  [TRUE, [Buffer.from("true"), true]],
  [FALSE, [Buffer.from("false"), false]],
]);

/** `null`, `true` or `false`. */
export function readLiteral(scanner: JsonScanner): boolean | null {
  const { bytes, at } = scanner;
  const [literal, value] = LITERALS.get(bytes[at] ?? 0) ?? fail();
  for (let index = 1; index < literal.length; index++) if (bytes[at + index] !== literal[index]) fail();
  scanner.at += literal.length;
  return value;
}

/** Stand for the objects and lists that nobody looks into. */
export const ANY_OBJECT = Object.freeze({});
export const ANY_LIST: readonly unknown[] = Object.freeze([]);

/** A text, number or literal; of an object or a list, only which of them it is. */
export function readScalar(scanner: JsonScanner): unknown {
  const byte = peek(scanner);
  if (byte === QUOTE) {
    readText(scanner);
    return lastText(scanner);
  }
  if (isNumberStart(byte)) return readNumber(scanner);
  if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return readLiteral(scanner);
  skipValue(scanner);
  return byte === OPEN_BRACE ? ANY_OBJECT : ANY_LIST;
}

function skipScalar(scanner: JsonScanner, byte: number): void {
  if (byte === QUOTE) readText(scanner);
  else if (!isNumberStart(byte)) readLiteral(scanner);
  else if (Number.isNaN(readInteger(scanner))) skipNumber(scanner);
}

/**
 * Passes a value of any depth. A body of nothing but opening brackets must neither overflow the call stack nor
 * take long, so what is open is kept as one byte each: the byte that closes it.
 */
export function skipValue(scanner: JsonScanner): void {
  let open = NOTHING_OPEN;
  let depth = 0;
  for (;;) {
    const byte = peek(scanner);
    const close = byte === OPEN_BRACE ? CLOSE_BRACE : byte === OPEN_BRACKET ? CLOSE_BRACKET : 0;
    if (close === 0) skipScalar(scanner, byte);
    else if (enter(scanner, close)) {
      if (depth === open.length) open = enlarged(open);
      open[depth++] = close;
      if (close === CLOSE_BRACE) skipKey(scanner);
      continue;
    }
    // A value has ended, and may be the last one of what is open around it, which is then a value that has ended.
    let around = 0;
    do {
      if (depth === 0) return;
      around = open[--depth] ?? 0;
    } while (!hasMore(scanner, around));
    depth += 1;
    if (around === CLOSE_BRACE) skipKey(scanner);
  }
}

const NOTHING_OPEN = new Uint8Array(0);

function enlarged(open: Uint8Array): typeof NOTHING_OPEN {
  const larger = new Uint8Array(Math.max(64, open.length * 2));
  larger.set(open);
  return larger;
}

function skipKey(scanner: JsonScanner): void {
  readText(scanner);
  expect(scanner, COLON);
}
