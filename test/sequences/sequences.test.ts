/**
 * One long-lived gateway, thousands of operations that come again with other variables, references, identities and in
 * another order: every answer is what graphql-js says in a process of its own, and what the simulator was told to send.
 */
import { describe, expect, it } from "vitest";
import { describeReport } from "./report.ts";
import { runSequence } from "./sequence.ts";

const OPERATIONS = 1_000;

/** Another one in each run; `SEED` repeats one. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

describe(`answers do not depend on what came before (SEED=${SEED})`, () => {
  it.each([false, true])("snapshots: %s", { timeout: 300_000 }, async (hasSnapshots) => {
    const options = { seed: SEED, operations: OPERATIONS, hasSnapshots, maxDifferences: 1 };
    const report = await runSequence(options);
    expect(report.differences.length, describeReport(report, options)).toBe(0);
    expect(report.operations).toBeGreaterThanOrEqual(OPERATIONS);
  });
});
