/** Invalid requests: 4xx with a code and a message, in a content type that clients read. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AUTHORIZATION, jobQuery, jobSubscription, postOperation, ref } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.simulator.requests.length = 0;
});

/** The Accept header of Apollo Client 4. */
const APOLLO_CLIENT_ACCEPT =
  'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9';
const RESPONSE_TYPE = "application/graphql-response+json; charset=utf-8";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function send(url: string, init: RequestInit = {}) {
  const response = await fetch(url, {
    ...init,
    headers: {
      "content-type": "application/json",
      "x-bkapi-authorization": AUTHORIZATION,
      ...(init.headers as Record<string, string>),
    },
  });
  const text = await response.text();
  const { data, errors } = JSON.parse(text) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: response.status, contentType: response.headers.get("content-type"), data, errors };
}

const post = (body: object, headers: Record<string, string> = {}) =>
  send(gateway.url, { method: "POST", headers, body: JSON.stringify(body) });

const get = (parameters: Record<string, string>) => send(`${gateway.url}?${new URLSearchParams(parameters)}`);

const QUERY = jobQuery("100");
const SUBSCRIPTION = jobSubscription("100");

describe("the content type", () => {
  it("is the same for every query of Apollo Client", async () => {
    const body = {
      query: QUERY,
      extensions: { clientLibrary: { name: "@apollo/client", version: "4.3.8" } },
    };
    for (let time = 0; time < 3; time++) {
      const { status, contentType, data } = await post(body, { accept: APOLLO_CLIENT_ACCEPT });
      expect([status, contentType]).toEqual([200, RESPONSE_TYPE]);
      expect(data).toEqual({ jobInstance: { __typename: "JobInstance" } });
    }
  });

  it("lets Apollo Client read the error code of an invalid subscription", async () => {
    const query = SUBSCRIPTION.replace('"100"', '"0"');
    const { status, contentType, errors } = await post({ query }, { accept: APOLLO_CLIENT_ACCEPT });
    expect([status, contentType]).toEqual([400, RESPONSE_TYPE]);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it.each([["text/csv"], ["image/png, text/plain"]])(
    "is a 406 for Accept: %s, without an upstream call",
    async (accept) => {
      const { status, errors } = await post({ query: QUERY }, { accept });
      expect(status).toBe(406);
      expect(errors).toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
      expect(gateway.simulator.requests).toEqual([]);
    },
  );
});

describe("subscriptions", () => {
  it("are a 400 that names the transports if the client accepts only one result", async () => {
    const { status, errors } = await post({ query: SUBSCRIPTION });
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      { message: expect.stringContaining("/graphql/stream"), extensions: { code: "BAD_REQUEST" } },
    ]);
  });

  it.each([
    ["@skip", `subscription($v: Boolean!) { jobInstanceUpdated(${ref("1")}) @skip(if: $v) { __typename } }`],
    [
      "@include",
      `subscription($v: Boolean!) { ...F } fragment F on Subscription { ... @include(if: $v) { jobInstanceUpdated(${ref("1")}) { __typename } } }`,
    ],
  ])("with %s on the root field are invalid", async (directive, query) => {
    const { status, errors } = await post(
      { query, variables: { v: false } },
      { accept: APOLLO_CLIENT_ACCEPT },
    );
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      { message: expect.stringContaining(directive), extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
    ]);
  });
});

describe("errors beyond those that are listed", () => {
  const fields = (count: number) => `{ ${Array.from({ length: count }, (_, n) => `f${n}`).join(" ")} }`;

  it("are not listed when a document has more than 100", async () => {
    expect((await post({ query: fields(100) })).errors).toHaveLength(100);
    const { errors = [] } = await post({ query: fields(101) });
    expect(errors).toHaveLength(101);
    expect(errors[99]?.message).toContain('"f99"');
    expect(errors[100]).toEqual({
      message: "Only the first 100 errors are listed.",
      extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
    });
  });

  it("are not listed when variables have more than 5", async () => {
    const query = "query($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { __typename } }";
    const ask = (count: number) =>
      post({ query, variables: { refs: Array.from({ length: count }, () => 1) } });
    expect((await ask(5)).errors).toHaveLength(5);
    const { errors = [] } = await ask(6);
    expect(errors).toHaveLength(6);
    expect(errors[5]).toEqual({
      message: "Only the first 5 errors are listed.",
      extensions: { code: "BAD_USER_INPUT" },
    });
  });
});

