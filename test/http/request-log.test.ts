/** One log line per request: its fields, and redaction. */
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AUTHORIZATION, jobField, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  // The lowest level, so that all log lines are checked.
  gateway = await startGateway({ config: { logLevel: "trace" } });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.logs.length = 0;
});

const JSON_TYPE = { "content-type": "application/json" };

const namedQuery = (id: string, name = "Job") =>
  `query ${name} { ${jobField(id, `__typename ${onJob("name")}`)} }`;

/** The log line of a request, which is written just after the response. */
const requestLine = () =>
  vi.waitFor(() => {
    const line = gateway.logs.find(({ msg }) => msg === "request");
    if (!line) throw new Error("No line yet.");
    return line;
  });

describe("the line of an operation", () => {
  it("has its name, duration, upstream calls, upstream request ids and request id", async () => {
    const { headers } = await gateway.ask(namedQuery("20000000002", "Overview"));

    expect(await requestLine()).toMatchObject({
      level: 30,
      method: "POST",
      path: "/graphql",
      statusCode: 200,
      durationMs: expect.any(Number),
      requestId: headers.get("x-request-id"),
      operationName: "Overview",
      upstreamCalls: 1,
      // job_request_id of bk-job and X-Bkapi-Request-Id of the API Gateway.
      upstreamRequestIds: [expect.stringMatching(/./), expect.stringMatching(/./)],
      errorCodes: [],
    });
    expect(gateway.logs).toHaveLength(1);
  });

  it.each([
    ["an upstream failure", namedQuery("20000090101"), ["UNAUTHENTICATED"]],
    ["a bad reference", namedQuery("0"), ["BAD_USER_INPUT"]],
    ["two failures", `{ a: ${jobField("0")} b: ${jobField("-1")} }`, ["BAD_USER_INPUT", "BAD_USER_INPUT"]],
    ["a document that does not parse", "{", ["GRAPHQL_PARSE_FAILED"]],
    ["a document that is not valid", "{ nothing }", ["GRAPHQL_VALIDATION_FAILED"]],
    ["a subscription", jobSubscription("1"), ["BAD_REQUEST"]],
  ])("has the error codes of %s", async (_what, query, codes) => {
    await gateway.ask(query);
    expect((await requestLine()).errorCodes).toEqual(codes);
  });

  it.each([
    ["a status of the upstream", namedQuery("20000090101"), "HTTP 400"],
    ["a reset connection", namedQuery("20000090504"), "ECONNRESET"],
    ["a limit", `{ ${Array.from({ length: 70 }, () => "a { ").join("")} ${"} ".repeat(70)} }`, "MAX_DEPTH"],
  ])("has the reason of an error: %s", async (_what, query, reason) => {
    const { errors } = await gateway.ask(query);
    expect(errors).toHaveLength(1);
    expect((await requestLine()).reason).toBe(reason);
  });

  it("has no reason without an error, or if the code says everything", async () => {
    await gateway.ask(namedQuery("20000000002"));
    expect(await requestLine()).not.toHaveProperty("reason");
    expect(await requestLine()).not.toHaveProperty("stale");
    gateway.logs.length = 0;
    await gateway.ask("{ nothing }");
    expect(await requestLine()).not.toHaveProperty("reason");
  });

  it.each([
    ["of another operation", namedQuery("100", "Job"), "OPERATION_RESOLUTION_FAILURE"],
    ["of a document that does not parse", "{", "GRAPHQL_PARSE_FAILED"],
    ["of a document that is not valid", "query Another { nothing }", "GRAPHQL_VALIDATION_FAILED"],
  ])("has no name %s, because the client could send any name", async (_of, query, code) => {
    const body = { query, operationName: "Another" };
    await postOperation(gateway.url, body);
    expect(await requestLine()).toMatchObject({ operationName: null, errorCodes: [code] });
  });

  it("has the error code of a request without an operation", async () => {
    await postOperation(gateway.url, "{");
    expect(await requestLine()).toMatchObject({
      statusCode: 400,
      upstreamCalls: 0,
      errorCodes: ["BAD_REQUEST"],
    });
  });

  it("has the error code of a request rejected by CSRF prevention", async () => {
    await fetch(`${gateway.url}?query={__typename}`);
    expect(await requestLine()).toMatchObject({ statusCode: 400, errorCodes: ["BAD_REQUEST"] });
  });

  it("is written for a client that aborts", async () => {
    const client = new AbortController();
    const body = JSON.stringify({ query: namedQuery("20000090502", "Aborted") });
    const headers = { ...JSON_TYPE, "x-bkapi-authorization": AUTHORIZATION };
    const before = gateway.simulator.requests.length;
    const answer = fetch(gateway.url, { method: "POST", headers, body, signal: client.signal });
    await vi.waitFor(() => expect(gateway.simulator.requests.length).toBe(before + 1));
    client.abort();
    await expect(answer).rejects.toThrow();

    expect(await requestLine()).toMatchObject({
      aborted: true,
      statusCode: null,
      operationName: "Aborted",
      upstreamCalls: 1,
    });
  });
});

