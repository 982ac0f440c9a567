/**
 * The known fields of an object, and which of them comes next. Objects of one kind are alike, so the field that
 * followed last time nearly always follows again: its name is compared in place, four bytes at a time, and no string
 * is made of it.
 *
 * For example, where `"bk_host_id"` is expected in `{"ip":"10.0.0.1","bk_host_id":101}`, the 13 bytes `"bk_host_id":`
 * behind the comma are four words to compare.
 */
import { COLON, expect, type JsonScanner, lastText, readText } from "./json-scanner.ts";

/** A field by one spelling of its name. */
export interface Field<T> {
  /** Bytes of the name with its quotes, and of the colon behind it. */
  readonly length: number;
  /** Those bytes as little-endian words. The last word overlaps the one before where they do not fill up. */
  readonly words: Int32Array;
  /** What is known of the field; null for a field that nobody asks for. */
  readonly target: T | null;
  /** The field that came after it the last time: a guess, which never changes what is read. */
  next: Field<T> | null;
}

export interface Fields<T> {
  /** Stands before the first field. */
  readonly start: Field<T>;
  readonly byName: ReadonlyMap<string, T>;
  /** The known fields, then those that were learned. */
  readonly spellings: Field<T>[];
}

/**
 * Spellings that are learned besides the known ones: fields that nobody asks for, and names with escapes in them or
 * white space behind them. More of them are read all the same, but byte by byte.
 */
const MAX_LEARNED = 32;
const MAX_LEARNED_LENGTH = 64;

export function createFields<T>(targets: Readonly<Record<string, T>>): Fields<T> {
  const byName = new Map(Object.entries(targets));
  const spellings = Array.from(byName, ([name, target]) => createField(Buffer.from(`"${name}":`), target));
  return { start: createUnmatched<T>(0, null), byName, spellings };
}

function createField<T>(name: Buffer, target: T | null): Field<T> {
  const { length } = name;
  const words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, word) =>
    name.readInt32LE(Math.min(word * 4, length - 4)),
  );
  return { length, words, target, next: null };
}

/** A field that is not recognized when it comes again: it has no words to compare. */
const createUnmatched = <T>(length: number, target: T | null): Field<T> => ({
  length,
  words: new Int32Array(0),
  target,
  next: null,
});

/**
 * Reads the name of a member and its colon.
 * @param previous the field before it in this object, or `start`.
 */
export function readField<T>(scanner: JsonScanner, fields: Fields<T>, previous: Field<T>): Field<T> {
  let field = previous.next;
  if (field === null || !isNext(scanner, field)) {
    field = fields.spellings.find((spelling) => isNext(scanner, spelling)) ?? learn(scanner, fields);
    previous.next = field;
  }
  scanner.at += field.length;
  return field;
}

function isNext<T>({ view, at }: JsonScanner, { length, words }: Field<T>): boolean {
  const last = words.length - 1;
  if (last < 0 || at + length > view.byteLength) return false;
  for (let word = 0; word < last; word++) {
    if (view.getInt32(at + word * 4, true) !== words[word]) return false;
  }
  return view.getInt32(at + length - 4, true) === words[last];
}

/** The field that comes next and is none of the spellings so far. */
function learn<T>(scanner: JsonScanner, { byName, spellings }: Fields<T>): Field<T> {
  const { at, bytes } = scanner;
  readText(scanner);
  const target = byName.get(lastText(scanner)) ?? null;
  expect(scanner, COLON);
  const spelling = bytes.subarray(at, scanner.at);
  scanner.at = at;
  // Shorter ones are less than a word.
  const isLearned =
    spelling.length >= 4 &&
    spelling.length <= MAX_LEARNED_LENGTH &&
    spellings.length < byName.size + MAX_LEARNED;
  if (!isLearned) return createUnmatched(spelling.length, target);
  const field = createField(spelling, target);
  spellings.push(field);
  return field;
}
