/**
 * The known fields of an object, and which of them comes next. Objects of one kind are alike, so the field that
 * followed last time nearly always follows again: its name is compared in place, four bytes at a time, and no string
 * is made of it.
 *
 * For example, where `"bk_host_id"` is expected in `{"ip":"10.0.0.1","bk_host_id":101}`, the 13 bytes `"bk_host_id":`
 * behind the comma are four words to compare.
 */
import { type JsonScanner, MAX_SPELLING, readString, scannedString, skipColon } from "./json-scanner.ts";

/** A field by one spelling of its name. */
export interface Field<T> {
  /** Bytes of the name with its quotes, of the colon behind it, and of white space behind either. */
  length: number;
  /** Those bytes as words. The first begins at 0; they overlap where there are fewer than 16 bytes. */
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly offset1: number;
  readonly offset2: number;
  readonly offset3: number;
  /** Bytes beyond these words. */
  readonly rest: Uint8Array;
  /** What is known of the field; null for a field that nobody asks for. */
  target: T | null;
  /** The field that came after it the last time: a guess, which never changes what is read. */
  next: Field<T> | null;
}

export interface Fields<T> {
  /** Stands before the first field. */
  readonly start: Field<T>;
  readonly byName: ReadonlyMap<string, T>;
  /** The known fields, then those that were learned. */
  readonly spellings: Field<T>[];
  /** Stands for one field after the other that has not been learned. */
  readonly other: Field<T>;
}

/**
 * Spellings that are learned besides the known ones: fields that nobody asks for, and names with escapes in them or
 * white space behind them. More of them are read all the same, but byte by byte.
 */
const MAX_LEARNED = 32;
const WORD = 4;
const COLON = 0x3a;

export function createFields<T>(targets: Readonly<Record<string, T>>): Fields<T> {
  const byName = new Map(Object.entries(targets));
  const spellings = Array.from(byName, ([name, target]) => createField(Buffer.from(`"${name}":`), target));
  return { start: createField<T>(NO_NAME, null), byName, spellings, other: createField<T>(NO_NAME, null) };
}

/** Bytes that are in no body, as they are not UTF-8. */
const NO_NAME = Buffer.alloc(WORD, 0xff);

function createField<T>(name: Buffer, target: T | null): Field<T> {
  const { length } = name;
  const [offset1, offset2, offset3] = [
    Math.min(length - WORD, WORD),
    Math.min(length - WORD, 2 * WORD),
    Math.min(length - WORD, 3 * WORD),
  ];
  return {
    length,
    word0: name.readInt32LE(0),
    word1: name.readInt32LE(offset1),
    word2: name.readInt32LE(offset2),
    word3: name.readInt32LE(offset3),
    offset1,
    offset2,
    offset3,
    // A copy, as the name may be part of a large body.
    rest: Uint8Array.from(name.subarray(4 * WORD)),
    target,
    next: null,
  };
}

/**
 * The field whose name begins at `at`. Its value begins `length` bytes further on, or behind white space there.
 * @param previous the field before it in this object, or `start`.
 */
export function fieldAt<T>(
  scanner: JsonScanner,
  fields: Fields<T>,
  previous: Field<T>,
  at: number,
): Field<T> {
  const guess = previous.next;
  if (guess !== null && at < scanner.lastName && isAt(scanner.view, guess, at)) return guess;
  return findField(scanner, fields, previous, at);
}

function findField<T>(scanner: JsonScanner, fields: Fields<T>, previous: Field<T>, at: number): Field<T> {
  const { view } = scanner;
  if (at >= scanner.lastName) return readField(scanner, fields, at);
  const field = fields.spellings.find((spelling) => isAt(view, spelling, at)) ?? learn(scanner, fields, at);
  previous.next = field;
  return field;
}

/** @param at so far from the end of the body that a spelling of any length may begin there. */
function isAt<T>(view: DataView, field: Field<T>, at: number): boolean {
  const differs =
    (view.getInt32(at, true) ^ field.word0) |
    (view.getInt32(at + field.offset1, true) ^ field.word1) |
    (view.getInt32(at + field.offset2, true) ^ field.word2) |
    (view.getInt32(at + field.offset3, true) ^ field.word3);
  return differs === 0 && (field.rest.length === 0 || hasRest(view, field.rest, at + 4 * WORD));
}

function hasRest(view: DataView, rest: Uint8Array, at: number): boolean {
  for (let index = 0; index < rest.length; index++) {
    if (view.getUint8(at + index) !== rest[index]) return false;
  }
  return true;
}

/**
 * The field whose name begins at `at`, whatever its spelling.
 * @param isCompared the name has been compared with the usual spellings of the known ones, and is none of them.
 */
function readField<T>(scanner: JsonScanner, fields: Fields<T>, at: number, isCompared = false): Field<T> {
  const { byName, other } = fields;
  const { bytes } = scanner;
  const end = readString(scanner, at);
  const next = skipColon(bytes, end + 1);
  const isUnknown = isCompared && !scanner.isEscaped && bytes[end + 1] === COLON;
  other.target = (isUnknown ? undefined : byName.get(scannedString(scanner, at, end))) ?? null;
  other.length = next - at;
  return other;
}

function learn<T>(scanner: JsonScanner, fields: Fields<T>, at: number): Field<T> {
  const other = readField(scanner, fields, at, true);
  const { length, target } = other;
  const { byName, spellings } = fields;
  const hasRoom = spellings.length < byName.size + MAX_LEARNED;
  if (!hasRoom || length < WORD || length > MAX_SPELLING) return other;
  const field = createField(scanner.bytes.subarray(at, at + length), target);
  spellings.push(field);
  return field;
}
