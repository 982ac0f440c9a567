/** Look-ahead: the number of upstream calls of an operation, and whether they request host results. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AUTHORIZATION, ask, ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.simulator.requests.length = 0;
});

const FLAGS = ["return_ip_result", "return_execute_object_result"];

/** For each call so far: `hosts` if it has the flags of both dialects, `status` if it has none. */
const calls = () =>
  gateway.simulator.requests.map(({ query }) => {
    const flags = FLAGS.filter((flag) => query[flag] === "true");
    return flags.length === 2 ? "hosts" : flags.length === 0 ? "status" : flags.join();
  });

const REF = ref("20000000004");
const OTHER_REF = ref("20000000002");

async function askSuccessfully(operation: string, variables: Record<string, unknown> = {}) {
  const answer = await gateway.ask(operation, variables);
  expect(answer.errors).toBeUndefined();
  return answer;
}

/** Text around a selection on the job: before the operation's braces, and fragments after it. */
interface More {
  readonly head?: string;
  readonly definitions?: string;
}

type Case = [title: string, selection: string, more?: More];

const STATUS_ONLY: readonly Case[] = [
  ["fields of the job", "name status elapsedMs scope { id } stepSummary { total byStatus { count } }"],
  [
    "fields of steps",
    "steps { name status } step(stepInstanceId: 20000010041) { name } currentStep { name }",
  ],
  ["the type of the job", "__typename"],
  ["the type of a step", "steps { __typename } currentStep { __typename }"],
  ["the type of a page", "steps { hostResults { __typename } }"],
  ["the type of a page's info", "steps { hostResults { pageInfo { __typename } } }"],
  ["the type of the job's counts", "hostSummary { __typename }"],
  ["the type of a step's counts", "steps { hostSummary { __typename } }"],
  ["counts skipped by a literal", "name hostSummary @skip(if: true) { total }"],
  ["counts not included by a literal", "name hostSummary @include(if: false) { total }"],
  ["a count skipped inside", "hostSummary { __typename total @skip(if: true) }"],
  ["counts both included and skipped", "name hostSummary @include(if: true) @skip(if: true) { total }"],
  ["counts under a skipped step", "name steps @skip(if: true) { hostSummary { total } }"],
  ["counts in a skipped inline fragment", "name ... @include(if: false) { hostSummary { total } }"],
  [
    "counts in a skipped spread",
    "name ...Counts @skip(if: true)",
    { definitions: "fragment Counts on JobInstance { hostSummary { total } }" },
  ],
  [
    "counts skipped by a variable's default",
    "name hostSummary @include(if: $withHosts) { total }",
    { head: "query($withHosts: Boolean! = false)" },
  ],
  [
    "a skipped spread inside a fragment",
    "name ...Outer",
    {
      definitions: `
        fragment Outer on JobInstance { steps { name ...Inner @skip(if: true) } }
        fragment Inner on StepInstance { hostResults { totalCount } }`,
    },
  ],
];

