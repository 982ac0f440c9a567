/**
 * 64-bit integers of the upstream: a number if it is exact, else a bigint. No digit of an id is lost, and ids below
 * 2^53 stay cheap.
 */
export type Int64 = number | bigint;

/** 2^63-1: the largest id of the upstream, a Java `long`. */
export const MAX_INT64 = 9_223_372_036_854_775_807n;
const MIN_INT64 = -MAX_INT64 - 1n;

/** Whether a bigint fits in 64 bits. */
export const isInt64 = (value: bigint): boolean => value >= MIN_INT64 && value <= MAX_INT64;

/** Whether a text is an id of the upstream: a positive 64-bit integer in decimal. */
export const isInt64Id = (text: string): boolean =>
  /^\d{1,19}$/.test(text) && BigInt(text) > 0n && BigInt(text) <= MAX_INT64;

/** Converts to a number if that is exact. */
export const toInt64 = (value: bigint): Int64 => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** Compares by value, in ascending order. */
export const compareInt64 = (a: Int64, b: Int64): number => (a < b ? -1 : a > b ? 1 : 0);
