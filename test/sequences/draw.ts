/** Random inputs of operations: references to jobs, cursors, page sizes. */
import { CHANGING_JOBS } from "./job-states.ts";
import type { Random } from "./random.ts";
import { CONSTANT_JOBS } from "./upstream.ts";

export interface RefInput {
  readonly scopeType?: string;
  readonly scopeId: string;
  readonly jobInstanceId: string;
}

export interface Draw extends Random {
  /** A reference that the schema accepts, sometimes to a missing or forbidden job. */
  readonly ref: () => RefInput;
  /** A cursor from an earlier response, mostly a recent one; invalid if there is none yet. */
  readonly cursor: () => string;
  readonly first: () => number;
}

const UNUSUAL_REFS: readonly RefInput[] = [
  // No such job, no permission, no such scope.
  { scopeId: "1", jobInstanceId: "20000000404" },
  { scopeId: "1", jobInstanceId: "20000000403" },
  { scopeId: "5", jobInstanceId: "801" },
  // Rejected without an upstream call.
  { scopeId: "1", jobInstanceId: "0801" },
  { scopeId: "  ", jobInstanceId: "801" },
  { scopeId: "1", jobInstanceId: "99999999999999999999" },
  { scopeType: "UNRECOGNIZED", scopeId: "1", jobInstanceId: "801" },
];

const CHANGING = Object.keys(CHANGING_JOBS);

/** @param cursors grows with each response; the latest is the last. */
export function createDraw(random: Random, cursors: readonly string[]): Draw {
  const ref = (): RefInput => {
    if (random.chance(0.1)) return random.pick(UNUSUAL_REFS);
    if (random.chance(0.1)) return { scopeId: "1", jobInstanceId: random.pick(CONSTANT_JOBS) };
    const jobInstanceId = random.pick(CHANGING);
    if (random.chance(0.15)) return { scopeType: "BIZ_SET", scopeId: "9991001", jobInstanceId };
    return random.chance(0.2)
      ? { scopeType: "BIZ", scopeId: "1", jobInstanceId }
      : { scopeId: "1", jobInstanceId };
  };
  return {
    ...random,
    ref,
    cursor: () => (random.chance(0.1) ? "forged" : (cursors[cursors.length - 1 - random.below(5)] ?? "none")),
    first: () => random.pick([1, 2, 3, 50, 10_000, 0, -1, 10_001]),
  };
}
