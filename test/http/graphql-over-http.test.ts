/** GraphQL over HTTP: valid requests, and error responses for invalid ones. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION, jobQuery, onJob } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const JSON_TYPE = { "content-type": "application/json" };
const QUERY = "{ __typename }";

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function send(path: string, init: RequestInit = {}): Promise<Sent> {
  const response = await fetch(new URL(path, gateway.url), init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = JSON_TYPE) =>
  send("/graphql", { method: "POST", headers, body });

const get = (params: Record<string, string>, headers: Record<string, string> = JSON_TYPE) =>
  send(`/graphql?${new URLSearchParams(params)}`, { headers });

/** Expects an error response in its common form. */
function expectRefusal({ status, headers, text }: Sent, expected: number, message: RegExp): void {
  expect(status).toBe(expected);
  expect(headers.get("content-type")).toMatch(/^application\/json/);
  expect(JSON.parse(text)).toEqual({
    errors: [{ message: expect.stringMatching(message), extensions: { code: "BAD_REQUEST" } }],
  });
}

describe("POST /graphql", () => {
  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON"])(
    "answers an operation sent as %s",
    async (type) => {
      const { status, text } = await post(JSON.stringify({ query: QUERY }), { "content-type": type });
      expect([status, JSON.parse(text)]).toEqual([200, { data: { __typename: "Query" } }]);
    },
  );

  it("runs the operation that `operationName` names, with `variables`", async () => {
    const query = "query A { __typename } query B($yes: Boolean!) { b: __typename @include(if: $yes) }";
    const { text } = await post(JSON.stringify({ query, operationName: "B", variables: { yes: true } }));
    expect(JSON.parse(text)).toEqual({ data: { b: "Query" } });
  });

  it("answers with application/graphql-response+json when that is accepted", async () => {
    const accept = { ...JSON_TYPE, accept: "application/graphql-response+json" };
    const { headers } = await post(JSON.stringify({ query: QUERY }), accept);
    expect(headers.get("content-type")).toMatch(/^application\/graphql-response\+json/);
  });

  it.each([
    ["broken JSON", '{"query":', /^Expected the request body to be JSON: /],
    ["an empty body", "", /^Expected the request body to be JSON: /],
    ["JSON that is nested too deeply", "[".repeat(100_000) + "1".repeat(16), /^Expected the request body/],
    ["an array, because batching is disabled", "[]", /batching disabled/],
    ["null", "null", /in `query`/],
    ["a string", '"{ __typename }"', /in `query`/],
    ["an empty object", "{}", /in `query`/],
    ["a query that is not a string", '{"query":1}', /must be strings/],
    ["variables that are not an object", '{"query":"{ __typename }","variables":[1]}', /`variables`/],
    [
      "an operation name that is not a string",
      '{"query":"{ __typename }","operationName":1}',
      /`operationName`/,
    ],
  ])("rejects %s", async (_what, body, message) => {
    expectRefusal(await post(body), 400, message);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"])(
    "rejects a body of type %s, which a page of another site could send",
    async (type) => {
      const sent = await post(JSON.stringify({ query: QUERY }), { "content-type": type });
      expectRefusal(sent, 415, /^Expected the content type application\/json, got /);
    },
  );

  it("rejects a body without a content type", async () => {
    // fetch gives bytes no type.
    const sent = await post(new TextEncoder().encode(JSON.stringify({ query: QUERY })), {});
    expectRefusal(sent, 415, /got none\.$/);
  });

  it("rejects a body of more than 1 MiB", async () => {
    const body = JSON.stringify({ query: QUERY, variables: { padding: "x".repeat(2 ** 20) } });
    expectRefusal(await post(body), 413, /^Request body too large \(maximum 1048576 bytes\)\. /);
  });

  it("accepts a body of just under 1 MiB", async () => {
    const body = JSON.stringify({ query: QUERY, variables: { padding: "x".repeat(2 ** 20 - 100) } });
    expect((await post(body)).status).toBe(200);
  });

  it("rejects a document of more than 10 000 tokens before validation", async () => {
    const { status, text } = await post(JSON.stringify({ query: `{${" __typename".repeat(10_001)}}` }));
    expect(status).toBe(400);
    expect(JSON.parse(text).errors).toMatchObject([
      {
        message: expect.stringContaining("Too many tokens in the document (maximum 10000)"),
        extensions: { code: "GRAPHQL_PARSE_FAILED" },
      },
    ]);
  });

  it("rejects a document that is nested as deeply as the token limit allows", async () => {
    const { text } = await post(JSON.stringify({ query: `${"{ a".repeat(4_990)}${"}".repeat(4_990)}` }));
    expect(JSON.parse(text).errors[0].extensions.code).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
  });
});

