/** The compiled executor answers every operation exactly as graphql-js does on the public schema. */
import { parse } from "graphql";
import { compileQuery } from "graphql-jit";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Asked, type BothExecutors, startBothExecutors } from "./both-executors.ts";
import { type Case, CONDITIONS, FIELDS, job, OPERATIONS, SELECTIONS } from "./corpus.ts";
import { ERRORS, VARIABLES } from "./corpus-inputs.ts";
import { scriptOddJob } from "./odd-job.ts";

vi.mock("graphql-jit", async (original) => {
  const jit = await original<typeof import("graphql-jit")>();
  return { ...jit, compileQuery: vi.fn(jit.compileQuery) };
});
const compile = vi.mocked(compileQuery);

let both: BothExecutors;
beforeAll(async () => {
  both = await startBothExecutors();
  scriptOddJob(both.simulator);
});
beforeEach(() => void compile.mockClear());
afterAll(() => both.close());

async function expectSame(asked: Asked): Promise<{ data: unknown; errors?: unknown[] }> {
  const { plain, compiled } = await both.ask(asked);
  const expected = JSON.parse(plain);
  for (const response of compiled) {
    // Values first: they tell a difference better than texts do, which also tell the order of keys.
    expect(JSON.parse(response)).toEqual(expected);
    expect(response).toBe(plain);
  }
  return expected;
}

const wasCompiled = () => {
  expect(compile).toHaveBeenCalledTimes(1);
  expect(compile.mock.results[0]?.value).toHaveProperty("query");
};

describe.each<[string, readonly Case[]]>([
  ["values", FIELDS],
  ["conditions", CONDITIONS],
])("%s, by compiled code", (_, cases) => {
  it.for(cases)("%s", async ([_title, query, asked]) => {
    const { data, errors } = await expectSame({ query, ...asked });
    expect(errors).toBeUndefined();
    expect(data).toBeTruthy();
    wasCompiled();
  });
});

describe("selections", () => {
  it.for(SELECTIONS)("%s", async ([title, query, asked]) => {
    const { data, errors } = await expectSame({ query, ...asked });
    expect(errors).toBeUndefined();
    expect(data).toBeTruthy();
    if (!/run together|__proto__ as/.test(title)) wasCompiled();
    else expect(compile).not.toHaveBeenCalled();
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
    if (title !== "an operation name that is right") expect(errors).not.toHaveLength(0);
  });
});

describe("what a query says never becomes code", () => {
  it.each([
    "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.ran = true",
    "__MAGIC_NAN__57f286b9_4c20_487f_b409_79804ddcb4f8",
    '"); globalThis.ran = true; ("',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must stay just that
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

describe("what an operation may cost", () => {
  it("is no compilation of fragments that spread each other over and over", async () => {
    const names = Array.from({ length: 40 }, (_, n) => `F${n}`);
    const chain = names.map((name, n) => `fragment ${name} on JobInstance { ${`...F${n + 1} `.repeat(2)} }`);
    await expectSame({
      query: `{ ${job("...F0")} } ${chain.join(" ")} fragment F40 on JobInstance { name }`,
    });
    expect(compile).not.toHaveBeenCalled();
  });

  it("is one call of the upstream for each job, also when there are errors", async () => {
    const document = parse(`{ ${job("name steps { hostResults(first: 0) { totalCount } }")} }`);
    for (let run = 0; run < 3; run++) {
      both.simulator.requests.length = 0;
      await both.askCompiled(document);
      expect(both.simulator.requests).toHaveLength(1);
    }
    wasCompiled();
  });

  it("is a compilation once, also for an operation that cannot be compiled", async () => {
    const document = parse(`{ ${job("name")} }`);
    compile.mockImplementationOnce(() => ({ errors: [] }));
    for (let run = 0; run < 4; run++) await both.askCompiled(document);
    expect(compile).toHaveBeenCalledTimes(1);
  });

  it("is no memory for more than the latest 250 forms", async () => {
    const forms = 8;
    const names = Array.from({ length: forms }, (_, n) => `v${n}`);
    const document = parse(
      `query(${names.map((name) => `$${name}: Boolean!`)}) { ${names.map((name) => `a${name}: __typename @skip(if: $${name})`).join(" ")} }`,
    );
    const variablesOf = (form: number) =>
      Object.fromEntries(names.map((name, n) => [name, (form & (2 ** n)) > 0]));
    const askTwice = async (form: number) => {
      for (let run = 0; run < 2; run++) await both.askCompiled(document, { variables: variablesOf(form) });
    };

    for (let form = 0; form <= 250; form++) await askTwice(form);
    expect(compile).toHaveBeenCalledTimes(251);
    await both.askCompiled(document, { variables: variablesOf(250) });
    expect(compile).toHaveBeenCalledTimes(251);
    // The first was forgotten.
    await askTwice(0);
    expect(compile).toHaveBeenCalledTimes(252);
  });
});
