/** A response depends only on its request: a document in the cache has the same response as a new one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AUTHORIZATION, jobField, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.logs.length = 0;
});

const job = (id: string) => jobField(id, `__typename ${onJob("name")}`);
const withVariable = `query Job($id: ID!) { ${job("$id")} }`;
const two = `query A { ${job("20000000002")} } query B { __typename }`;
const id = "20000000002";

interface Request {
  readonly body: object;
  readonly headers?: Record<string, string>;
}

/** A response and its log line, without the parts that always differ. */
async function responseTo({ body, headers }: Request) {
  gateway.logs.length = 0;
  const response = await postOperation(gateway.url, body, {
    "x-bkapi-authorization": AUTHORIZATION,
    ...headers,
  });
  const text = (await response.text()).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "(request id)");
  const line = await vi.waitFor(() => {
    const found = gateway.logs.find(({ msg }) => msg === "request");
    if (!found) throw new Error("No line yet.");
    return found;
  });
  const responseHeaders = [...response.headers].filter(([name]) => !["date", "x-request-id"].includes(name));
  const { time: _time, requestId: _id, durationMs: _ms, upstreamRequestIds, ...rest } = line;
  const ids = (upstreamRequestIds as string[]).length;
  return { status: response.status, headers: responseHeaders, text, line: { ...rest, ids } };
}

const ACCEPT = "application/graphql-response+json";

describe("a cached document has the same response, headers and log line as a new one", () => {
  const cases: [string, Request][] = [
    ["a query", { body: { query: `query Known { ${job(id)} }` } }],
    ["variables", { body: { query: withVariable, variables: { id } } }],
    [
      "variables and null for everything else",
      {
        body: { query: `{ ${job(id)} __typename }`, variables: null, extensions: null, operationName: null },
      },
    ],
    ["an operation chosen by name", { body: { query: two, operationName: "A" } }],
    ["a name that no operation has", { body: { query: two, operationName: "C" } }],
    ["no name for one of two operations", { body: { query: two } }],
    ["a variable that is missing", { body: { query: withVariable } }],
    ["a variable of the wrong type", { body: { query: withVariable, variables: { id: [] } } }],
    ["variables that are a list", { body: { query: withVariable, variables: [id] } }],
    ["a name that is not a string", { body: { query: two, operationName: 1 } }],
    ["an invalid reference", { body: { query: `{ ${job("0")} }` } }],
    ["a failure of the upstream", { body: { query: `{ ${job("20000090101")} }` } }],
    ["no credentials", { body: { query: `{ ${job(id)} }` }, headers: { "x-bkapi-authorization": "" } }],
    ["extensions", { body: { query: `{ ${job(id)} }`, extensions: { any: 1 } } }],
    [
      "a hash that is not the query's",
      { body: { query: `{ ${job(id)} }`, extensions: { persistedQuery: { version: 1, sha256Hash: "0" } } } },
    ],
    ["introspection", { body: { query: "{ __schema { queryType { name } } }" } }],
    [
      "a subscription",
      {
        body: {
          query: jobSubscription("1"),
        },
      },
    ],
    ["another result type", { body: { query: `{ ${job(id)} }` }, headers: { accept: ACCEPT } }],
    [
      "a preference",
      { body: { query: `{ ${job(id)} }` }, headers: { accept: `application/json;q=0.5, ${ACCEPT}` } },
    ],
    ["any type", { body: { query: `{ ${job(id)} }` }, headers: { accept: "*/*" } }],
    ["a type that is not offered", { body: { query: `{ ${job(id)} }` }, headers: { accept: "text/csv" } }],
  ];

  it.each(cases)("%s", async (_what, request) => {
    const { query } = request.body as { query: string };
    // A comment makes the document new.
    const uncached = { ...request, body: { ...request.body, query: `${query} #${Math.random()}` } };
    await responseTo({ body: { query, operationName: "A" } });
    await responseTo({ body: request.body });

    expect(await responseTo(request)).toEqual(await responseTo(uncached));
  });
});

it("does not reuse the response of another caller", async () => {
  const body = { query: `query Who { ${job(id)} }` };
  const { text } = await responseTo({ body });
  const denied = await responseTo({ body, headers: { "x-bkapi-authorization": "" } });

  expect(JSON.parse(text).data.jobInstance.__typename).toBe("JobInstance");
  expect(JSON.parse(denied.text).errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
});
