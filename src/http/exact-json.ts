/**
 * Request JSON in which integers beyond 2^53 keep every digit, as texts. GraphQL reads an `ID` from a text as
 * well as from a number, and whoever sends such an ID as a number means each of its digits.
 */

/** Runs of 16 digits are where numbers begin to lose some; nearly no request has one. */
const MAY_BE_INEXACT = /\d{16}/;

/** @throws SyntaxError */
export function parseRequestJson(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return JSON.parse(text);
  return JSON.parse(text, keepInteger);
}

/** For `JSON.parse`: an integer that a number cannot hold as its digits. */
export function keepInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? "";
  const isInexact = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
  return isInexact ? source : value;
}

/** The query string of a GET request's URL, from its `?` on, with exact integers in `variables`. */
export function exactSearch(url: string): string {
  const start = url.indexOf("?");
  const search = start < 0 ? "" : url.slice(start);
  if (!MAY_BE_INEXACT.test(search)) return search;
  const params = new URLSearchParams(search);
  const variables = params.getAll("variables");
  if (variables.length !== 1 || variables[0] === undefined) return search;
  try {
    params.set("variables", JSON.stringify(parseRequestJson(variables[0])));
  } catch {
    // Not JSON: left as it is, for Apollo Server to say so.
    return search;
  }
  return `?${params}`;
}
