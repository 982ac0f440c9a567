/** Compares results: values, the order of keys, and errors in any order. */
import type { Result } from "./reference.ts";

/** The time at which the reference reads everything. */
export const OBSERVED_AT = Date.UTC(2345, 5, 6, 7, 8, 9, 123);
const OBSERVED_AT_TEXT = new Date(OBSERVED_AT).toISOString();

/** Interval in milliseconds since the epoch in which the gateway has read its data. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Ids that the simulator generates for each call. */
const GENERATED_ID = /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The first difference, as a sentence with its path; null for none. */
export function differenceOf(expected: Result, actual: Result, window: Window): string | null {
  return (
    compare(expected.data, actual.data, "data", window) ??
    compare(sorted(expected.errors), sorted(actual.errors), "errors", window)
  );
}

/** The order of errors of several fields is not defined. */
const sorted = (errors: Result["errors"] = []) =>
  errors.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));

const sortKey = ({ path, message, extensions }: NonNullable<Result["errors"]>[number]) =>
  JSON.stringify([path, message, extensions?.code]);

function compare(expected: unknown, actual: unknown, path: string, window: Window): string | null {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length)
      return difference(path, `${expected.length} elements`, `${actual.length} elements`);
    return firstOf(expected.keys(), (index) =>
      compare(expected[index], actual[index], `${path}[${index}]`, window),
    );
  }
  if (isRecord(expected) && isRecord(actual)) {
    const [keys, actualKeys] = [Object.keys(expected), Object.keys(actual)];
    if (keys.join() !== actualKeys.join())
      return difference(path, `the keys ${keys}`, `the keys ${actualKeys}`);
    return firstOf(keys, (key) => compare(expected[key], actual[key], `${path}.${key}`, window));
  }
  return isAlike(expected, actual, window) ? null : difference(path, shown(expected), shown(actual));
}

function isAlike(expected: unknown, actual: unknown, { from, to }: Window): boolean {
  if (expected === actual) return true;
  if (typeof expected === "number" && typeof actual === "number") {
    // Elapsed time until the read, from the same start in both.
    const startedAt = OBSERVED_AT - expected;
    return actual + startedAt >= from && actual + startedAt <= to;
  }
  if (typeof expected !== "string" || typeof actual !== "string") return false;
  if (expected === OBSERVED_AT_TEXT) return Date.parse(actual) >= from && Date.parse(actual) <= to;
  return GENERATED_ID.test(expected) && GENERATED_ID.test(actual);
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const MAX_SHOWN = 300;

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, MAX_SHOWN) ?? "nothing";

const difference = (path: string, expected: string, actual: string) =>
  `${path}: expected ${expected}, got ${actual}`;
