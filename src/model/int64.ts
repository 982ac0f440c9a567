/**
 * 64-bit integers of the upstream. A JavaScript number where it is exact, a bigint beyond 2^53, so that every
 * id comes out digit for digit and ordinary ids stay cheap.
 */
export type Int64 = number | bigint;

/** 2^63-1: the largest id that the upstream (Java `long`) can hold. */
export const MAX_INT64 = 9_223_372_036_854_775_807n;
const MIN_INT64 = -MAX_INT64 - 1n;

/** True for a bigint that fits the upstream's `long`. */
export const isInt64 = (value: bigint): boolean => value >= MIN_INT64 && value <= MAX_INT64;

/** The shortest exact form: a number where that is exact. */
export const toInt64 = (value: bigint): Int64 => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** Ascending. Numbers and bigints compare by value. */
export const compareInt64 = (a: Int64, b: Int64): number => (a < b ? -1 : a > b ? 1 : 0);
