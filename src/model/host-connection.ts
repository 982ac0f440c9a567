/** Pages of host results in an order. */
import { decodeCursor, encodeCursor } from "./host-cursor.ts";
import { comparePositions, orderText, type Position, sortValue } from "./host-order.ts";
import type { HostResult, ResultKey } from "./host-result.ts";
import { InvalidInput } from "./invalid-input.ts";
import { once } from "./once.ts";
import type { HostResultOrder } from "./sdl.generated.ts";

/** Largest page. */
export const MAX_PAGE_SIZE = 10_000;

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
  /** The rows that match, in any order. Called once, when they are needed. */
  readonly select: () => readonly HostResult[];
  readonly keyOf: (row: HostResult) => ResultKey;
}

export interface Page {
  readonly rows: readonly HostResult[];
  readonly hasNextPage: boolean;
}

export interface HostConnection {
  readonly totalCount: () => number;
  readonly page: () => Page;
  readonly cursorOf: (row: HostResult) => string;
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
  const scope = { step: path, attempt: retryCount, order: orderText(orderBy) };
  const start = after === null ? null : decodeCursor(scope, after);
  const selected = once(source.select);
  const positionOf = (row: HostResult): Position => ({
    value: sortValue(row, orderBy),
    key: source.keyOf(row),
  });

  const page = once(() => {
    const sorted = selected()
      .map((row) => ({ row, position: positionOf(row) }))
      .sort((a, b) => comparePositions(a.position, b.position, orderBy));
    const isAfterStart = ({ position }: { position: Position }) =>
      start === null || comparePositions(position, start, orderBy) > 0;
    const begin = sorted.findIndex(isAfterStart);
    const rest = begin < 0 ? [] : sorted.slice(begin);
    return { rows: rest.slice(0, first).map(({ row }) => row), hasNextPage: rest.length > first };
  });

  return {
    totalCount: () => selected().length,
    page,
    cursorOf: (row) => encodeCursor(scope, positionOf(row)),
  };
}
