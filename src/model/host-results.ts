/** The host results of one step attempt. Nothing is computed before it is asked for, and then once. */
import { compareRepeats, type HostResult, keyText, type ResultKey, resultKey } from "./host-result.ts";
import { once } from "./once.ts";
import { countStatuses, type StatusCounts } from "./summary.ts";

export interface HostResults {
  /** In the order they came in. */
  readonly rows: readonly HostResult[];
  readonly statusCounts: () => StatusCounts;
  /** What tells a row from the others of the step, the same from read to read. */
  readonly keyOf: (row: HostResult) => ResultKey;
}

export function createHostResults(rows: readonly HostResult[]): HostResults {
  const ordinals = once(() => ordinalsOf(rows));
  return {
    rows,
    statusCounts: once(() => countStatuses(rows)),
    keyOf: (row) => resultKey(row, ordinals().get(row) ?? 0),
  };
}

/** Ordinals other than 0: those of second and later results on one target. */
function ordinalsOf(rows: readonly HostResult[]): ReadonlyMap<HostResult, number> {
  const ordinals = new Map<HostResult, number>();
  const byTarget = Map.groupBy(rows, (row) => keyText(resultKey(row, 0)));
  for (const repeats of byTarget.values()) {
    if (repeats.length > 1) {
      for (const [ordinal, row] of repeats.sort(compareRepeats).entries()) ordinals.set(row, ordinal);
    }
  }
  return ordinals;
}
