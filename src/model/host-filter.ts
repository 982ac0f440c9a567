/** Which host results an operation wants. */
import type { HostResult } from "./host-result.ts";
import type { Int64 } from "./int64.ts";
import type { HostResultFilter } from "./sdl.generated.ts";
import { hostStatus } from "./status.ts";

type Condition = (row: HostResult) => boolean;

/** A condition that holds when the row's value is one of `values`; none when no values are given. */
function oneOf<T>(values: readonly T[] | null | undefined, read: (row: HostResult) => T): Condition[] {
  if (!values) return [];
  const wanted = new Set(values);
  return [(row) => wanted.has(read(row))];
}

const idText = (id: Int64 | null): string | null => (id === null ? null : String(id));

/** An empty text is no condition: it is what an empty search box sends. */
function addressContains(text: string | null | undefined): Condition[] {
  if (!text) return [];
  const part = text.toLowerCase();
  const contains = (ip: string | null) => ip?.toLowerCase().includes(part) === true;
  return [({ ip, ipv6 }) => contains(ip) || contains(ipv6)];
}

/**
 * The rows for which every given condition holds; within a condition any of its values will do, so an empty
 * list matches nothing. The given array is returned as it is when there is no condition.
 */
export function filterHostResults(
  rows: readonly HostResult[],
  filter: HostResultFilter | null | undefined,
): readonly HostResult[] {
  if (!filter) return rows;
  const conditions = [
    ...oneOf(filter.statusCodes, (row) => row.statusCode),
    ...oneOf(filter.statuses, (row) => hostStatus(row.statusCode).name),
    ...oneOf(filter.phases, (row) => hostStatus(row.statusCode).phase),
    ...oneOf(filter.exitCodes, (row) => row.exitCode),
    ...oneOf<string | null | undefined>(filter.tags, (row) => row.tag),
    ...oneOf<string | null>(filter.hostIds, (row) => idText(row.hostId)),
    ...oneOf<string | null>(filter.cloudIds, (row) => idText(row.cloudId)),
    ...addressContains(filter.ipContains),
  ];
  return conditions.length === 0 ? rows : rows.filter((row) => conditions.every((holds) => holds(row)));
}
