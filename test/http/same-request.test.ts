/** A response depends on the request, not on the requests before it: a text that came before changes nothing. */
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

/** All of an answer and its line that is the same each time. */
async function answerTo({ body, headers }: Request) {
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
  const kept = [...response.headers].filter(([name]) => !["date", "x-request-id"].includes(name));
  const { time: _time, requestId: _id, durationMs: _ms, upstreamRequestIds, ...rest } = line;
  const ids = (upstreamRequestIds as string[]).length;
  return { status: response.status, headers: kept, text, line: { ...rest, ids } };
}

const ACCEPT = "application/graphql-response+json";

describe("a text that is known gives the same answer, headers and log line as one that is new", () => {
  const cases: [string, Request][] = [
    ["a query", { body: { query: `query Known { ${job(id)} }` } }],
    ["variables", { body: { query: withVariable, variables: { id } } }],
    [
      "variables and all else null",
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
    ["a name that is no text", { body: { query: two, operationName: 1 } }],
    ["a reference that is no good", { body: { query: `{ ${job("0")} }` } }],
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
    // A comment makes a text of its own.
    const news = { ...request, body: { ...request.body, query: `${query} #${Math.random()}` } };
    await answerTo({ body: { query, operationName: "A" } });
    await answerTo({ body: request.body });

    expect(await answerTo(request)).toEqual(await answerTo(news));
  });
});

it("is the one that the caller may not see: what is known is the text, not the answer", async () => {
  const body = { query: `query Who { ${job(id)} }` };
  const { text } = await answerTo({ body });
  const denied = await answerTo({ body, headers: { "x-bkapi-authorization": "" } });

  expect(JSON.parse(text).data.jobInstance.__typename).toBe("JobInstance");
  expect(JSON.parse(denied.text).errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
});
