/** Which hosts of a step the grid shows, and in which order. */
import { inSlices } from "../slices.ts";
import { HOST_PHASES, type HostCells, type HostPhase } from "./host-cells.ts";

/** A group of hosts by status and tag, as in the console of BlueKing Job. */
export interface GroupFilter {
  readonly statusCode: number;
  readonly tag: string | null;
}

/** Conditions that a host must match. Null matches every host. */
export interface HostFilter {
  readonly phase: HostPhase | null;
  readonly group: GroupFilter | null;
  /** Part of an IP address. */
  readonly address: string;
}

export const NO_FILTER: HostFilter = { phase: null, group: null, address: "" };

export const isFiltered = ({ phase, group, address }: HostFilter): boolean =>
  phase !== null || group !== null || address !== "";

export const isSameGroup = (a: GroupFilter | null, b: GroupFilter): boolean =>
  a !== null && a.statusCode === b.statusCode && a.tag === b.tag;

/** The order of the step, or hosts that need attention first. */
export type HostOrder = "STEP" | "ATTENTION";

/** Rows in one slice. Each takes less than a microsecond, or a few with an address. */
export const ROWS_PER_SLICE = 5_000;

/**
 * The rows that match the filter, in order. Rows that have not been loaded match if there is no filter.
 * @returns null if the signal has ended the work.
 */
export async function selectRows(
  cells: HostCells,
  { phase, group, address }: HostFilter,
  order: HostOrder,
  signal: AbortSignal,
): Promise<Uint32Array | null> {
  const matching = new Uint32Array(cells.total);
  let count = 0;
  const phaseIndex = phase === null ? null : HOST_PHASES.indexOf(phase);
  const text = address.toLowerCase();
  const isMatch = (row: number) =>
    (phaseIndex === null || cells.phaseIndexOf(row) === phaseIndex) &&
    (group === null || (cells.statusCodeOf(row) === group.statusCode && cells.tagOf(row) === group.tag)) &&
    (text === "" || cells.hasAddress(row, text));
  const isDone = await inSlices(
    cells.total,
    ROWS_PER_SLICE,
    (from, to) => {
      for (let row = from; row < to; row++) {
        if (isMatch(row)) matching[count++] = row;
      }
    },
    signal,
  );
  if (!isDone) return null;
  const rows = matching.subarray(0, count);
  return order === "STEP" ? rows : byAttention(cells, rows);
}

/** A counting sort by phase, which keeps the order within a phase and takes one pass over the rows. */
function byAttention(cells: HostCells, rows: Uint32Array): Uint32Array {
  const keyOf = (row: number) => Math.min(cells.phaseIndexOf(row), HOST_PHASES.length);
  const starts = new Uint32Array(HOST_PHASES.length + 2);
  for (const row of rows) starts[keyOf(row) + 1] = (starts[keyOf(row) + 1] ?? 0) + 1;
  for (let key = 1; key < starts.length; key++) starts[key] = (starts[key] ?? 0) + (starts[key - 1] ?? 0);
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const key = keyOf(row);
    const at = starts[key] ?? 0;
    sorted[at] = row;
    starts[key] = at + 1;
  }
  return sorted;
}
