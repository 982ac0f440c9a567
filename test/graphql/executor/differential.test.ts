/** The plan executor returns exactly the responses of graphql-js. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Asked, type BothExecutors, startBothExecutors } from "./both-executors.ts";
import { CONDITIONS, FIELDS, job, OPERATIONS, SELECTIONS } from "./corpus.ts";
import { ERRORS, VARIABLES } from "./corpus-inputs.ts";
import { scriptEdgeCaseJob } from "./edge-case-job.ts";

let both: BothExecutors;
beforeAll(async () => {
  both = await startBothExecutors();
  scriptEdgeCaseJob(both.simulator);
});
afterAll(() => both.close());

async function expectSame(asked: Asked): Promise<{ data: unknown; errors?: unknown[] }> {
  const { reference, planned } = await both.ask(asked);
  const expected = JSON.parse(reference);
  for (const response of planned) {
    // Compares values first, which gives a better message; strings also cover the order of keys.
    expect(JSON.parse(response)).toEqual(expected);
    expect(response).toBe(reference);
  }
  return expected;
}

describe.each([
  ["values", FIELDS],
  ["conditions", CONDITIONS],
  ["selections", SELECTIONS],
])("%s", (_, cases) => {
  it.for(cases)("%s", async ([_title, query, asked]) => {
    const { data, errors } = await expectSame({ query, ...asked });
    expect(errors).toBeUndefined();
    expect(data).toBeTruthy();
  });
});

describe("operations", () => {
  it.for(OPERATIONS)("%s", async ([_, query, asked]) => {
    expect((await expectSame({ query, ...asked })).errors).toBeUndefined();
  });
});

describe("variables", () => {
  it.for(VARIABLES)("%s", async ([_, query, asked]) => void (await expectSame({ query, ...asked })));
});

describe("errors", () => {
  it.for(ERRORS)("%s", async ([title, query, asked]) => {
    const { errors } = await expectSame({ query, ...asked });
    if (title !== "a valid operation name") expect(errors).not.toHaveLength(0);
  });
});

describe("strings of a query never become code", () => {
  it.each([
    "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.ran = true",
    "__MAGIC_NAN__57f286b9_4c20_487f_b409_79804ddcb4f8",
    '"); globalThis.ran = true; ("',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the literal text is intended
    "${globalThis.ran = true}",
    "`'\\\\\" \\u2028 */ //",
  ])("%s", async (text) => {
    const literal = JSON.stringify(text);
    await expectSame({
      query: `query($v: String = ${literal}) { ${job(`a: step(stepInstanceId: ${literal}) { name } steps { a: hostResults(filter: { tags: [${literal}], ipContains: $v }) { nodes { tag } } b: hostResults(filter: { tags: [$v, """${text.replaceAll("\\", "")} """] }) { totalCount } }`)} }`,
    });
    expect(globalThis).not.toHaveProperty("ran");
  });
});

it("makes one upstream call per job even if there are errors", async () => {
  both.simulator.requests.length = 0;
  await both.askPlanned({ query: `{ ${job("name steps { hostResults(first: 0) { totalCount } }")} }` });
  expect(both.simulator.requests).toHaveLength(1);
});