describe("persisted queries", () => {
  const extensions = (sha256Hash: unknown, version: unknown = 1) => ({
    persistedQuery: { version, sha256Hash },
  });

  it.each([
    ["a hash that is not the query's", extensions(sha256("{ __typename }")), "SHA-256 hash of `query`"],
    ["an unknown version", extensions(sha256(QUERY), 2), "version` to be 1"],
    ["a value that is not a hash", extensions("abc"), "64 lower-case hex digits"],
    ["a value that is not an object", { persistedQuery: "abc" }, "to be an object"],
  ])("are a 400 for %s", async (_what, given, message) => {
    for (const response of [
      await post({ query: QUERY, extensions: given }),
      await get({ query: QUERY, extensions: JSON.stringify(given) }),
    ]) {
      expect(response.status).toBe(400);
      expect(response.errors).toMatchObject([
        { message: expect.stringContaining(message), extensions: { code: "BAD_REQUEST" } },
      ]);
    }
  });

  it("are found by their hash after they were sent", async () => {
    const query = `${QUERY} # persisted`;
    const given = extensions(sha256(query));
    expect((await post({ extensions: given })).errors).toMatchObject([
      { extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } },
    ]);
    const data = { jobInstance: { __typename: "JobInstance" } };
    expect((await post({ query, extensions: given })).data).toEqual(data);
    expect((await post({ extensions: given })).data).toEqual(data);
    expect((await get({ extensions: JSON.stringify(given) })).data).toEqual(data);
  });

  it("return subscriptions as multipart", async () => {
    const query = `${SUBSCRIPTION} # persisted`;
    const response = await postOperation(
      gateway.url,
      { query, extensions: extensions(sha256(query)) },
      { accept: APOLLO_CLIENT_ACCEPT, "x-bkapi-authorization": AUTHORIZATION },
    );
    expect(response.headers.get("content-type")).toContain("multipart/mixed");
    expect(await response.text()).toContain(
      '{"payload":{"data":{"jobInstanceUpdated":{"__typename":"JobInstance"}}}}',
    );
  });
});

describe("documents", () => {
  const nested = `${"{ a ".repeat(3_300)}${"}".repeat(3_300)}`;
  const chain = `{ ...F0 } ${Array.from({ length: 1_200 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} }`).join(" ")} fragment F1200 on Query { __typename }`;
  const repeated = `{ ${"a: __typename ".repeat(3_000)} }`;
  const listed = `{ jobInstances(refs: ${"[".repeat(4_000)}${"]".repeat(4_000)}) { __typename } }`;

  it.each([
    ["3 300 nested selections", nested, "GRAPHQL_PARSE_FAILED", "nested too deeply"],
    ["4 000 nested lists", listed, "GRAPHQL_PARSE_FAILED", "nested too deeply"],
    ["a chain of 1 200 fragments", chain, "GRAPHQL_VALIDATION_FAILED", "nested too deeply"],
    ["one key selected 3 000 times", repeated, "GRAPHQL_VALIDATION_FAILED", "maximum 100"],
    ["a syntax error", "{ a", "GRAPHQL_PARSE_FAILED", "Syntax Error"],
    [
      "more than 50 operations",
      Array.from({ length: 51 }, (_, n) => `query Q${n} { __typename }`).join(" "),
      "GRAPHQL_VALIDATION_FAILED",
      "maximum 50",
    ],
    ["a mutation", "mutation { a }", "GRAPHQL_VALIDATION_FAILED", "no mutations"],
    ["no operation", "fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED", "never used"],
  ])("with %s are a 400 for every kind of request", async (_what, query, code, message) => {
    const persisted = { persistedQuery: { version: 1, sha256Hash: sha256(query) } };
    const responses = [
      await post({ query }),
      await post({ query }),
      await post({ query, extensions: persisted }),
      await post({ query }, { accept: APOLLO_CLIENT_ACCEPT }),
      // The HTTP parser rejects longer URLs.
      ...(query.length < 5_000 ? [await get({ query })] : []),
    ];
    for (const { status, errors } of responses) {
      expect(status).toBe(400);
      expect(errors).toMatchObject([{ message: expect.stringContaining(message), extensions: { code } }]);
    }
    expect(gateway.simulator.requests).toEqual([]);
  });
});