describe("the line of another request", () => {
  it.each([
    ["/healthz", "/healthz", 200],
    ["/nowhere", null, 404],
    ["/%zz", null, 400],
  ])(
    "of %s has the route %j and the status %i, without fields of operations",
    async (path, route, statusCode) => {
      await fetch(new URL(path, gateway.url));
      const line = await requestLine();
      expect(line).toMatchObject({ method: "GET", path: route, statusCode });
      expect(line).not.toHaveProperty("operationName");
    },
  );
});

describe("the level of the line", () => {
  const DEBUG = 20;
  const INFO = 30;
  const levelsOf = (logs: TestGateway["logs"]) =>
    logs.flatMap(({ msg, level }) => (msg === "request" ? [level] : []));

  it.each([
    ["/healthz", DEBUG],
    ["/readyz", DEBUG],
    ["/metrics", DEBUG],
    ["/nowhere", INFO],
  ])("of %s is %i", async (path, level) => {
    const { url, logs } = await useGateway({ config: { logLevel: "debug", metrics: { port: null } } });
    await fetch(new URL(path, url));
    await expect.poll(() => levelsOf(logs)).toEqual([level]);
  });

  it("of a failed health check is that of other requests", async () => {
    const { url, logs, announceShutdown } = await useGateway({ config: { logLevel: "debug" } });
    announceShutdown();
    await fetch(new URL("/readyz", url));
    await expect.poll(() => levelsOf(logs)).toEqual([INFO]);
  });
});

describe("X-Request-Id", () => {
  const idFor = async (given: string) => {
    const response = await fetch(new URL("/healthz", gateway.url), { headers: { "x-request-id": given } });
    const id = response.headers.get("x-request-id");
    expect((await requestLine()).requestId).toBe(id);
    return id;
  };

  it.each(["a", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "Root=1-67891233-abcdef/x:y+z.w_", "x".repeat(128)])(
    "is accepted if it is valid: %s",
    async (given) => {
      expect(await idFor(given)).toBe(given);
    },
  );

  it.each(["", "a b", 'a","level":"50', "x".repeat(129), "a,b", "<script>"])(
    "is replaced if it is invalid: %j",
    async (given) => {
      expect(await idFor(given)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );

  it("is generated for each request without one", async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await gateway.ask("{ __typename }")).headers.get("x-request-id")),
    );
    expect(new Set(ids).size).toBe(2);
  });
});

describe("log lines never contain credentials that were sent", () => {
  const SECRET = "s3cr3t-Token_of.a+user";
  const authorization = JSON.stringify({ bk_app_code: "app", bk_app_secret: SECRET, bk_token: `${SECRET}2` });
  const encoded = encodeURIComponent(SECRET);
  const variables = { secret: SECRET, id: "20000000002" };
  const echoing = namedQuery("20000090020");

  it.each<[string, (send: typeof post) => Promise<unknown>]>([
    [
      "X-Bkapi-Authorization",
      (send) => send({ query: namedQuery("20000000002") }, { "x-bkapi-authorization": authorization }),
    ],
    [
      "X-Bkapi-Authorization, echoed by the upstream",
      (send) => send({ query: echoing }, { "x-bkapi-authorization": authorization }),
    ],
    [
      "X-Bkapi-Authorization that is not JSON",
      (send) => send({ query: echoing }, { "x-bkapi-authorization": SECRET }),
    ],
    [
      "Authorization and cookies",
      (send) => send({ query: "{ __typename }" }, { authorization: SECRET, cookie: `bk_token=${SECRET}` }),
    ],
    [
      "the query string",
      () => fetch(`${gateway.url}?query={__typename}&bk_token=${encoded}`, { headers: JSON_TYPE }),
    ],
    ["the path", () => fetch(new URL(`/graphql/${encoded}`, gateway.url))],
    ["a path that cannot be decoded", () => fetch(new URL(`/%zz/${encoded}`, gateway.url))],
    ["variables", (send) => send({ query: "{ __typename }", variables })],
    [
      "a literal of a document that is not valid",
      (send) => send({ query: `{ nothing(token: "${SECRET}") }` }),
    ],
    ["a document that does not parse", (send) => send({ query: `{ "${SECRET}"` })],
    ["a body that is not JSON", () => postOperation(gateway.url, SECRET)],
    [
      "a request that is not valid HTTP",
      () => sendInvalid(`GET / HTP/9\r\nX-Bkapi-Authorization: ${SECRET}\r\n\r\n`),
    ],
    [
      "headers that are too large",
      () => sendInvalid(`GET / HTTP/1.1\r\nCookie: ${SECRET.repeat(1_000)}\r\n\r\n`),
    ],
  ])("in %s", async (_where, sendIt) => {
    await sendIt(post);
    const lines = await vi.waitFor(() => {
      expect(gateway.logs).not.toHaveLength(0);
      return JSON.stringify(gateway.logs);
    });
    expect(lines).not.toContain(SECRET);
    expect(lines).not.toContain(encoded);
    // Node.js keeps invalid requests as bytes.
    expect(lines).not.toContain([...Buffer.from(SECRET)].join());
  });
});

async function post(body: object, headers: Record<string, string> = {}): Promise<void> {
  await (await postOperation(gateway.url, body, headers)).text();
}

function sendInvalid(text: string): Promise<void> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(text));
    socket.resume().on("end", resolve).on("error", reject);
  });
}
