/** The upstream calls for the lookups of one operation. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { ref } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { useRelayedGateway } from "../support/relay.ts";

const refs = (...ids: string[]) =>
  `refs: [${ids.map((id) => `{ scopeId: "1", jobInstanceId: "${id}" }`).join(", ")}]`;

const STATUS = "... on JobInstance { jobInstanceId status }";
const HOSTS = "... on JobInstance { jobInstanceId hostSummary { total } }";
const FLAGS = { return_ip_result: "true", return_execute_object_result: "true" };

describe("one operation makes one call per job", () => {
  it.each<[string, string, { readonly wantsHosts: boolean }]>([
    [
      "two aliases",
      `a: jobInstance(${ref("100")}) { ${STATUS} } b: jobInstance(${ref("100")}) { ${STATUS} }`,
      { wantsHosts: false },
    ],
    [
      "an alias that needs host results after one that does not",
      `a: jobInstance(${ref("100")}) { ${STATUS} } b: jobInstance(${ref("100")}) { ${HOSTS} }`,
      { wantsHosts: true },
    ],
    [
      "an alias that needs host results before one that does not",
      `a: jobInstance(${ref("100")}) { ${HOSTS} } b: jobInstance(${ref("100")}) { ${STATUS} }`,
      { wantsHosts: true },
    ],
    [
      "jobInstance beside jobInstances",
      `one: jobInstance(${ref("100")}) { ${STATUS} } many: jobInstances(${refs("100")}) { ${HOSTS} }`,
      { wantsHosts: true },
    ],
    [
      "equal refs in a list",
      `many: jobInstances(${refs("100", "100", "100")}) { ${STATUS} }`,
      { wantsHosts: false },
    ],
    [
      "an explicit scope type beside the default one",
      `a: jobInstance(${ref("100")}) { ${STATUS} } b: jobInstance(${ref("100").replace("{", "{ scopeType: BIZ,")}) { ${STATUS} }`,
      { wantsHosts: false },
    ],
    [
      "an id given as a number",
      `many: jobInstances(refs: [{ scopeId: 1, jobInstanceId: 100 }, { scopeId: "1", jobInstanceId: "100" }]) { ${STATUS} }`,
      { wantsHosts: false },
    ],
  ])("for %s", async (_, selection, { wantsHosts }) => {
    const { ask, simulator } = await useGateway();

    const { data, errors } = await ask(`{ ${selection} }`);

    expect(errors).toBeUndefined();
    const ids = Object.values(data)
      .flat()
      // Each result has the shape of the selection.
      .map((job) => (job as { jobInstanceId: string }).jobInstanceId);
    expect(new Set(ids)).toEqual(new Set(["100"]));
    expect(simulator.requests.map(({ query }) => query)).toEqual([
      { bk_scope_type: "biz", bk_scope_id: "1", job_instance_id: "100", ...(wantsHosts && FLAGS) },
    ]);
  });

  it("even if the call fails for a reason unrelated to host results", async () => {
    const { ask, simulator } = await useGateway();
    const { errors } = await ask(
      `{ a: jobInstance(${ref("20000090019")}) { ${STATUS} } b: jobInstance(${ref("20000090019")}) { ${HOSTS} } }`,
    );
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["a"], "RATE_LIMITED"],
      [["b"], "RATE_LIMITED"],
    ]);
    expect(simulator.requests).toHaveLength(1);
  });

  it("with the data required for each job", async () => {
    const { ask, simulator } = await useGateway();
    await ask(`{
      a: jobInstance(${ref("100")}) { ${STATUS} }
      b: jobInstance(${ref("20000000001")}) { ${HOSTS} }
      c: jobInstance(ref: { scopeId: "2", jobInstanceId: "100" }) { __typename }
      d: jobInstance(${ref("100").replace("{", "{ scopeType: BIZ_SET,")}) { __typename }
    }`);
    const asked = simulator.requests.map(({ query }) => [
      `${query.bk_scope_type}/${query.bk_scope_id}/${query.job_instance_id}`,
      "return_ip_result" in query,
    ]);
    expect(new Map(asked as [string, boolean][])).toEqual(
      new Map([
        ["biz/1/100", false],
        ["biz/1/20000000001", true],
        ["biz/2/100", false],
        ["biz_set/1/100", false],
      ]),
    );
    expect(asked).toHaveLength(4);
  });

  it("and none is shared with earlier operations", async () => {
    const { ask, simulator } = await useGateway();
    for (let i = 0; i < 3; i++) await ask(`{ jobInstance(${ref("100")}) { ${STATUS} } }`);
    expect(simulator.requests).toHaveLength(3);
  });
});

/** A response for calls with host results only. */
const withHosts = ({ query }: SimulatedRequest, answer: SimulatedResponse): SimulatedResponse | undefined =>
  query.return_ip_result === "true" ? answer : undefined;

describe("a lookup of the status", () => {
  it.each<[string, string, SimulatedResponse]>([
    ["take too long", "UPSTREAM_TIMEOUT", { kind: "hang" }],
    ["violate the contract", "UPSTREAM_CONTRACT", { kind: "raw", status: 200, body: "[1, 2" }],
    [
      "are too large",
      "UPSTREAM_CONTRACT",
      { kind: "flood", status: 200, row: "x".repeat(100), bytes: 2_000_000, hasContentLength: false },
    ],
    [
      "fail in the upstream",
      "UPSTREAM_ERROR",
      { kind: "json", status: 500, body: { error: { code: "INTERNAL" } } },
    ],
    ["are cut off by a proxy", "UPSTREAM_UNAVAILABLE", { kind: "raw", status: 504, body: "" }],
  ])("succeeds if host results of the same job %s in the same operation", async (_, code, answer) => {
    const { ask, simulator } = await useGateway({ upstream: { timeoutMs: 5_000, maxBodyBytes: 1_000_000 } });
    simulator.script("100", (request) => withHosts(request, answer));

    const { data, errors } = await ask(
      `{ a: jobInstance(${ref("100")}) { ${STATUS} } b: jobInstance(${ref("100")}) { ${HOSTS} } }`,
    );

    expect(data.a).toMatchObject({ jobInstanceId: "100" });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([[["b"], code]]);
    expect(simulator.requests.map(({ query }) => query.return_ip_result)).toEqual(["true", undefined]);
  });
});

