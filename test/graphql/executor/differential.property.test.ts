/** Random operations: the plan executor returns the same responses as graphql-js. */
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";
import { createSchema } from "../../../src/graphql/schema.ts";
import { type BothExecutors, startBothExecutors } from "./both-executors.ts";
import { scriptEdgeCaseJob } from "./edge-case-job.ts";
import { createOperations } from "./random-operation.ts";

let both: BothExecutors;
beforeAll(async () => {
  both = await startBothExecutors();
  scriptEdgeCaseJob(both.simulator);
});
afterAll(() => both.close());

/** Operations per run of the suite. To run more: `DIFFERENTIAL_RUNS=20000`. */
const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 60);

/** Reached only if something hangs. */
const LIMIT_MS = 300_000 + RUNS * 1_000;

const variables = fc.record(
  {
    yes: fc.boolean(),
    no: fc.boolean(),
    on: fc.boolean(),
    first: fc.constantFrom(1, 2, 10_000, 0),
    ip: fc.constantFrom("10.", "9", null),
    d: fc.constantFrom("ASC", "DESC", null),
  },
  { requiredKeys: ["yes", "no"] },
);

it("returns the same response, including the order of keys and all errors", {
  timeout: LIMIT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(createOperations(createSchema()), variables, async (query, values) => {
      const { reference, planned } = await both.ask({ query, variables: values });
      for (const [run, response] of planned.entries()) {
        if (response !== reference) {
          throw new Error(`Expected in run ${run}:\n${reference}\ngot:\n${response}`);
        }
      }
    }),
    // Ends the search for a smaller counterexample before the time limit of the test would hide the error.
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS / 2 },
  );
});