const WITH_HOSTS: readonly Case[] = [
  ["counts of the job", "hostSummary { total }"],
  ["counts of the job by status", "hostSummary { byStatus { __typename } }"],
  ["counts of steps", "steps { hostSummary { failed } }"],
  ["counts of one step", "step(stepInstanceId: 20000010041) { hostSummary { failed } }"],
  ["counts of the current step", "currentStep { hostSummary { failed } }"],
  ["the number of results", "steps { hostResults { totalCount } }"],
  ["results", "steps { hostResults { nodes { ip } } }"],
  ["types of results", "steps { hostResults { nodes { __typename } } }"],
  ["cursors", "steps { hostResults { edges { cursor } } }"],
  ["types of edges", "steps { hostResults { edges { __typename } } }"],
  ["whether there is another page", "steps { hostResults { pageInfo { hasNextPage } } }"],
  ["groups", "steps { hostGroups { count } }"],
  ["types of groups, whose number matters", "steps { hostGroups { __typename } }"],
  ["an alias", "a: steps { b: hostResults { c: totalCount } }"],
  ["one of two aliases", "a: steps { name } b: steps { hostSummary { total } }"],
  ["one of two selections of a field", "steps { name } steps { hostSummary { total } }"],
  [
    "an inline fragment with a type",
    "... on JobInstance { steps { ... on StepInstance { hostGroups { count } } } }",
  ],
  ["an inline fragment without a type", "... { steps { ... { hostGroups { count } } } }"],
  ["an inline fragment in a page", "steps { hostResults { ... { pageInfo { ... { endCursor } } } } }"],
  ["an included field", "hostSummary @include(if: true) { total }"],
  ["a field that is not skipped", "hostSummary @skip(if: false) { total }"],
  [
    "an included spread",
    "...Counts @include(if: true)",
    { definitions: "fragment Counts on JobInstance { hostSummary { total } }" },
  ],
  [
    "a variable's default",
    "hostSummary @include(if: $withHosts) { total }",
    { head: "query($withHosts: Boolean = true)" },
  ],
  [
    "nested fragments",
    "...Outer",
    {
      definitions: `
        fragment Outer on JobInstance { name steps { ...Middle } }
        fragment Middle on StepInstance { name hostResults { ...Inner } }
        fragment Inner on HostResultConnection { __typename pageInfo { ...Innermost } }
        fragment Innermost on PageInfo { hasNextPage }`,
    },
  ],
  [
    "a fragment that is spread again after it was skipped",
    "first: steps { ...Counts @skip(if: true) name } second: steps { ...Counts }",
    { definitions: "fragment Counts on StepInstance { hostSummary { total } }" },
  ],
  [
    "a fragment on counts after one that does not require host results",
    "steps { hostResults { ...Page } } hostSummary { ...Counts }",
    {
      definitions: `
        fragment Page on HostResultConnection { __typename }
        fragment Counts on HostSummary { __typename total }`,
    },
  ],
];

const operationOf = (selection: string, more: More = {}): string =>
  `${more.head ?? ""} { jobInstance(${REF}) { ... on JobInstance { ${selection} } ... on Problem { message } } }
   ${more.definitions ?? ""}`;

it.each(STATUS_ONLY)("requests only the status for %s", async (_title, selection, more) => {
  const { data } = await askSuccessfully(operationOf(selection, more));

  expect(data.jobInstance).toBeTruthy();
  expect(calls()).toEqual(["status"]);
});

it.each(WITH_HOSTS)("requests host results for %s", async (_title, selection, more) => {
  const { data } = await askSuccessfully(operationOf(selection, more));

  expect(data.jobInstance).toBeTruthy();
  expect(calls()).toEqual(["hosts"]);
});

describe("variables of @skip and @include", () => {
  const HEAD = "query($yes: Boolean!, $no: Boolean!, $none: Boolean = false)";
  const USE_ALL = "name @skip(if: $no) status @skip(if: $yes) phase @include(if: $none)";

  it.each([
    ["hostSummary @include(if: $yes) { total }", "hosts"],
    ["hostSummary @include(if: $no) { total }", "status"],
    ["hostSummary @skip(if: $yes) { total }", "status"],
    ["hostSummary @skip(if: $no) { total }", "hosts"],
    ["hostSummary @include(if: $none) { total }", "status"],
    ["hostSummary @skip(if: $none) { total }", "hosts"],
    ["hostSummary @skip(if: $no) @include(if: $no) { total }", "status"],
    ["hostSummary { total @include(if: $no) __typename }", "status"],
    ["... @include(if: $no) { hostSummary { total } }", "status"],
    ["... @include(if: $yes) { hostSummary { total } }", "hosts"],
    ["...Counts @skip(if: $yes)", "status"],
    ["...Counts @skip(if: $no)", "hosts"],
    ["currentStep @include(if: $no) { hostGroups { count } }", "status"],
    ["currentStep { hostGroups @include(if: $no) { count } name }", "status"],
    ["currentStep { hostGroups @include(if: $yes) { count } }", "hosts"],
    ["steps { hostResults { pageInfo @skip(if: $yes) { endCursor } __typename } }", "status"],
    ["steps { hostResults { pageInfo @skip(if: $no) { endCursor } } }", "hosts"],
  ])("decide for %s: %s", async (selection, expected) => {
    const fragment = "fragment Counts on JobInstance { hostSummary { total } }";
    const definitions = selection.includes("...Counts") ? fragment : "";
    const operation = operationOf(`${USE_ALL} ${selection}`, { head: HEAD, definitions });

    await askSuccessfully(operation, { yes: true, no: false });

    expect(calls()).toEqual([expected]);
  });

  it("cause an error at their field and require no host results if they are null", async () => {
    const operation = `query($on: Boolean = true) {
      jobInstance(${REF}) { ... on JobInstance { name hostSummary @include(if: $on) { total } } }
    }`;

    const { data, errors } = await gateway.ask(operation, { on: null });

    expect(data).toEqual({ jobInstance: null });
    expect(errors).toMatchObject([{ path: ["jobInstance"], extensions: { code: "BAD_USER_INPUT" } }]);
    expect(errors?.[0]?.message).toContain('"if"');
    expect(calls()).toEqual(["status"]);
  });
});

