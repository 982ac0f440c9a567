/**
 * Bodies of answers as JSON values. Host rows are nearly all of a large body, so they are read on their own, from
 * the bytes; what is left is a small text for `JSON.parse`.
 */
import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { HostTable } from "../model/host-table.ts";
import { scanHostRows } from "./host-row-scanner.ts";

export interface Body {
  /** Undefined when it is not JSON. */
  readonly value: unknown;
  /** The rows that `list`, a part of `value`, stands for; undefined when it is a list like any other. */
  readonly rowsOf: (list: unknown) => HostTable | undefined;
}

const NO_ROWS = () => undefined;

/**
 * The body with its host rows read from the bytes; null when they are not of the usual form, and when it is no
 * JSON in UTF-8.
 */
export function scanBody(bytes: Buffer): Body | null {
  if (!isUtf8(bytes)) return null;
  const lists = scanRowLists(bytes);
  if (lists === null) return null;
  // A text that no body holds by chance: in the place of a list it stands for its rows.
  const mark = randomUUID();
  let rest = "";
  let at = 0;
  for (const [index, { begin, end }] of lists.entries()) {
    rest += `${bytes.toString("utf8", at, begin)}"${mark}${index}"`;
    at = end;
  }
  const value = parse(rest + bytes.toString("utf8", at));
  if (value === undefined) return null;
  const rowsOf = (list: unknown) =>
    typeof list === "string" && list.startsWith(mark)
      ? lists[Number(list.slice(mark.length))]?.table
      : undefined;
  return { value, rowsOf };
}

/** The body as `JSON.parse` reads it. Integers beyond 2^53 lose digits, which `int64` of the reader notices. */
export const parseBody = (bytes: Uint8Array): Body => ({ value: parse(decodeUtf8(bytes)), rowsOf: NO_ROWS });

/**
 * The body with integers that a number cannot hold as bigints. Several times slower: for bodies in which
 * `parseBody` met such an integer.
 */
export const parseBodyExactly = (bytes: Uint8Array): Body => ({
  value: parse(decodeUtf8(bytes), (_key, value, context) => {
    const isInexact = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isInexact && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
  }),
  rowsOf: NO_ROWS,
});

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

function parse(text: string | null, reviver?: Reviver): unknown {
  try {
    return text === null ? undefined : JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
}

/** Null when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

interface RowList {
  /** From the opening bracket to the byte after the closing one. */
  readonly begin: number;
  readonly end: number;
  readonly table: HostTable;
}

const LIST_NAMES = ["step_execute_object_result_list", "step_ip_result_list"];
const [COMMA, OPEN_BRACE] = [0x2c, 0x7b];

/** The lists of host rows, in order; null when one of them is not of the usual form. */
function scanRowLists(bytes: Buffer): RowList[] | null {
  const lists: RowList[] = [];
  for (const name of LIST_NAMES) {
    const key = Buffer.from(`"${name}":[`);
    for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at)) {
      // Only after these bytes is the first quote the begin of a key, and not a quote inside one.
      const before = bytes[at - 1];
      if (before !== COMMA && before !== OPEN_BRACE) return null;
      const begin = at + key.length - 1;
      const rows = scanHostRows(bytes, begin);
      if (rows === null) return null;
      lists.push({ begin, end: rows.end, table: rows.table });
      at = rows.end;
    }
  }
  return lists.sort((a, b) => a.begin - b.begin);
}
