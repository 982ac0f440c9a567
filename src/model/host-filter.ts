/** Which host results an operation wants. */
import type { HostResults, Rows } from "./host-results.ts";
import { type HostTable, type IdColumn, idAt, numberAt, type TextColumn, textAt } from "./host-table.ts";
import type { HostResultFilter } from "./sdl.generated.ts";
import { hostStatus } from "./status.ts";

type Condition = (row: number) => boolean;

/** A condition that holds where a row's value is one of `wanted`; none when nothing is given. */
function oneOf<T>(wanted: readonly T[] | null | undefined, read: (row: number) => T): Condition[] {
  if (!wanted) return [];
  const values = new Set(wanted);
  return [(row) => values.has(read(row))];
}

const idText = (column: IdColumn, row: number): string | null => {
  const id = idAt(column, row);
  return id === null ? null : String(id);
};

/** An empty text is no condition: it is what an empty search box sends. */
function addressContains(text: string | null | undefined, table: HostTable): Condition[] {
  if (!text) return [];
  const part = text.toLowerCase();
  const contains = (column: TextColumn, row: number) =>
    textAt(table, column, row)?.toLowerCase().includes(part);
  return [(row) => contains(table.ip, row) === true || contains(table.ipv6, row) === true];
}

/**
 * The rows for which every given condition holds, in no particular order; null when there is no condition.
 * Within a condition any of its values will do, so an empty list matches nothing.
 */
export function filterHostResults(
  { table }: HostResults,
  filter: HostResultFilter | null | undefined,
): Rows | null {
  if (!filter) return null;
  const statusCode = (row: number) => table.statusCode[row] ?? 0;
  const conditions = [
    ...oneOf(filter.statusCodes, statusCode),
    ...oneOf(filter.statuses, (row) => hostStatus(statusCode(row)).name),
    ...oneOf(filter.phases, (row) => hostStatus(statusCode(row)).phase),
    ...oneOf(filter.exitCodes, (row) => numberAt(table.exitCode, row)),
    ...oneOf<string | null | undefined>(filter.tags, (row) => textAt(table, table.tag, row)),
    ...oneOf<string | null>(filter.hostIds, (row) => idText(table.hostId, row)),
    ...oneOf<string | null>(filter.cloudIds, (row) => idText(table.cloudId, row)),
    ...addressContains(filter.ipContains, table),
  ];
  if (conditions.length === 0) return null;
  const matches: number[] = [];
  for (let row = 0; row < table.length; row++) {
    if (conditions.every((holds) => holds(row))) matches.push(row);
  }
  return Uint32Array.from(matches);
}
