/** Random operations: the plan executor answers each as graphql-js does. */
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

it("gives the same response, key by key, error by error", async () => {
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
