/** INTROSPECTION=false and EXPLORER=false. */
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION, jobField, jobQuery, onJob } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { introspection: false } });
});
afterAll(() => gateway.close());

const GET_HEADERS = { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION };

const get = async (query: string) => {
  const url = `${gateway.url}?${new URLSearchParams({ query })}`;
  const response = await fetch(url, { headers: GET_HEADERS });
  // The gateway's responses are GraphQL results.
  return (await response.json()) as { data?: unknown; errors?: { message: string }[] };
};

describe("without introspection", () => {
  const REFUSED = [
    {
      message: expect.stringMatching(/^Introspection is disabled: `__(schema|type)` cannot be selected\./),
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    },
  ];

  it.each([
    ["__schema", "{ __schema { queryType { name } } }"],
    ["__type", '{ __type(name: "JobInstance") { fields { name } } }'],
    ["an alias", `{ a: __schema { types { name } } ${jobField("100")} }`],
    ["a fragment", "{ ...F } fragment F on Query { __schema { types { name } } }"],
    ["the query of explorers", getIntrospectionQuery()],
  ])("refuses %s with one error by POST and GET, without an upstream call", async (_what, query) => {
    const { status, errors } = await gateway.ask(query);
    expect(status).toBe(400);
    expect(errors).toMatchObject(REFUSED);
    expect((await get(query)).errors).toMatchObject(REFUSED);
    expect(gateway.simulator.requests).toEqual([]);
  });

  it.each([
    ["WebSocket", subscribeByWebSocket],
    ["server-sent events", subscribeByEvents],
  ])("refuses __schema over %s", async (_name, subscribe) => {
    const { results, completed } = subscribe(gateway.url, { query: "{ __schema { queryType { name } } }" });
    const failure = await completed.then(
      () => null,
      (error: unknown) => String(error),
    );
    // graphql-ws fails the operation, other clients return a result with errors.
    expect(`${failure} ${JSON.stringify(results)}`).toContain("Introspection is disabled: `__schema`");
  });

  it("selects __typename everywhere", async () => {
    const { data, errors } = await gateway.ask(
      `{ __typename ${jobField("20000000002", onJob("__typename hostSummary { __typename }"))} }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      __typename: "Query",
      jobInstance: { __typename: "JobInstance", hostSummary: { __typename: "HostSummary" } },
    });
  });

  const similar = `query ($refs: [JobInstanceRef!]!, $by: [HostGroupKey!]!) {
    jobInstances(refs: $refs) { ... on JobInstance { steps { hostGroups(by: $by) { count } } } }
  }`;
  const ref = { scopeId: "1", jobInstanceId: "1" };
  const NAMES: readonly [string, string, object, string][] = [
    ["a field", jobQuery("100", onJob("nam")), {}, 'Cannot query field "nam" on type "JobInstance".'],
    ["a type", "{ ... on JobInstanc { name } }", {}, 'Unknown type "JobInstanc".'],
    ["an argument", "{ jobInstance(re: 1) { __typename } }", {}, 'Unknown argument "re" on field'],
    [
      "an interface's field",
      jobQuery("100", "name"),
      {},
      'Cannot query field "name" on type "JobInstanceResult".',
    ],
    [
      "an enum value",
      jobQuery("100", onJob("steps { hostGroups(by: [STATU]) { count } }")),
      {},
      'Value "STATU" does not exist in "HostGroupKey" enum.',
    ],
    [
      "a field of a variable",
      similar,
      { refs: [{ ...ref, scopeIdd: "1" }], by: ["STATUS"] },
      'Field "scopeIdd" is not defined by type "JobInstanceRef".',
    ],
    [
      "an enum value in a variable",
      similar,
      { refs: [ref], by: ["STATU"] },
      'Value "STATU" does not exist in "HostGroupKey" enum.',
    ],
  ];

  it.each(NAMES)("suggests no name similar to %s", async (_what, query, variables, expected) => {
    const { errors = [] } = await gateway.ask(query, variables as Record<string, unknown>);
    const messages = errors.map(({ message }) => message);
    expect(messages.join("\n")).toContain(expected);
    expect(messages.join("\n")).not.toContain("Did you mean");
  });

  it("keeps the location of an error whose suggestion it removes", async () => {
    const { errors } = await gateway.ask("{ jobInstanc }");
    expect(errors).toEqual([
      {
        message: 'Cannot query field "jobInstanc" on type "Query".',
        locations: [{ line: 1, column: 3 }],
        extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
      },
    ]);
  });
});

it("suggests names by default", async () => {
  const { ask } = await useGateway();
  const { errors } = await ask("{ jobInstanc }");
  expect(errors).toMatchObject([{ message: expect.stringContaining('Did you mean "jobInstance"') }]);
});

describe("the explorer", () => {
  const visit = async (url: string) => {
    const response = await fetch(url, { headers: { accept: "text/html,*/*;q=0.8" } });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };

  it("is a page by default", async () => {
    const { status, type, text } = await visit(gateway.url);
    expect([status, type]).toEqual([200, expect.stringContaining("text/html")]);
    expect(text).toContain("Apollo Sandbox");
  });

  it("is replaced by an error that says so with EXPLORER=false", async () => {
    const { url, ask } = await useGateway({ config: { explorer: false } });
    const { status, type, text } = await visit(url);
    expect([status, type]).toEqual([400, "application/json; charset=utf-8"]);
    expect(JSON.parse(text).errors).toEqual([
      {
        message: "The explorer of this gateway is disabled. Send GraphQL operations by POST.",
        extensions: { code: "BAD_REQUEST" },
      },
    ]);
    expect((await ask("{ __typename }")).data).toEqual({ __typename: "Query" });
  });

  it("is no way past the nesting limit with EXPLORER=false", async () => {
    const { url } = await useGateway({ config: { explorer: false } });
    const query = `${"{ a ".repeat(1_000)}${"}".repeat(1_000)}`;
    const response = await fetch(`${url}?${new URLSearchParams({ query })}`, {
      headers: { ...GET_HEADERS, accept: "text/html" },
    });
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringContaining("nested too deeply") }],
    });
  });
});