describe("a list of jobs", () => {
  it("is returned in the given order, with failures only at their positions", async () => {
    const { ask } = await useGateway();
    const ids = ["20000000404", "100", "20000090005", "20000000403", "20000090504", "20000000001", "100"];

    const { data, errors } = await ask(
      `{ jobInstances(${refs(...ids)}) { __typename ... on JobInstance { jobInstanceId } } }`,
    );

    expect(data.jobInstances).toEqual([
      { __typename: "JobInstanceNotFound" },
      { __typename: "JobInstance", jobInstanceId: "100" },
      null,
      { __typename: "PermissionDenied" },
      null,
      { __typename: "JobInstance", jobInstanceId: "20000000001" },
      { __typename: "JobInstance", jobInstanceId: "100" },
    ]);
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["jobInstances", 2], "UPSTREAM_ERROR"],
      [["jobInstances", 4], "UPSTREAM_UNAVAILABLE"],
    ]);
  });

  it.each([0, 51, 200])("of %d references is rejected without an upstream call", async (count) => {
    const { ask, simulator } = await useGateway();
    const ids = Array.from({ length: count }, (_, index) => String(index + 1));

    const { data, errors } = await ask(`{ jobInstances(${refs(...ids)}) { __typename } }`);

    expect(data).toBeNull();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(simulator.requests).toEqual([]);
  });

  it("of 50 references is answered completely with few connections", async () => {
    const { ask, simulator } = await useGateway({ upstream: { connections: 3 } });
    const ids = Array.from({ length: 50 }, (_, index) => String(index + 1));

    const { data } = await ask(`{ jobInstances(${refs(...ids)}) { __typename } }`);

    expect(data.jobInstances).toEqual(ids.map(() => ({ __typename: "JobInstanceNotFound" })));
    expect(simulator.requests).toHaveLength(50);
  });
});

describe("distinct jobs of one operation", () => {
  const ids = Array.from({ length: 101 }, (_, index) => String(index + 1));
  const lists = `
    a: jobInstances(${refs(...ids.slice(0, 50))}) { __typename }
    b: jobInstances(${refs(...ids.slice(50, 100))}) { __typename }`;

  it("can be 100, referenced any number of times", async () => {
    const { ask, simulator } = await useGateway();
    const { errors } = await ask(`{ ${lists} c: jobInstance(${ref("1")}) { __typename } }`);
    expect(errors).toBeUndefined();
    expect(simulator.requests).toHaveLength(100);
  });

  it.each([
    ["aliases", ids.map((id) => `j${id}: jobInstance(${ref(id)}) { __typename }`).join(" ")],
    ["lists and an alias", `${lists} c: jobInstance(${ref("101")}) { __typename }`],
  ])("are rejected if there are 101, as %s, without an upstream call", async (_, selection) => {
    const { ask, simulator } = await useGateway();

    const { errors } = await ask(`{ ${selection} }`);

    expect(errors).toHaveLength(101);
    expect(errors?.[0]).toMatchObject({
      message: "Too many distinct jobs in one operation (maximum 100, got 101). Split the operation.",
      extensions: { code: "BAD_USER_INPUT" },
    });
    expect(simulator.requests).toEqual([]);
  });
});

describe("concurrent calls", () => {
  const LATE: SimulatedResponse = {
    kind: "json",
    status: 404,
    body: { error: { code: "NOT_FOUND", message: "late" } },
  };
  const ids = Array.from({ length: 8 }, (_, index) => String(index + 1));
  const list = `{ jobInstances(${refs(...ids)}) { ... on Problem { message } } }`;
  const late = ids.map(() => ({ message: "late" }));
  const OTHER = { "x-bkapi-authorization": '{"access_token":"other"}' };

  it("are limited by the number of connections, over all requests", async () => {
    const { ask, simulator, relay } = await useRelayedGateway({ upstream: { connections: 3 } });
    for (const id of ids) simulator.script(id, () => ({ kind: "delayed", delayMs: 30, response: LATE }));

    // Two identities, because one identity would share the calls.
    const answers = await Promise.all([ask(list), ask(list, {}, OTHER)]);

    expect(answers.map(({ data }) => data.jobInstances)).toEqual([late, late]);
    expect(simulator.requests).toHaveLength(16);
    expect(relay.peak()).toBe(3);
  });

  it("leave a connection to other callers, however long they take", async () => {
    // The timeout of upstream calls is controlled by the test.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ask, simulator } = await useGateway({ upstream: { connections: 4, timeoutMs: 1_000 } });
    for (const id of ids) simulator.script(id, () => ({ kind: "hang" }));

    const answer = ask(list);
    await expect.poll(() => simulator.requests.length).toBe(3);
    const other = await ask(`{ jobInstances(${refs("100")}) { __typename } }`, {}, OTHER);

    expect(other.data.jobInstances).toEqual([{ __typename: "JobInstance" }]);
    expect(simulator.requests).toHaveLength(4);
    vi.advanceTimersByTime(1_000);
    const { errors } = await answer;
    // The timeout includes the wait for a connection.
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(ids.map(() => "UPSTREAM_TIMEOUT"));
  });
});
