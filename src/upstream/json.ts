/** JSON in which integers beyond 2^53 keep every digit. */

/** `JSON.parse`; integers beyond 2^53 lose digits, which `int64` of the reader notices. */
export const parseJson = (text: string): unknown => JSON.parse(text);

/**
 * `JSON.parse` with integers that a number cannot hold as bigints. Several times slower: for payloads in which
 * `parseJson` met such an integer.
 */
export const parseJsonExactly = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) => {
    const isInexact = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
  });
