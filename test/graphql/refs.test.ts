/** References to jobs: which are rejected without an upstream call, and which calls others cause. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.simulator.requests.length = 0;
});

const ONE = `query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { __typename } }`;
const MANY = `query($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { __typename } }`;
const GOOD = { scopeId: "1", jobInstanceId: "100" };

const queries = () => gateway.simulator.requests.map(({ query }) => query);

describe("rejects a reference without an upstream call if", () => {
  it.each([
    ["its job id is zero", { jobInstanceId: "0" }, "jobInstanceId"],
    ["its job id is negative", { jobInstanceId: "-1" }, "jobInstanceId"],
    ["its job id has leading zeros", { jobInstanceId: "007" }, "jobInstanceId"],
    ["its job id is a fraction", { jobInstanceId: "1.5" }, "jobInstanceId"],
    ["its job id has an exponent", { jobInstanceId: "1e3" }, "jobInstanceId"],
    ["its job id is hexadecimal", { jobInstanceId: "0x10" }, "jobInstanceId"],
    ["its job id has a sign", { jobInstanceId: "+1" }, "jobInstanceId"],
    ["its job id starts with a space", { jobInstanceId: " 1" }, "jobInstanceId"],
    ["its job id ends with a line break", { jobInstanceId: "1\n" }, "jobInstanceId"],
    ["its job id is in other digits", { jobInstanceId: "１００" }, "jobInstanceId"],
    ["its job id is empty", { jobInstanceId: "" }, "jobInstanceId"],
    ["its job id is a word", { jobInstanceId: "latest" }, "jobInstanceId"],
    ["its job id is 2^63", { jobInstanceId: "9223372036854775808" }, "jobInstanceId"],
    ["its job id has twenty digits", { jobInstanceId: "10000000000000000000" }, "jobInstanceId"],
    ["its scope id is empty", { scopeId: "" }, "scopeId"],
    ["its scope id is blank", { scopeId: "  " }, "scopeId"],
    ["its scope type is for output only", { scopeType: "UNRECOGNIZED" }, "scopeType"],
  ])("%s", async (_case, wrong, field) => {
    const ref = { ...GOOD, ...wrong };

    const one = await gateway.ask(ONE, { ref });
    const many = await gateway.ask(MANY, { refs: [GOOD, ref] });

    expect(one.data).toEqual({ jobInstance: null });
    expect(one.errors).toMatchObject([{ path: ["jobInstance"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(many.errors).toMatchObject([{ path: ["jobInstances"], extensions: { code: "BAD_USER_INPUT" } }]);
    for (const { errors } of [one, many]) {
      expect(errors?.[0]?.message).toContain(`Expected \`${field}\` to be`);
      expect(errors?.[0]?.message).toContain("got ");
    }
    expect(queries()).toEqual([]);
  });

  it("its scope type is null, although it has a default", async () => {
    const { errors } = await gateway.ask(
      `query($type: ScopeType) {
        jobInstance(ref: { scopeType: $type, scopeId: "1", jobInstanceId: "100" }) { __typename }
      }`,
      { type: null },
    );

    expect(errors).toMatchObject([{ path: ["jobInstance"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(queries()).toEqual([]);
  });
});

it("quotes only the start of a very long job id", async () => {
  const { errors } = await gateway.ask(ONE, { ref: { ...GOOD, jobInstanceId: "x".repeat(10_000) } });

  expect(errors?.[0]?.message.length).toBeLessThan(200);
});

it.each([
  ["the smallest", "1"],
  ["the largest", "9223372036854775807"],
  ["one that a double cannot represent", "9007199254740993"],
])("sends %s job id with every digit", async (_case, jobInstanceId) => {
  const { data, errors } = await gateway.ask(ONE, { ref: { ...GOOD, jobInstanceId } });

  expect(errors).toBeUndefined();
  expect(data.jobInstance.__typename).toMatch(/^JobInstance(NotFound)?$/);
  expect(queries()).toMatchObject([{ job_instance_id: jobInstanceId }]);
});

it("accepts ids as numbers in the document", async () => {
  await gateway.ask("{ jobInstance(ref: { scopeId: 1, jobInstanceId: 9007199254740993 }) { __typename } }");

  expect(queries()).toMatchObject([{ bk_scope_id: "1", job_instance_id: "9007199254740993" }]);
});

it("uses a business as scope by default", async () => {
  await gateway.ask(ONE, { ref: GOOD });

  expect(queries()).toMatchObject([{ bk_scope_type: "biz", bk_scope_id: "1", job_instance_id: "100" }]);
});

it("uses a business set as scope", async () => {
  const ref = { scopeType: "BIZ_SET", scopeId: "9991001", jobInstanceId: "20000000015" };
  const { data } = await gateway.ask(
    `query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ... on JobInstance { id scope { type typeRaw id } } } }`,
    { ref },
  );

  expect(queries()).toMatchObject([{ bk_scope_type: "biz_set", bk_scope_id: "9991001" }]);
  expect(data.jobInstance.scope).toEqual({ type: "BIZ_SET", typeRaw: "biz_set", id: "9991001" });
});

describe("a list of references", () => {
  const distinct = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ scopeId: "1", jobInstanceId: String(index + 1) }));

  it.each([0, 51])("is rejected without an upstream call if it has %i entries", async (count) => {
    const { data, errors } = await gateway.ask(MANY, { refs: distinct(count) });

    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ["jobInstances"],
        message: `Expected \`refs\` to contain 1 to 50 references, got ${count}.`,
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);
    expect(queries()).toEqual([]);
  });

  it.each([1, 50])("can have %i entries", async (count) => {
    const { data, errors } = await gateway.ask(MANY, { refs: distinct(count) });

    expect(errors).toBeUndefined();
    expect(data.jobInstances).toHaveLength(count);
    expect(queries()).toHaveLength(count);
  });

  it("is answered in order, with one call for equal references", async () => {
    const ids = ["20000000002", "100", "20000000002", "20000000404"];
    const { data } = await gateway.ask(
      `query($refs: [JobInstanceRef!]!) {
        jobInstances(refs: $refs) { __typename ... on JobInstance { jobInstanceId } }
      }`,
      { refs: ids.map((jobInstanceId) => ({ ...GOOD, jobInstanceId })) },
    );

    expect(data.jobInstances).toEqual([
      { __typename: "JobInstance", jobInstanceId: "20000000002" },
      { __typename: "JobInstance", jobInstanceId: "100" },
      { __typename: "JobInstance", jobInstanceId: "20000000002" },
      { __typename: "JobInstanceNotFound" },
    ]);
    expect(queries()).toHaveLength(3);
  });
});
