/**
 * Recognizes the names of known fields by predicting them. Objects of one kind have their fields in the same order, so
 * each field records which field followed it the last time. Its name is compared in place, four bytes at a time, and no
 * string is created.
 *
 * For example, `"ip"` was followed by `"bk_host_id"`. In `{"ip":"10.0.0.1","bk_host_id":101}`, the 13 bytes
 * `"bk_host_id":` after the comma are compared as the four overlapping words `"bk_`, `host`, `_id"` and `id":`.
 */
import { type JsonScanner, MAX_SPELLING, readString, scannedString, skipColon } from "./json-scanner.ts";

/** A field with one spelling of its name: `"ip":`, `"ip" : ` and `"\u0069p":` are different spellings. */
export interface Field<T> {
  /** Length in bytes of the quoted name, the colon, and the white space after each of them. */
  length: number;
  /** These bytes as words. The first word is at offset 0. They overlap if there are fewer than 16 bytes. */
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly offset1: number;
  readonly offset2: number;
  readonly offset3: number;
  /** The bytes after these words. */
  readonly rest: Uint8Array;
  /** Null for a field that the gateway does not use. */
  target: T | null;
  /** The field that followed it the last time. Only a prediction: it never changes the result. */
  next: Field<T> | null;
}

export interface Fields<T> {
  /** Placeholder before the first field. */
  readonly start: Field<T>;
  readonly byName: ReadonlyMap<string, T>;
  /** The known fields, then learned spellings. */
  readonly spellings: Field<T>[];
  /** Reused for every field without a learned spelling. */
  readonly other: Field<T>;
}

/**
 * Maximum number of learned spellings: fields that the gateway does not use, and names with escape sequences or white
 * space. Further spellings are still read correctly, but byte by byte.
 */
const MAX_LEARNED = 32;
const WORD = 4;
const COLON = 0x3a;

export function createFields<T>(targets: Readonly<Record<string, T>>): Fields<T> {
  const byName = new Map(Object.entries(targets));
  const spellings = Array.from(byName, ([name, target]) => createField(Buffer.from(`"${name}":`), target));
  return { start: createField<T>(NO_NAME, null), byName, spellings, other: createField<T>(NO_NAME, null) };
}

/** Bytes that no body contains, because they are not valid UTF-8. */
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
    // A copy, because a view would keep the whole body in memory.
    rest: Uint8Array.from(name.subarray(4 * WORD)),
    target,
    next: null,
  };
}

/**
 * Returns the field whose name starts at `at`. After `length` bytes, there can be more white space before its value.
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

/** @param at must be at least `MAX_SPELLING` bytes before the end of the body. */
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
 * Reads the field at `at` byte by byte, with any spelling.
 * @param isCompared whether the name has already been compared with all known spellings without a match.
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
