/** Random operations: the compiled executor answers each as graphql-js does. */
import fc from "fast-check";
import { afterAll, beforeAll, it } from "vitest";
import { createSchema } from "../../../src/graphql/schema.ts";
import { type BothExecutors, startBothExecutors } from "./both-executors.ts";
import { scriptOddJob } from "./odd-job.ts";
import { createOperations } from "./random-operation.ts";

let both: BothExecutors;
beforeAll(async () => {
  both = await startBothExecutors();
  scriptOddJob(both.simulator);
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

/** The response with its errors in one order: which of several jobs' errors comes first is left to chance. */
function unordered(response: string): string {
  const { data, errors } = JSON.parse(response);
  return JSON.stringify({ data, errors: errors?.map((error: unknown) => JSON.stringify(error)).sort() });
}

it("gives the same response, key by key, error by error", async () => {
  await fc.assert(
    fc.asyncProperty(createOperations(createSchema()), variables, async (query, values) => {
      const { plain, compiled } = await both.ask({ query, variables: values });
      for (const [run, response] of compiled.entries()) {
        if (unordered(response) !== unordered(plain)) {
          throw new Error(`Expected in run ${run}:\n${plain}\ngot:\n${response}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});
