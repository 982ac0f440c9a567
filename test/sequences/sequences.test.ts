/**
 * One long-lived gateway, thousands of operations that come again with other variables, references, identities and in
 * another order: every answer is what graphql-js says in a process of its own, and what the simulator was told to send.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReference, type Reference } from "./reference-client.ts";
import { describeReport } from "./report.ts";
import { runSequence } from "./sequence.ts";

const OPERATIONS = 1_000;

/** Another one in each run; `SEED` repeats one. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let reference: Reference;
beforeAll(() => {
  reference = createReference();
});
afterAll(() => reference.close());

describe(`answers do not depend on what came before (SEED=${SEED})`, () => {
  it.each([
    ["without snapshots", false],
    ["with snapshots", true],
  ])("%s", { timeout: 300_000 }, async (_, hasSnapshots) => {
    const options = { seed: SEED, operations: OPERATIONS, hasSnapshots, maxDifferences: 1, reference };
    const report = await runSequence(options);
    expect(report.differences.length, describeReport(report, options)).toBe(0);
    expect(report.operations).toBeGreaterThanOrEqual(OPERATIONS);
  });
});
