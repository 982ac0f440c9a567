/** Cursor pagination over ordered host results. */

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

const MAX_PAGE_SIZE = 10_000;

export interface PageRequest {
  /** Null means the stable order. */
  readonly orderBy: HostResultOrder | null;
  /** Page size, 1 to `MAX_PAGE_SIZE`. */
  readonly first: number;
  /** Cursor of the row before the page; null for the first page. */
  readonly after: string | null;
}

/** The rows to paginate. */
export interface PageSource {
  /** Path and retry count of the step. Cursors are valid only for these. */
  readonly step: { readonly path: string; readonly retryCount: number };
  /** Called only when rows are needed. */
  readonly results: () => HostResults;
  /** The matching rows in any order; null means all. Called at most once. */
  readonly select: () => Rows | null;
}

interface Page {
  readonly rows: Rows;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface HostConnection {
  readonly totalCount: () => number;
  readonly page: () => Page;
  readonly cursorOf: (row: number) => string;
}

/** @throws InvalidInput if the page size is out of range, or the cursor belongs to another step, attempt or order. */
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
    const end = begin + first;
    return {
      rows: sorted.subarray(begin, end),
      hasNextPage: end < sorted.length,
      hasPreviousPage: begin > 0,
    };
  });

  return {
    totalCount: () => selected()?.length ?? source.results().table.length,
    page,
    cursorOf: (row) => encodeCursor(scope, positionAt(row)),
  };
}

/**
 * Binary search: the index of the first row that passes. `rows` must be partitioned, with all rows that fail before
 * those that pass.
 */
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
