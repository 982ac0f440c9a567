/**
 * Cursors: opaque strings for a position in the ordered host results of one step attempt. A cursor contains the sort
 * value and the key of a row, not an index, so it stays valid when the upstream sends the same rows in another order.
 */

import { InvalidInput } from "./errors.ts";
import type { Position, SortValue } from "./host-order.ts";
import type { ResultKey } from "./host-result.ts";
import { isInt64, toInt64 } from "./int64.ts";

/** The scope in which a cursor is valid. Cursors from another scope are rejected. */
export interface CursorScope {
  /** Path of the step. */
  readonly step: string;
  /** Retry count of the step. */
  readonly attempt: number;
  /** The order, as `serializeOrder` returns it. */
  readonly order: string;
}

const KINDS: readonly string[] = ["host", "address", "container"] satisfies ResultKey["kind"][];

export function encodeCursor(scope: CursorScope, { value, key }: Position): string {
  const id = key.id === null ? null : String(key.id);
  const parts = [scope.step, scope.attempt, scope.order, value, key.kind, id, key.address, key.ordinal];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/**
 * The position that `cursor` encodes.
 * @throws InvalidInput if the cursor is malformed or belongs to another scope.
 */
export function decodeCursor(scope: CursorScope, cursor: string): Position {
  const parts = parseParts(cursor);
  const position = parts && readPosition(parts);
  if (!parts || !position) throw invalidCursor(cursor, "it is not a cursor of this API");
  const [step, attempt, order] = parts;
  if (step !== scope.step) throw invalidCursor(cursor, "it belongs to another step");
  if (attempt !== scope.attempt) throw invalidCursor(cursor, "the step has been retried since");
  if (order !== scope.order) throw invalidCursor(cursor, "it belongs to another `orderBy`");
  // Only canonical cursors are accepted: encoding the position again must return the same string.
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
  // An address key has an address and optionally a cloud area; other keys have only an id.
  if (kind === "address" ? address === "" : id === null || address !== "") return null;
  if (typeof ordinal !== "number" || !Number.isSafeInteger(ordinal) || ordinal < 0) return null;
  return { value, key: { kind, id: id === null ? null : toInt64(BigInt(id)), address, ordinal } };
}

/** Whether `value` is a possible sort value of the order. A value of another type could not be compared. */
function isValueIn(order: unknown, value: unknown): value is SortValue {
  if (typeof order !== "string") return false;
  if (order === "" || value === null) return value === null;
  return order.startsWith("IP ") ? typeof value === "string" : Number.isSafeInteger(value);
}

const isKind = (text: unknown): text is ResultKey["kind"] => typeof text === "string" && KINDS.includes(text);

function invalidCursor(cursor: string, why: string): InvalidInput {
  const shown = cursor.length > 40 ? `${cursor.slice(0, 40)}…` : cursor;
  return new InvalidInput(
    `Expected \`after\` to be the \`endCursor\` of the previous page, got ${JSON.stringify(shown)}: ${why}. Start again without \`after\`.`,
  );
}
