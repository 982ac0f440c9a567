/** GraphQL over server-sent events, as EventSource and fetch receive them. */
import { expect, it, onTestFinished, vi } from "vitest";
import {
  type AskBody,
  AUTHORIZATION,
  jobField,
  jobQuery,
  jobSubscription,
  onJob,
  postOperation,
} from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { readResponse } from "../support/response-reader.ts";
import { settle, useSlowLink } from "../support/slow-link.ts";
import { createLiveJob, JOB, running } from "./live-job.ts";

const QUERY = jobQuery("20000000001", onJob("status"));
const WATCH = jobSubscription(JOB, onJob("name"));

const HEADERS = { accept: "text/event-stream", "x-bkapi-authorization": AUTHORIZATION };

const post = ({ url }: TestGateway, body: AskBody | string, headers: Record<string, string> = HEADERS) =>
  postOperation(`${url}/stream`, body, headers);

const get = (
  { url }: TestGateway,
  params: Record<string, string>,
  headers: Record<string, string> = HEADERS,
) => fetch(`${url}/stream?${new URLSearchParams(params)}`, { headers });

it("returns the result of a POST as an event, followed by complete", async () => {
  const response = await post(await useGateway(), { query: QUERY });
  expect(await response.text()).toBe(
    ':\n\nevent: next\ndata: {"data":{"jobInstance":{"status":"SUCCEEDED"}}}\n\nevent: complete\ndata:\n\n',
  );
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
    "cache-control": "no-store",
    "x-request-id": expect.any(String),
    "x-content-type-options": "nosniff",
  });
});

it("accepts a GET request, with all digits of integers in variables", async () => {
  const gateway = await useGateway();
  const query = `query Q($id: ID!) { ${jobField("$id", onJob("jobInstanceId"))} }`;
  const response = await get(gateway, { query, variables: '{"id":9007199254740993}', operationName: "Q" });
  expect(await response.text()).toContain('"jobInstanceId":"9007199254740993"');
});

it("accepts the login cookie as credentials, because EventSource sends no headers", async () => {
  const gateway = await useGateway({ upstream: { app: { code: "app", secret: "secret" } } });
  const response = await get(
    gateway,
    { query: QUERY },
    { accept: "text/event-stream", cookie: "bk_token=mine" },
  );
  expect(await response.text()).toContain('"status":"SUCCEEDED"');
});

it("sends a change at once", async () => {
  const gateway = await useGateway();
  const job = createLiveJob(gateway);
  const stream = readResponse(await post(gateway, { query: WATCH }));
  await stream.until('{"name":"job"}');
  job.become(running({ name: "later" }));
  await stream.until('{"name":"later"}');
  await stream.cancel();
});

it("sends a comment every 12 s without changes", async () => {
  const gateway = await useGateway();
  createLiveJob(gateway);
  // Only the timer of the library is fake.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const stream = readResponse(await post(gateway, { query: WATCH }));
    await stream.until("event: next");
    vi.advanceTimersByTime(12_000);
    expect(await stream.next()).toBe(":\n\n");
    await stream.cancel();
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  ["{", "GRAPHQL_PARSE_FAILED"],
  ["{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
  [
    'subscription { jobInstanceUpdated(ref: { scopeId: "", jobInstanceId: "1" }) { __typename } }',
    "BAD_USER_INPUT",
  ],
])("returns the error for %s as an event, because EventSource hides error responses", async (query, code) => {
  const response = await post(await useGateway(), { query });
  const text = await response.text();
  expect(response.status).toBe(200);
  const [, json = ""] = /^event: next\ndata: (.*)$/m.exec(text) ?? [];
  expect(JSON.parse(json)).toMatchObject({ errors: [{ extensions: { code } }] });
  expect(JSON.parse(json)).not.toHaveProperty("data");
  expect(text).toMatch(/event: complete\ndata:\n\n$/);
});

it.each([
  [
    "does not accept events",
    406,
    { accept: "application/json" },
    { query: QUERY },
    /Expected the header `Accept: text\/event-stream`, got application\/json/,
  ],
  ["has a body that is not JSON", 400, {}, "{", /Expected the request body to be JSON/],
  ["has a body that is not an object", 400, {}, "[]", /Missing query|must be an object/],
  ["has no query", 400, {}, {}, /Missing query/],
  [
    "has another content type",
    415,
    { "content-type": "text/plain" },
    { query: QUERY },
    /Expected the content type application\/json/,
  ],
  [
    "comes from a page of another site",
    403,
    { origin: "https://evil.example.com" },
    { query: QUERY },
    /^This origin is not allowed\. /,
  ],
] as const)("rejects a request that %s", async (_, status, headers, body, message) => {
  const response = await post(await useGateway(), body, { ...HEADERS, ...headers });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    errors: [{ message: expect.stringMatching(message), extensions: { code: "BAD_REQUEST" } }],
  });
});

it.each([
  ["cross-site", 403],
  ["same-site", 403],
  ["same-origin", 200],
  ["none", 200],
])("returns to a GET request with Sec-Fetch-Site: %s the status %i", async (site, status) => {
  const response = await get(await useGateway(), { query: QUERY }, { ...HEADERS, "sec-fetch-site": site });
  expect(response.status).toBe(status);
});

it("rejects other methods, because streams cannot be reserved", async () => {
  const { url } = await useGateway();
  const response = await fetch(`${url}/stream`, { method: "PUT" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST"]);
});

it("ends without complete when the gateway shuts down, and closes the connection", async () => {
  const gateway = await startGateway();
  createLiveJob(gateway);
  const response = await post(gateway, { query: WATCH });
  const stream = readResponse(response);
  await stream.until('{"name":"job"}');
  const closed = gateway.close();
  while (await stream.next());
  expect(stream.text()).toMatch(/^:\n\nevent: next\ndata: .*\n\n$/);
  await closed;
});

it("returns an ended stream to an EventSource during shutdown, so that it reconnects", async (test) => {
  const upstream = await useHeldUpstream(test);
  const gateway = await startGateway({ upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000 } });
  const answer = gateway.ask(QUERY);
  await upstream.called;
  const closed = gateway.close();
  const response = await get(gateway, { query: WATCH });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
    ":\n\n",
  ]);
  // Other clients check the status.
  expect((await post(gateway, { query: WATCH })).status).toBe(503);
  upstream.release();
  await Promise.all([answer, closed]);
});

it("is disconnected if the client reads nothing for a minute, but not if it reads slowly", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const gateway = await useGateway();
  // More than the buffers of both ends hold.
  const size = 16 * 2 ** 20;
  createLiveJob(gateway, running({ name: "x".repeat(size) }));
  const link = await useSlowLink(gateway.url);
  const stream = readResponse(await post({ ...gateway, url: link.url }, { query: WATCH }));
  link.hold();
  // 30 KB/s.
  for (let read = 0; read < 4; read++) {
    await link.pass(1.5 * 2 ** 20);
    await settle();
    vi.advanceTimersByTime(50_000);
  }
  await settle();
  vi.advanceTimersByTime(60_000);
  // Bytes in socket buffers can still be read.
  void link.pass(Number.POSITIVE_INFINITY);
  await expect(stream.until("}}}")).rejects.toThrow("terminated");
  expect(stream.text().length).toBeGreaterThan(6 * 2 ** 20);
});
