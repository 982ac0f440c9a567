/**
 * Decoders of upstream values: they take `unknown` and return a typed value or throw a `ContractViolation`. Null and
 * absent are the same, because the upstream omits null values. A decoder only gets the name of its value. The full path
 * is built while a violation propagates, so valid responses pay nothing for it:
 *
 *   status  →  [0].status  →  step_instance_list[0].status  →  data.step_instance_list[0].status
 */
import { type Int64, isInt64, toInt64 } from "../model/int64.ts";

/** A response violates the documented contract of the endpoint. The message names the path of the value. */
export class ContractViolation extends Error {
  override readonly name = "ContractViolation";
  path: string;
  readonly #complaint: string;

  constructor(path: string, expected: string, value: unknown) {
    super();
    this.path = path;
    this.#complaint = `to be ${expected}, got ${describeValue(value)}.`;
  }

  override get message(): string {
    return `Expected ${this.path || "the body"} ${this.#complaint}`;
  }

  /** Prepends `path`, which is where the value at the current path was found. */
  inside(path: string): this {
    const separator = this.path === "" || this.path.startsWith("[") ? "" : ".";
    this.path = `${path}${separator}${this.path}`;
    return this;
  }
}

/** Expected types, as messages name them. */
export const OBJECT = "an object";
export const LIST = "an array";
export const STRING = "a string";
export const INT32 = "a 32-bit integer";
export const INT64 = "a 64-bit integer";
export const SAFE_INTEGER = "an integer within ±(2^53-1)";
export const INSTANT = "milliseconds since the epoch, no later than the year 9999";

function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return String(value);
  // A long string is not quoted: if it were cut in the middle of a secret, redaction could not recognize the secret.
  return value.length > 30 ? `a string of ${value.length} characters` : JSON.stringify(value);
}

/** Runs `decode` for the value at `path`, and prepends the path to its violations. */
export function atPath<T>(path: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof ContractViolation ? error.inside(path) : error;
  }
}

export type UpstreamObject = { readonly [key: string]: unknown };

export function decodeObject(value: unknown, name: string): UpstreamObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ContractViolation(name, OBJECT, value);
  }
  // The cast is safe: the properties of a non-null object that is not an array are `unknown`.
  return value as UpstreamObject;
}

/** Decodes each item of an array. */
export function decodeList<T>(value: unknown, name: string, decode: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new ContractViolation(name, LIST, value);
  const items: T[] = [];
  try {
    for (const item of value) items.push(decode(item));
  } catch (error) {
    throw error instanceof ContractViolation ? error.inside(`${name}[${items.length}]`) : error;
  }
  return items;
}

/** As `decodeList`, but null and absent mean an empty list. */
export const decodeOptionalList = <T>(value: unknown, name: string, decode: (item: unknown) => T): T[] =>
  value === undefined || value === null ? [] : decodeList(value, name, decode);

/** Returns a decoder that accepts null and absent, and returns null for them. */
const optional =
  <T>(decode: (value: unknown, name: string) => T) =>
  (value: unknown, name: string): T | null =>
    value === undefined || value === null ? null : decode(value, name);

export function decodeString(value: unknown, name: string): string {
  if (typeof value !== "string") throw new ContractViolation(name, STRING, value);
  return value;
}

export function decodeBoolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw new ContractViolation(name, "true or false", value);
  return value;
}

/** An integer in the range of GraphQL's `Int`. */
export function decodeInt32(value: unknown, name: string): number {
  if (typeof value !== "number" || (value | 0) !== value) {
    throw new ContractViolation(name, INT32, value);
  }
  return value;
}

/** An integer in the range of the SDL's `SafeInt`. */
function decodeSafeInteger(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new ContractViolation(name, SAFE_INTEGER, value);
  }
  return value;
}

/** A 64-bit id. */
export function decodeInt64(value: unknown, name: string): Int64 {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "bigint" && isInt64(value)) return toInt64(value);
  throw new ContractViolation(name, INT64, value);
}

// A `Date` has a larger range, but RFC 3339 only has years with four digits.
export const FIRST_INSTANT = Date.parse("0000-01-01T00:00:00.000Z");
export const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds since the epoch. */
export function decodeInstant(value: unknown, name: string): number {
  if (
    typeof value !== "number" ||
    !Number.isInteger(value) ||
    value < FIRST_INSTANT ||
    value > LAST_INSTANT
  ) {
    throw new ContractViolation(name, INSTANT, value);
  }
  return value;
}

export const decodeOptionalString = optional(decodeString);
export const decodeOptionalInt32 = optional(decodeInt32);
export const decodeOptionalInt64 = optional(decodeInt64);
export const decodeOptionalInstant = optional(decodeInstant);
export const decodeOptionalSafeInteger = optional(decodeSafeInteger);
