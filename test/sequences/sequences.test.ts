/**
 * A long-lived gateway runs many operations with changing variables, references, identities and order. Every response
 * equals that of graphql-js in a separate process, and matches the data of the simulator.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReference, type Reference } from "./reference-client.ts";
import { describeReport } from "./report.ts";
import { runSequence } from "./sequence.ts";

const OPERATIONS = 1_000;

/** A new seed in each run; set `SEED` to repeat one. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let reference: Reference;
beforeAll(() => {
  reference = createReference();
});
afterAll(() => reference.close());

describe(`responses do not depend on earlier requests (SEED=${SEED})`, () => {
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
