/** Counts steps and host results by status and phase. */
import type { RunPhase } from "./sdl.generated.ts";
import type { StatusInfo } from "./status.ts";

interface StatusCount<Name> {
  readonly status: Name;
  readonly statusCode: number;
  readonly count: number;
}

/** The phases add up to `total`. */
export interface Summary<Name> {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly waitingUser: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly stopped: number;
  readonly unknown: number;
  /** The statuses that occur, by ascending code. */
  readonly byStatus: readonly StatusCount<Name>[];
}

/** Number of occurrences by status code. */
export type StatusCounts = ReadonlyMap<number, number>;

/** Counts by runs of equal codes, because most rows have the status of the row before them. */
export function countStatuses(statusCodes: ArrayLike<number>): StatusCounts {
  const counts = new Map<number, number>();
  for (let begin = 0, end = 1; begin < statusCodes.length; begin = end++) {
    const code = statusCodes[begin] ?? 0;
    while (end < statusCodes.length && statusCodes[end] === code) end += 1;
    counts.set(code, (counts.get(code) ?? 0) + end - begin);
  }
  return counts;
}

/** Adds the counts of several sets of rows. */
export function addCounts(all: Iterable<StatusCounts>): StatusCounts {
  const sum = new Map<number, number>();
  for (const counts of all) {
    for (const [code, count] of counts) sum.set(code, (sum.get(code) ?? 0) + count);
  }
  return sum;
}

export function summarize<Name>(
  counts: StatusCounts,
  statusOf: (code: number) => StatusInfo<Name>,
): Summary<Name> {
  const inPhase = (phase: RunPhase) =>
    Iterator.from(counts).reduce(
      (sum, [code, count]) => (statusOf(code).phase === phase ? sum + count : sum),
      0,
    );
  return {
    total: Iterator.from(counts.values()).reduce((sum, count) => sum + count, 0),
    pending: inPhase("PENDING"),
    running: inPhase("RUNNING"),
    waitingUser: inPhase("WAITING_USER"),
    succeeded: inPhase("SUCCEEDED"),
    failed: inPhase("FAILED"),
    stopped: inPhase("STOPPED"),
    unknown: inPhase("UNKNOWN"),
    byStatus: [...counts]
      .sort(([a], [b]) => a - b)
      .map(([statusCode, count]) => ({ status: statusOf(statusCode).name, statusCode, count })),
  };
}