describe.each([
  ["/graphql", {}],
  ["/graphql/", {}],
  ["/graphql/stream", { accept: "text/event-stream" }],
  ["/graphql/stream/", { accept: "text/event-stream" }],
])("POST %s", (path, headers) => {
  const JOB = jobQuery("20000000002", onJob("name"));
  const sendBytes = (body: Buffer<ArrayBuffer>, given: Record<string, string> = {}) =>
    send(path, {
      method: "POST",
      headers: { ...JSON_TYPE, "x-bkapi-authorization": AUTHORIZATION, ...headers, ...given },
      body: new Uint8Array(body),
    });
  const BODY = JSON.stringify({ query: JOB });

  it.each([
    ["application/json", ""],
    ["application/json", "\ufeff"],
    ["application/json; charset=utf-8", "\ufeff"],
    ["application/json;charset=UTF8", ""],
    ['application/json; charset="UTF-8"', ""],
  ])("accepts a body of type %s that starts with %j", async (type, mark) => {
    const { status, text } = await sendBytes(Buffer.from(mark + BODY), { "content-type": type });
    expect(status).toBe(200);
    expect(text).toContain('{"name":"日志清理"}');
  });

  it("accepts a body with the content encoding identity", async () => {
    expect((await sendBytes(Buffer.from(BODY), { "content-encoding": "identity" })).status).toBe(200);
  });

  it.each([
    [
      "UTF-16",
      Buffer.from(BODY, "utf16le"),
      { "content-type": "application/json; charset=utf-16" },
      415,
      /^Unsupported charset utf-16\. /,
    ],
    [
      "Latin-1",
      Buffer.from(BODY, "latin1"),
      { "content-type": "application/json;charset=ISO-8859-1" },
      415,
      /^Unsupported charset iso-8859-1\. /,
    ],
    ["bytes that are not UTF-8", Buffer.from(`{"query":"{ a(b: "\xe9") }"}`, "latin1"), {}, 400, /UTF-8/],
    ["UTF-16 that is not declared", Buffer.from(`\ufeff${BODY}`, "utf16le"), {}, 400, /UTF-8/],
    [
      "a compressed body",
      gzipSync(BODY),
      { "content-encoding": "gzip" },
      415,
      /^Unsupported content encoding gzip\. /,
    ],
    [
      "a body that is declared as compressed",
      Buffer.from(BODY),
      { "content-encoding": "br" },
      415,
      /coding br\. /,
    ],
  ])("rejects %s without an upstream call", async (_what, body, given, status, message) => {
    const calls = gateway.simulator.requests.length;
    const refused = await sendBytes(body, given as Record<string, string>);
    expectRefusal(refused, status, message);
    expect(refused.headers.get("accept-encoding")).toBe("content-encoding" in given ? "identity" : null);
    expect(gateway.simulator.requests).toHaveLength(calls);
  });
});

describe("GET /graphql", () => {
  it("answers an operation in the query string", async () => {
    const query = "query ($yes: Boolean!) { __typename @include(if: $yes) }";
    const { status, text } = await get({ query, variables: JSON.stringify({ yes: true }) });
    expect([status, JSON.parse(text)]).toEqual([200, { data: { __typename: "Query" } }]);
  });

  it.each([
    ["broken variables", { query: QUERY, variables: "{" }, /variables search parameter/],
    ["broken extensions", { query: QUERY, extensions: "{" }, /extensions search parameter/],
  ])("rejects %s", async (_what, params, message) => {
    expectRefusal(await get(params), 400, message);
  });

  it("rejects requests without a header that requires a CORS preflight", async () => {
    expectRefusal(await get({ query: QUERY }, {}), 400, /Cross-Site Request Forgery/);
  });

  it.each([
    ["apollo-require-preflight", "1"],
    ["x-apollo-operation-name", "1"],
    ["x-bkapi-authorization", AUTHORIZATION],
    ["authorization", "Bearer your-token"],
    ["sec-fetch-site", "same-origin"],
  ])("accepts a request with the header %s", async (name, value) => {
    expect((await get({ query: QUERY }, { [name]: value })).status).toBe(200);
  });

  it.each([
    ["of another site", { "sec-fetch-site": "cross-site" }],
    ["of another host of the site", { "sec-fetch-site": "same-site" }],
    ["of an unknown site", {}],
    ["of another origin", { origin: "https://evil.example.com" }],
    ["in a sandbox", { origin: "null" }],
  ])("rejects what a page %s makes a browser send", async (_page, headers) => {
    // The browser adds cookies and HTTP authentication by itself.
    const added = { cookie: "bk_token=your-token", authorization: "Basic YWxpY2U6cGFzc3dvcmQ=" };
    expectRefusal(await get({ query: QUERY }, { ...added, ...headers }), 400, /Cross-Site Request Forgery/);
  });

  it.each([
    ["of another site", { "sec-fetch-site": "cross-site" }],
    ["of another host of the site", { "sec-fetch-site": "same-site" }],
    ["of another origin", { origin: "https://evil.example.com" }],
  ])("rejects what a page %s sends through a proxy that adds credentials", async (_page, headers) => {
    const added = { "x-bkapi-authorization": AUTHORIZATION, authorization: "Bearer your-token" };
    expectRefusal(await get({ query: QUERY }, { ...added, ...headers }), 400, /Cross-Site Request Forgery/);
  });

  it("accepts a request from a page of a listed origin, and rejects one that only * covers", async () => {
    const statuses: number[] = [];
    for (const allowedOrigins of [["https://ops.example.com"], ["*"]]) {
      const gateway = await useGateway({ config: { allowedOrigins } });
      const url = `${gateway.url}?${new URLSearchParams({ query: QUERY })}`;
      const origin = "https://ops.example.com";
      statuses.push(
        (await fetch(url, { headers: { origin, "x-bkapi-authorization": AUTHORIZATION } })).status,
      );
    }
    expect(statuses).toEqual([200, 400]);
  });

  it("returns a page with the Sandbox to browsers", async () => {
    const { status, headers, text } = await get({}, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^text\/html/);
    expect(text).toContain("Apollo Sandbox");
  });
});

