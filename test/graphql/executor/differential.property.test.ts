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

it("returns the same response, including the order of keys and all errors", async () => {
  await fc.assert(
    fc.asyncProperty(createOperations(createSchema()), variables, async (query, values) => {
      const { reference, planned } = await both.ask({ query, variables: values });
      for (const [run, response] of planned.entries()) {
        if (response !== reference) {
          throw new Error(`Expected in run ${run}:\n${reference}\ngot:\n${response}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});
