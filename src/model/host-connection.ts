/** Pages of host results in an order. */

import { InvalidInput } from "./errors.ts";
import { decodeCursor, encodeCursor } from "./host-cursor.ts";
import {
  comparePositions,
  type Position,
  positionOf,
  serializeOrder,
  sortHostResults,
} from "./host-order.ts";
import type { HostResults } from "./host-results.ts";
import type { Rows } from "./host-table.ts";
import { once } from "./once.ts";
import type { HostResultOrder } from "./sdl.generated.ts";

/** Largest page. */
const MAX_PAGE_SIZE = 10_000;

export interface PageRequest {
  /** Null for the stable order. */
  readonly orderBy: HostResultOrder | null;
  /** Page size, 1 to `MAX_PAGE_SIZE`. */
  readonly first: number;
  /** Cursor of the row before the page; null for the first page. */
  readonly after: string | null;
}

/** Where the rows of a page come from. */
export interface PageSource {
  /** Path and attempt (retries so far) of the step: what cursors are valid for. */
  readonly step: { readonly path: string; readonly retryCount: number };
  /** Called when rows are needed, not before. */
  readonly results: () => HostResults;
  /** The rows that match, in any order; null for all. Called once, when they are needed. */
  readonly select: () => Rows | null;
}

interface Page {
  readonly rows: Rows;
  readonly hasNextPage: boolean;
}

export interface HostConnection {
  readonly totalCount: () => number;
  readonly page: () => Page;
  readonly cursorOf: (row: number) => string;
}

/** @throws InvalidInput for a page size out of bounds and for a cursor that does not belong here. */
export function createHostConnection(
  source: PageSource,
  { orderBy, first, after }: PageRequest,
): HostConnection {
  if (first < 1 || first > MAX_PAGE_SIZE) {
    throw new InvalidInput(`Expected \`first\` to be 1 to ${MAX_PAGE_SIZE}, got ${first}.`);
  }
  const { path, retryCount } = source.step;
  const scope = { step: path, attempt: retryCount, order: serializeOrder(orderBy) };
  const start = after === null ? null : decodeCursor(scope, after);
  const selected = once(source.select);
  const positionAt = (row: number): Position => positionOf(source.results(), row, orderBy);

  const page = once(() => {
    const sorted = sortHostResults(source.results(), selected(), orderBy);
    const begin =
      start === null ? 0 : firstIndex(sorted, (row) => comparePositions(positionAt(row), start, orderBy) > 0);
    return { rows: sorted.subarray(begin, begin + first), hasNextPage: begin + first < sorted.length };
  });

  return {
    totalCount: () => selected()?.length ?? source.results().table.length,
    page,
    cursorOf: (row) => encodeCursor(scope, positionAt(row)),
  };
}

/** Index of the first row that passes, in rows of which none that fails comes after one that passes. */
function firstIndex(rows: Rows, passes: (row: number) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(rows[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
