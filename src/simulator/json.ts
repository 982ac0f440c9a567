/** JSON text with 64-bit integers. */

// `JSON.rawJSON` is in every supported Node (21 and later) but not yet in the compiler's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** Like `JSON.stringify`, but a `bigint` becomes a JSON number with all its digits. */
export const toJson = (value: unknown, indent = 0): string =>
  JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? rawJSON(item.toString()) : item),
    indent,
  );

/** A number that is written by just this text, such as `1e3`. */
export const rawNumber = (text: string): number => {
  // Only ever serialised; to whoever builds a job it is a number like all others.
  return rawJSON(text) as unknown as number;
};
