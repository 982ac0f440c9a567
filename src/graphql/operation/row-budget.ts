/**
 * Limits the host rows that an operation has examined. A query of a few hundred bytes can select a filtered and ordered
 * page of the same 50 000 rows a thousand times over.
 */
import { InvalidInput } from "../../model/errors.ts";

/** 100 filters over 50 000 hosts. Some seconds of CPU time, in short stretches. */
const MAX_EXAMINED_ROWS = 5_000_000;

/** A budget for one execution. The function takes from it. @throws InvalidInput when there is not enough left */
export function createRowBudget(): (count: number) => void {
  let left = MAX_EXAMINED_ROWS;
  return (count) => {
    left -= count;
    if (left >= 0) return;
    throw new InvalidInput(
      `The operation filters, orders or groups more than ${MAX_EXAMINED_ROWS} host results in all. Select fewer \`hostResults\` and \`hostGroups\`, or split the operation.`,
    );
  };
}