describe("an operation without a job", () => {
  it.each([
    ["introspection", "{ __schema { queryType { name } } }"],
    ["introspection of a type", '{ __type(name: "JobInstance") { fields { name } } }'],
    ["its own type", "{ __typename }"],
    ["a skipped job", `{ __typename jobInstance(${REF}) @skip(if: true) { __typename } }`],
  ])("makes no call: %s", async (_title, operation) => {
    await askSuccessfully(operation);

    expect(calls()).toEqual([]);
  });
});

describe("an operation with several lookups", () => {
  const hosts = "... on JobInstance { hostSummary { total } }";
  const status = "... on JobInstance { name }";

  it("makes one call for a job beside introspection", async () => {
    const { data } = await askSuccessfully(
      `{ jobInstance(${REF}) { ${status} } __schema { queryType { name } } }`,
    );

    expect(data).toEqual({ jobInstance: { name: "数据库变更" }, __schema: { queryType: { name: "Query" } } });
    expect(calls()).toEqual(["status"]);
  });

  it("requests the data of two aliases of a job with one call", async () => {
    const { data } = await askSuccessfully(
      `{ a: jobInstance(${REF}) { ${status} } b: jobInstance(${REF}) { ${hosts} } }`,
    );

    expect(data).toEqual({ a: { name: "数据库变更" }, b: { hostSummary: { total: 2 } } });
    expect(calls()).toEqual(["hosts"]);
  });

  it("requests host results only for the jobs whose selection requires them", async () => {
    await askSuccessfully(
      `{ a: jobInstance(${REF}) { ${status} } b: jobInstance(${OTHER_REF}) { ${hosts} } }`,
    );

    expect(calls().toSorted()).toEqual(["hosts", "status"]);
    const withHosts = gateway.simulator.requests.find(({ query }) => query.return_ip_result);
    expect(withHosts?.query.job_instance_id).toBe("20000000002");
  });

  it("requests the same data for every job in a list", async () => {
    const refs = ["20000000001", "20000000002"].map((id) => `{ scopeId: "1", jobInstanceId: "${id}" }`);
    await askSuccessfully(`{ jobInstances(refs: [${refs}]) { ${hosts} } }`);

    expect(calls()).toEqual(["hosts", "hosts"]);
  });

  it("ignores other operations of the document", async () => {
    const query = `query Hosts { jobInstance(${REF}) { ${hosts} } } query Status { jobInstance(${REF}) { ${status} } }`;
    const { data } = await ask(
      gateway.url,
      { query, operationName: "Status" },
      { "x-bkapi-authorization": AUTHORIZATION },
    );

    expect(data).toEqual({ jobInstance: { name: "数据库变更" } });
    expect(calls()).toEqual(["status"]);
  });
});
