/**
 * Bounds the values of a label. Prometheus keeps a time series per combination of label values, so values that clients
 * choose must not be used without a limit.
 */

/** Clients choose the names of operations. */
export const MAX_OPERATION_NAMES = 100;
/** Some more than there are. */
export const MAX_ERROR_CODES = 30;

/** The value that stands for all values beyond the limit. */
const OTHER = "other";

/** Longer values are not useful as labels, and clients can send megabytes. */
const MAX_LENGTH = 100;

/**
 * @param always values that are always returned as they are, and do not count
 * @returns a function that returns the first `max` distinct values as they are, and `other` for all further ones
 */
export function createBoundedValues(
  max: number,
  always: ReadonlySet<string> = new Set(),
): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value) || always.has(value) || value === OTHER) return value;
    if (known.size >= max || value.length > MAX_LENGTH) return OTHER;
    known.add(value);
    return value;
  };
}
