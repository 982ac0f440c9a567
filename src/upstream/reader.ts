/**
 * Readers of upstream values: `unknown` in, a typed value or a `ContractBreak` out. Null and absent are one
 * thing, as the upstream leaves out every null. A reader is told the value's name only; the path to it is put
 * together where a break passes on its way out, so that sound payloads never pay for paths.
 */
import { type Int64, isInt64, toInt64 } from "../model/int64.ts";

/** The payload is not what the endpoint's documentation promises. The path leads to what broke it. */
export class ContractBreak extends Error {
  override readonly name: string = "ContractBreak";
  path: string;
  readonly #complaint: string;

  constructor(path: string, expected: string, value: unknown) {
    super();
    this.path = path;
    this.#complaint = `to be ${expected}, got ${describe(value)}.`;
  }

  override get message(): string {
    return `Expected ${this.path || "the body"} ${this.#complaint}`;
  }
}

/** An integer lost digits in parsing: the same text parsed with `parseJsonExactly` may well read. */
export class InexactInteger extends ContractBreak {
  override readonly name = "InexactInteger";
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return String(value);
  // A longer text might end in the middle of a secret, which could then not be told any more.
  return value.length > 30 ? `a text of ${value.length} characters` : JSON.stringify(value);
}

/** Runs `read` for what stands at `path`: a break inside gets the path put before its own. */
export function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw prefixed(error, path);
  }
}

function prefixed(error: unknown, path: string): unknown {
  if (error instanceof ContractBreak) {
    const separator = error.path === "" || error.path.startsWith("[") ? "" : ".";
    error.path = `${path}${separator}${error.path}`;
  }
  return error;
}

export type Json = { readonly [key: string]: unknown };

export function object(value: unknown, name: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ContractBreak(name, "an object", value);
  }
  // A non-null object that is no array has string keys and unknown values: just what Json says.
  return value as Json;
}

/** The items of an array, each read by `read`. */
export function list<T>(value: unknown, name: string, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new ContractBreak(name, "an array", value);
  const items: T[] = [];
  try {
    for (const item of value) items.push(read(item));
  } catch (error) {
    throw prefixed(error, `${name}[${items.length}]`);
  }
  return items;
}

/** `list`, for a list that may be absent: it is empty then. */
export const optionalList = <T>(value: unknown, name: string, read: (item: unknown) => T): T[] =>
  value === undefined || value === null ? [] : list(value, name, read);

/** Makes a reader that gives null for null and absent. */
export const optional =
  <T>(read: (value: unknown, name: string) => T) =>
  (value: unknown, name: string): T | null =>
    value === undefined || value === null ? null : read(value, name);

export function string(value: unknown, name: string): string {
  if (typeof value !== "string") throw new ContractBreak(name, "a string", value);
  return value;
}

export function boolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw new ContractBreak(name, "true or false", value);
  return value;
}

/** A whole number that GraphQL's `Int` can carry. */
export function int32(value: unknown, name: string): number {
  if (typeof value !== "number" || (value | 0) !== value) {
    throw new ContractBreak(name, "a 32-bit integer", value);
  }
  return value;
}

/** A whole number that the SDL's `SafeInt` can carry. */
function safeInteger(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new ContractBreak(name, "an integer within ±(2^53-1)", value);
  }
  return value;
}

/** A 64-bit id. @throws InexactInteger when parsing may have cost it digits. */
export function int64(value: unknown, name: string): Int64 {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return value;
    if (Number.isInteger(value)) throw new InexactInteger(name, "a 64-bit integer", value);
  }
  if (typeof value === "bigint" && isInt64(value)) return toInt64(value);
  throw new ContractBreak(name, "a 64-bit integer", value);
}

// A `Date` holds more, but RFC 3339 has four-digit years: no client could read an instant beyond them.
export const FIRST_INSTANT = Date.parse("0000-01-01T00:00:00.000Z");
export const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since the epoch. */
export function instant(value: unknown, name: string): number {
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < FIRST_INSTANT ||
    value > LAST_INSTANT
  ) {
    throw new ContractBreak(name, "milliseconds since the epoch, no later than the year 9999", value);
  }
  return value;
}

export const optionalString = optional(string);
export const optionalInt32 = optional(int32);
export const optionalInt64 = optional(int64);
export const optionalInstant = optional(instant);
export const optionalSafeInteger = optional(safeInteger);