describe("other requests", () => {
  it.each(["PUT", "DELETE", "PATCH", "OPTIONS"])(
    "are rejected on /graphql with the method %s",
    async (method) => {
      const sent = await send("/graphql", { method });
      expectRefusal(sent, 405, new RegExp(`^Method ${method} is not allowed. Use one of GET, POST\\.$`));
      expect(sent.headers.get("allow")).toBe("GET, POST");
    },
  );

  it.each(["/graphql", "/graphql/", "/graphql/stream"])(
    "are rejected on %s with the method HEAD, which would discard the result",
    async (path) => {
      const { status, headers, text } = await send(`${path}?query={__typename}`, { method: "HEAD" });
      expect([status, headers.get("allow"), text]).toEqual([405, "GET, POST", ""]);
    },
  );

  it.each(["/healthz", "/readyz", "/healthz/"])("are answered on %s with the method HEAD", async (path) => {
    const { status, text } = await send(path, { method: "HEAD" });
    expect([status, text]).toEqual([200, ""]);
  });

  it.each(["/healthz", "/readyz"])("are rejected on %s with the method POST", async (path) => {
    const sent = await send(path, { method: "POST", body: "{}", headers: JSON_TYPE });
    expectRefusal(sent, 405, /^Method POST is not allowed\. /);
    expect(sent.headers.get("allow")).toBe("GET, HEAD");
  });

  it.each(["/graphql//", "/graphqlx", "/graphql/x", "/api/v4/get_job_instance_status", "/healthz/x?a=b"])(
    "are rejected on the unknown path %s",
    async (path) => {
      expectRefusal(await send(path), 404, /\/graphql, \/graphql\/stream, \/healthz, \/readyz/);
    },
  );

  it("are rejected with a path that cannot be decoded", async () => {
    const sent = await send("/%zz");
    expectRefusal(sent, 400, /percent-encoding/);
    expect(sent.headers.get("x-request-id")).toBeTruthy();
  });

  it.each([
    ["that are not valid HTTP", "GET /graphql HTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request"],
    [
      "with headers of more than 16 KiB",
      `GET /graphql HTTP/1.1\r\nHost: x\r\nX-Large: ${"x".repeat(20_000)}\r\n\r\n`,
      "431 Request Header Fields Too Large",
    ],
  ])("%s get an error response in the same form", async (_what, request, status) => {
    const [head, body] = (await sendRaw(request)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
    expect(JSON.parse(body ?? "")).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
  });
});

describe("health", () => {
  it.each([
    ["/healthz", { status: "ok" }],
    ["/readyz", { status: "ready", problems: [] }],
  ])("%s answers %j", async (path, body) => {
    const { status, text } = await send(path);
    expect([status, JSON.parse(text)]).toEqual([200, body]);
  });
});

it("forbids caches to store responses", async () => {
  const { headers } = await post(JSON.stringify({ query: QUERY }), {
    ...JSON_TYPE,
    "x-bkapi-authorization": AUTHORIZATION,
  });
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

/** Sends text on a new connection. @returns everything received until it ends. */
function sendRaw(text: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("end", () => resolve(received)).on("error", reject);
  });
}
