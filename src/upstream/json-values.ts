/** Reads and skips JSON values without a known shape. */
import {
  firstMember,
  isNumberStart,
  type JsonScanner,
  nextMember,
  readInteger,
  readLiteral,
  readNumber,
  readString,
  scannedString,
  skipColon,
  skipNumber,
} from "./json-scanner.ts";

const QUOTE = 0x22;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Represent objects and lists whose content is not used. */
export const ANY_OBJECT = Object.freeze({});
export const OPAQUE_LIST: readonly unknown[] = Object.freeze([]);

/** Reads a string, number or literal. Skips the content of an object or list: `[1,2]` becomes `OPAQUE_LIST`. */
export function readScalar(scanner: JsonScanner, at: number): number {
  const byte = scanner.bytes[at] ?? 0;
  if (byte === QUOTE) {
    const end = readString(scanner, at);
    scanner.value = scannedString(scanner, at, end);
    return end + 1;
  }
  if (isNumberStart(byte)) return readNumber(scanner, at);
  if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return readLiteral(scanner, at);
  const end = skipValue(scanner, at);
  scanner.value = byte === OPEN_BRACE ? ANY_OBJECT : OPAQUE_LIST;
  return end;
}

function skipScalar(scanner: JsonScanner, at: number, byte: number): number {
  if (byte === QUOTE) return readString(scanner, at) + 1;
  if (!isNumberStart(byte)) return readLiteral(scanner, at);
  const end = readInteger(scanner, at);
  return end < 0 ? skipNumber(scanner.bytes, at) : end;
}

/**
 * Skips a value of any depth and checks its syntax. It uses an explicit stack, because recursion would overflow on a
 * body of opening brackets. The stack has one byte per open object or list: the byte that closes it.
 *
 *   after `{"a":[1,{` the stack is `}`, `]`, `}`
 */
export function skipValue(scanner: JsonScanner, at: number): number {
  const { bytes } = scanner;
  let open = EMPTY_STACK;
  let depth = 0;
  // Positive: a value starts here. Negative: a value has ended before this position, with the sign changed.
  let next = at;
  for (;;) {
    const byte = bytes[next] ?? 0;
    const close = byte === OPEN_BRACE ? CLOSE_BRACE : byte === OPEN_BRACKET ? CLOSE_BRACKET : 0;
    if (close === 0) next = -skipScalar(scanner, next, byte);
    else {
      next = firstMember(bytes, next, close);
      if (next > 0) {
        if (depth === open.length) open = enlargeStack(open);
        open[depth++] = close;
      }
    }
    // A value has ended. If it was the last one of its list or object, that has ended, too.
    while (next < 0) {
      if (depth === 0) return -next;
      next = nextMember(bytes, -next, open[depth - 1] ?? 0);
      if (next < 0) depth -= 1;
    }
    // Inside an object, the next value comes after a name and a colon.
    if (open[depth - 1] === CLOSE_BRACE) next = skipColon(bytes, readString(scanner, next) + 1);
  }
}

const EMPTY_STACK = new Uint8Array(0);

function enlargeStack(open: Uint8Array): typeof EMPTY_STACK {
  const larger = new Uint8Array(Math.max(64, open.length * 2));
  larger.set(open);
  return larger;
}
