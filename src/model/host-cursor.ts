/**
 * Cursors: a place in an order of one step attempt, as opaque text. It holds values rather than an index, so it
 * stays valid when the upstream sends the same rows in another order.
 */

import { InvalidInput } from "./errors.ts";
import type { Position, SortValue } from "./host-order.ts";
import type { ResultKey } from "./host-result.ts";
import { isInt64, toInt64 } from "./int64.ts";

/** What a cursor belongs to. A cursor of one is refused by another. */
export interface CursorScope {
  /** Path of the step. */
  readonly step: string;
  /** Retries of the step so far. */
  readonly attempt: number;
  /** `orderText` of the order. */
  readonly order: string;
}

const KINDS: readonly string[] = ["host", "address", "container"] satisfies ResultKey["kind"][];

export function encodeCursor(scope: CursorScope, { value, key }: Position): string {
  const id = key.id === null ? null : String(key.id);
  const parts = [scope.step, scope.attempt, scope.order, value, key.kind, id, key.address, key.ordinal];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/**
 * The place that `cursor` stands for.
 * @throws InvalidInput when this gateway did not make it, or made it for something else than `scope`.
 */
export function decodeCursor(scope: CursorScope, cursor: string): Position {
  const parts = parseParts(cursor);
  const position = parts && readPosition(parts);
  if (!parts || !position) throw invalidCursor(cursor, "it is not a cursor of this API");
  const [step, attempt, order] = parts;
  if (step !== scope.step) throw invalidCursor(cursor, "it belongs to another step");
  if (attempt !== scope.attempt) throw invalidCursor(cursor, "the step has been retried since");
  if (order !== scope.order) throw invalidCursor(cursor, "it was made under another `orderBy`");
  // Written again it must be the same text: nothing else can have been made here.
  if (encodeCursor(scope, position) !== cursor) throw invalidCursor(cursor, "it is not a cursor of this API");
  return position;
}

function parseParts(cursor: string): unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parts) && parts.length === 8 ? parts : null;
  } catch {
    return null;
  }
}

function readPosition(parts: readonly unknown[]): Position | null {
  const [, , order, value, kind, id, address, ordinal] = parts;
  if (!isValueIn(order, value) || !isKind(kind)) return null;
  const isId = id === null || (typeof id === "string" && /^-?\d{1,19}$/.test(id) && isInt64(BigInt(id)));
  if (!isId || typeof address !== "string") return null;
  // Bare addresses have an address, all else an id.
  if (kind === "address" ? address === "" : id === null || address !== "") return null;
  if (typeof ordinal !== "number" || !Number.isSafeInteger(ordinal) || ordinal < 0) return null;
  return { value, key: { kind, id: id === null ? null : toInt64(BigInt(id)), address, ordinal } };
}

/** Whether a result can have the value in the order. One of another type would compare with none of them. */
function isValueIn(order: unknown, value: unknown): value is SortValue {
  if (typeof order !== "string") return false;
  if (order === "" || value === null) return value === null;
  return order.startsWith("IP ") ? typeof value === "string" : Number.isSafeInteger(value);
}

const isKind = (text: unknown): text is ResultKey["kind"] => typeof text === "string" && KINDS.includes(text);

function invalidCursor(cursor: string, why: string): InvalidInput {
  const shown = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
  return new InvalidInput(
    `Expected \`after\` to be the \`endCursor\` of the page before, got ${JSON.stringify(shown)}: ${why}. Start again without \`after\`.`,
  );
}
