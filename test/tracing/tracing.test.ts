/** The spans as a collector receives them. */
import { hash } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import {
  AUTHORIZATION,
  ask,
  jobField,
  jobQuery,
  jobSubscription,
  onJob,
  onlyError,
  postOperation,
  ref,
} from "../support/ask.ts";
import { withLive } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByApolloClient, subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { inOrder, onlySpan, treeOf, useTracedGateway } from "./tracing.ts";

const CALL = "GET /api/v4/get_job_instance_status";
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const SAMPLED = `00-${TRACE_ID}-${SPAN_ID}-01`;
const NOT_SAMPLED = `00-${TRACE_ID}-${SPAN_ID}-00`;

/** Both ways of an operation through the HTTP route. */
const byPost = (url: string, query: string, headers: Record<string, string> = {}) =>
  ask(url, { query }, { "x-bkapi-authorization": AUTHORIZATION, ...headers });
const byGet = async (url: string, query: string, headers: Record<string, string> = {}) => {
  const all = {
    "x-bkapi-authorization": AUTHORIZATION,
    "apollo-require-preflight": "true",
    ...headers,
  };
  const response = await fetch(`${url}?query=${encodeURIComponent(query)}`, { headers: all });
  return (await response.json()) as { data: unknown };
};

describe.each([
  ["POST", byPost],
  ["GET", byGet],
])("a query by %s", (method, send) => {
  it("is a span of the request, of the operation and of each upstream call", async () => {
    const { url, allSpans } = await useTracedGateway();
    const query = `query Overview { ${jobField("20000000002", onJob("name"))} }`;
    await send(url, query);

    const spans = await allSpans();
    expect(treeOf(spans)).toEqual([[`${method} /graphql`, ["query", [CALL]]]]);
    const [request, operation, call] = spans;
    expect(request).toMatchObject({ kind: "SERVER", isError: false, parentSpanId: "" });
    expect(request?.attributes).toEqual({
      "http.request.method": method,
      "http.route": "/graphql",
      "url.path": "/graphql",
      "url.scheme": "http",
      "http.response.status_code": 200,
      "bk_job_graphql.code": "OK",
    });
    expect(operation).toMatchObject({ kind: "INTERNAL", isError: false });
    expect(operation?.attributes).toEqual({
      "graphql.operation.name": "Overview",
      "graphql.operation.type": "query",
      "graphql.document.hash": hash("sha256", query),
      "bk_job_graphql.code": "OK",
      "bk_job_graphql.lookups.stale": 0,
      "bk_job_graphql.lookups.cache": 0,
      "bk_job_graphql.lookups.coalesced": 0,
      "bk_job_graphql.lookups.shared": 0,
      "bk_job_graphql.lookups.upstream": 1,
    });
    expect(call).toMatchObject({ kind: "CLIENT", isError: false });
    expect(call?.attributes).toMatchObject({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": expect.any(Number),
      "bk_job_graphql.upstream.data": "status",
      "bk_job_graphql.upstream.outcome": "ok",
      "bk_job_graphql.upstream.body_bytes": expect.any(Number),
      "bk_job_graphql.upstream.queued_ms": expect.any(Number),
      "bk_job_graphql.upstream.request_id": expect.stringMatching(/./),
    });
    expect(call?.attributes["bk_job_graphql.upstream.body_bytes"]).toBeGreaterThan(100);
    for (const { start, end } of spans) expect(end).toBeGreaterThan(start);
  });

  it("belongs to the trace of the client, and the upstream call to that of the gateway", async () => {
    const gateway = await useTracedGateway();
    await send(gateway.url, jobQuery("100"), { traceparent: SAMPLED, tracestate: "vendor=a,other=b" });

    const spans = await gateway.allSpans();
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    expect(onlySpan(spans, ({ kind }) => kind === "SERVER")).toMatchObject({
      parentSpanId: SPAN_ID,
      traceState: "vendor=a,other=b",
    });
    const call = onlySpan(spans, ({ kind }) => kind === "CLIENT");
    expect(gateway.simulator.requests[0]?.headers).toMatchObject({
      traceparent: `00-${TRACE_ID}-${call.spanId}-01`,
      tracestate: "vendor=a,other=b",
    });
  });

  it("is not recorded if the client does not record the trace, but the upstream receives that decision", async () => {
    const gateway = await useTracedGateway();
    await send(gateway.url, jobQuery("100"), { traceparent: NOT_SAMPLED });
    const [request] = gateway.simulator.requests;
    expect(request?.headers.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-(?!${SPAN_ID})\\w{16}-00$`));
    expect(await gateway.allSpans()).toEqual([]);
  });
});

it.each([
  ["another format", "1"],
  ["an invalid version", SAMPLED.replace("00-", "ff-")],
  ["a trace id of zeros", `00-${"0".repeat(32)}-${SPAN_ID}-01`],
  ["a span id of zeros", `00-${TRACE_ID}-${"0".repeat(16)}-01`],
  ["upper case", SAMPLED.toUpperCase()],
  ["more than version 00 has", `${SAMPLED}-more`],
  ["two values", `${SAMPLED}, ${SAMPLED}`],
  ["a long value", `${SAMPLED.replace("00-", "01-")}-${"x".repeat(1_000)}`],
])("ignores a traceparent with %s", async (_what, traceparent) => {
  const gateway = await useTracedGateway();
  const { errors } = await byPost(gateway.url, jobQuery("100"), { traceparent });
  expect(errors).toBeUndefined();
  const spans = await gateway.allSpans();
  expect(treeOf(spans)).toEqual([["POST /graphql", ["query", [CALL]]]]);
  expect(spans[0]?.traceId).not.toBe(TRACE_ID);
  expect(spans[0]?.parentSpanId).toBe("");
});

it("ignores an invalid tracestate", async () => {
  const gateway = await useTracedGateway();
  await byPost(gateway.url, jobQuery("100"), { traceparent: SAMPLED, tracestate: "a=".padEnd(600, "x") });
  expect(gateway.simulator.requests[0]?.headers).not.toHaveProperty("tracestate");
});

it("accepts a traceparent of a later version", async () => {
  const gateway = await useTracedGateway();
  await byPost(gateway.url, jobQuery("100"), { traceparent: `${SAMPLED.replace("00-", "01-")}-more` });
  expect((await gateway.allSpans())[0]?.traceId).toBe(TRACE_ID);
});

it.each([
  ["always_on", NOT_SAMPLED, 1, 3],
  ["always_off", SAMPLED, 1, 0],
  ["traceidratio", SAMPLED, 0, 0],
  ["traceidratio", NOT_SAMPLED, 1, 3],
  ["parentbased_always_off", SAMPLED, 1, 3],
  ["parentbased_traceidratio", NOT_SAMPLED, 1, 0],
  ["parentbased_traceidratio", SAMPLED, 0, 3],
  ["parentbased_always_off", "", 1, 0],
  ["parentbased_traceidratio", "", 0, 0],
  ["parentbased_traceidratio", "", 1, 3],
] as const)(
  "the sampler %s with the parent %j and the ratio %d records %d spans",
  async (sampler, parent, samplerRatio, count) => {
    const gateway = await useTracedGateway({}, { sampler, samplerRatio });
    await byPost(gateway.url, jobQuery("100"), parent === "" ? {} : { traceparent: parent });
    expect(await gateway.allSpans()).toHaveLength(count);
  },
);

it("one operation with several jobs has one span per upstream call", async () => {
  const gateway = await useTracedGateway();
  const refs = ["100", "20000000002", "100", "20000000404"].map((id) => ref(id).slice("ref: ".length));
  await gateway.ask(`{ jobInstances(refs: [${refs.join(", ")}]) { __typename } }`);

  const spans = await gateway.allSpans();
  expect(treeOf(spans)).toEqual([["POST /graphql", ["query", [CALL], [CALL], [CALL]]]]);
  const calls = spans.filter(({ kind }) => kind === "CLIENT");
  const outcomes = calls.map(({ attributes }) => attributes["bk_job_graphql.upstream.outcome"]);
  expect(outcomes.toSorted()).toEqual(["not_found", "ok", "ok"]);
  expect(onlySpan(spans, ({ name }) => name === "query").attributes).toMatchObject({
    "bk_job_graphql.lookups.upstream": 3,
  });
});

it("a cached job has no upstream call", async () => {
  const snapshots = { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 28 };
  const gateway = await useTracedGateway({ config: { snapshots } });
  await gateway.ask(jobQuery("100"));
  await gateway.ask(jobQuery("100"));

  const spans = await gateway.allSpans();
  expect(treeOf(spans)).toEqual([
    ["POST /graphql", ["query", [CALL]]],
    ["POST /graphql", ["query"]],
  ]);
  expect(spans.findLast(({ name }) => name === "query")?.attributes).toMatchObject({
    "bk_job_graphql.lookups.cache": 1,
    "bk_job_graphql.lookups.upstream": 0,
  });
});

it("a coalesced call belongs to the operation that started it, and the other one has a link to it", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const config = { metrics: { port: null } };
  const gateway = await useTracedGateway({ config, upstream: { baseUrl: new URL(upstream.url) } });
  const first = gateway.ask(`query First { ${jobField("1")} }`);
  await upstream.called;
  const second = gateway.ask(`query Second { ${jobField("1")} __typename }`);
  const coalesced = async () =>
    (await scrape(gateway.url)).sum("bk_job_graphql_job_lookups_total", { source: "coalesced" });
  await expect.poll(coalesced).toBe(1);
  upstream.release();
  await Promise.all([first, second]);

  const spans = await gateway.allSpans();
  const named = (name: string) =>
    onlySpan(spans, ({ attributes }) => attributes["graphql.operation.name"] === name);
  const call = onlySpan(spans, ({ kind }) => kind === "CLIENT");
  expect(call).toMatchObject({ traceId: named("First").traceId, parentSpanId: named("First").spanId });
  expect(named("First").links).toEqual([]);
  expect(named("Second").links).toEqual([{ traceId: call.traceId, spanId: call.spanId }]);
  expect(named("Second").attributes).toMatchObject({
    "bk_job_graphql.lookups.coalesced": 1,
    "bk_job_graphql.lookups.upstream": 0,
  });
});

describe("an error", () => {
  it("of the upstream marks the operation and the call, and contains the trace id", async () => {
    const gateway = await useTracedGateway();
    const error = onlyError(await gateway.ask(jobQuery("20000090005")));

    const spans = await gateway.allSpans();
    expect(error.extensions).toMatchObject({ code: "UPSTREAM_ERROR", traceId: spans[0]?.traceId });
    expect(spans.map(({ name, isError }) => [name, isError])).toEqual([
      ["POST /graphql", false],
      ["query", true],
      [CALL, true],
    ]);
    const code = { "error.type": "UPSTREAM_ERROR" };
    const [request, operation, call] = spans;
    expect(request?.attributes).toMatchObject({ "bk_job_graphql.code": "UPSTREAM_ERROR" });
    expect(operation?.attributes).toMatchObject({ ...code, "bk_job_graphql.code": "UPSTREAM_ERROR" });
    expect(call?.attributes).toMatchObject({ ...code, "bk_job_graphql.upstream.outcome": "UPSTREAM_ERROR" });
  });

  it.each([
    ["syntax", byPost, { query: "{" }, "GRAPHQL_PARSE_FAILED", ["GraphQL Operation"]],
    ["validation", byPost, { query: "{ nothing }" }, "GRAPHQL_VALIDATION_FAILED", ["GraphQL Operation"]],
    ["an argument", byPost, { query: jobQuery("0") }, "BAD_USER_INPUT", ["query"]],
    ["the request", byPost, { query: 1 }, "BAD_REQUEST", []],
  ] as const)("in %s contains the trace id", async (_what, _send, body, code, operations) => {
    const gateway = await useTracedGateway();
    const result = await ask(gateway.url, body, { "x-bkapi-authorization": AUTHORIZATION });

    const spans = await gateway.allSpans();
    expect(onlyError(result).extensions).toEqual({ code, traceId: spans[0]?.traceId });
    expect(spans.slice(1).map(({ name }) => name)).toEqual(operations);
    expect(spans[0]?.attributes).toMatchObject({
      "bk_job_graphql.code": code,
      "http.response.status_code": result.status,
    });
  });

  it.each([
    ["{"],
    ["{ nothing }"],
    // Its errors are long enough to be compressed.
    [`{ ${Array.from({ length: 50 }, (_, index) => `nothing${index}`).join(" ")} }`],
  ])("by GET contains the trace id: %s", async (query) => {
    const gateway = await useTracedGateway({ config: { compression: { encodings: ["gzip"] } } });
    const response = await fetch(`${gateway.url}?query=${encodeURIComponent(query)}`, {
      headers: { "apollo-require-preflight": "true" },
    });
    const { errors } = (await response.json()) as { errors: { extensions: { traceId: string } }[] };
    const [request] = await gateway.allSpans();
    expect(errors[0]?.extensions.traceId).toBe(request?.traceId);
  });

  it("has no trace id without tracing", async () => {
    const gateway = await useTracedGateway({ config: { tracing: null } });
    const headers = { traceparent: SAMPLED };
    const error = onlyError(await gateway.ask(jobQuery("20000090005"), {}, headers));
    expect(Object.keys(error.extensions)).toEqual(["code", "upstream"]);
    const invalid = onlyError(await gateway.ask("{", {}, headers));
    expect(Object.keys(invalid.extensions)).toEqual(["code"]);
  });
});

it("a query whose client disconnects is aborted, and no error", async () => {
  const gateway = await useTracedGateway();
  const client = new AbortController();
  const headers = { "x-bkapi-authorization": AUTHORIZATION };
  const sent = postOperation(gateway.url, { query: jobQuery("20000090502") }, headers, client.signal);
  const failed = expect(sent).rejects.toThrow();
  await expect.poll(() => gateway.simulator.requests).toHaveLength(1);
  client.abort();
  await failed;
  await expect.poll(() => gateway.collector.spans).toHaveLength(3);

  const spans = await gateway.allSpans();
  expect(spans.map(({ isError }) => isError)).toEqual([false, false, false]);
  expect(spans.map(({ attributes }) => attributes["error.type"])).toEqual(["ABORTED", "ABORTED", "ABORTED"]);
});

it("each attempt of a call that is retried is a span", async () => {
  const retries = { maxRetries: 2, backoffMs: 0, budgetPercent: 20 };
  const gateway = await useTracedGateway({ upstream: { retries } });
  let calls = 0;
  gateway.simulator.script("100", () => {
    calls += 1;
    return calls === 1 ? { kind: "raw", status: 503, headers: {}, body: "" } : undefined;
  });
  await gateway.ask(jobQuery("100"));

  const spans = await gateway.allSpans();
  expect(treeOf(spans)).toEqual([["POST /graphql", ["query", [CALL], [CALL]]]]);
  const attempts = spans.filter(({ kind }) => kind === "CLIENT");
  expect(attempts.map(({ isError }) => isError).toSorted()).toEqual([false, true]);
  const failed = onlySpan(attempts, ({ isError }) => isError);
  const retried = onlySpan(attempts, ({ isError }) => !isError);
  expect(failed.attributes).toMatchObject({ "http.response.status_code": 503 });
  expect(failed.attributes).not.toHaveProperty("http.request.resend_count");
  expect(retried.attributes).toMatchObject({ "http.request.resend_count": 1 });
  const sent = gateway.simulator.requests.map(({ headers }) => String(headers.traceparent).split("-")[2]);
  expect(sent).toEqual([failed.spanId, retried.spanId]);
});

it("a request without credentials makes no call, and has no span of one", async () => {
  const gateway = await useTracedGateway();
  const { errors } = await ask(gateway.url, { query: jobQuery("100") });
  expect(errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
  expect(treeOf(await gateway.allSpans())).toEqual([["POST /graphql", ["query"]]]);
});

it("health checks, metrics, unknown paths and other methods have no spans", async () => {
  const gateway = await useTracedGateway({ config: { metrics: { port: null } } });
  for (const path of ["/healthz", "/readyz", "/metrics", "/nowhere"]) {
    await (await fetch(new URL(path, gateway.url), { headers: { traceparent: SAMPLED } })).text();
  }
  await (await fetch(gateway.url, { method: "DELETE" })).text();
  expect(await gateway.allSpans()).toEqual([]);
});

/** The name of the root span of a subscription over each transport. */
const SUBSCRIPTIONS = [
  ["server-sent events", subscribeByEvents, [["POST /graphql/stream", ["subscription", [CALL]]]]],
  ["multipart", subscribeByApolloClient, [["POST /graphql", ["subscription", [CALL]]]]],
  ["WebSocket", subscribeByWebSocket, [["subscription", [CALL]]]],
] as const;

describe.each(SUBSCRIPTIONS)("a subscription over %s", (_name, subscribe, tree) => {
  it("is a span until its first event, and its polls are traces of their own", async () => {
    const gateway = await useTracedGateway(withLive({}));
    const query = jobSubscription("20000000004").replace("subscription", "subscription Watch");
    const stream = subscribe(gateway.url, { query });
    await expect.poll(() => stream.results.length).toBe(1);
    // The subscription is still open.
    const isPoll = ({ attributes }: { attributes: Readonly<Record<string, unknown>> }) =>
      attributes["bk_job_graphql.upstream.purpose"] === "poll";
    const { collector } = gateway;
    await expect.poll(() => collector.spans.filter(isPoll).length).toBeGreaterThan(2);
    const others = inOrder(collector.spans.filter((span) => !isPoll(span)));
    expect(treeOf(others)).toEqual(tree);
    const operation = onlySpan(others, ({ name }) => name === "subscription");
    expect(operation.attributes).toMatchObject({
      "graphql.operation.name": "Watch",
      "graphql.operation.type": "subscription",
      "graphql.document.hash": expect.stringMatching(/^[\da-f]{64}$/),
      "bk_job_graphql.code": "OK",
    });
    const polls = collector.spans.filter(isPoll);
    for (const poll of polls) {
      expect(poll).toMatchObject({ name: CALL, kind: "CLIENT", parentSpanId: "", links: [] });
    }
    expect(new Set([operation, ...polls].map(({ traceId }) => traceId)).size).toBe(polls.length + 1);
    stream.stop();
    expect((await gateway.allSpans()).filter(({ name }) => name === "subscription")).toHaveLength(1);
  });

  it("has the trace id in its error", async () => {
    const gateway = await useTracedGateway(withLive({ maxFailures: 1 }));
    const stream = subscribe(gateway.url, { query: jobSubscription("20000090005") });
    await expect.poll(() => stream.results.length).toBe(1);
    const spans = await gateway.allSpans();
    const operation = onlySpan(spans, ({ name }) => name === "subscription");
    expect(stream.results[0]?.errors?.[0]?.extensions).toMatchObject({
      code: "UPSTREAM_ERROR",
      traceId: operation.traceId,
    });
    expect(operation).toMatchObject({ isError: true });
    expect(operation.attributes).toMatchObject({ "error.type": "UPSTREAM_ERROR" });
  });

  it("ends its span if the client leaves before the first event", async () => {
    const upstream = await useHeldUpstream({ onTestFinished });
    const gateway = await useTracedGateway({ upstream: { baseUrl: new URL(upstream.url) } });
    const stream = subscribe(gateway.url, { query: jobSubscription("1") });
    await upstream.called;
    stream.stop();
    await upstream.aborted;
    const find = () => gateway.collector.spans.find(({ name }) => name === "subscription");
    await expect.poll(find).toBeDefined();
    expect(find()).toMatchObject({ isError: false, attributes: { "error.type": "ABORTED" } });
  });
});

it("an operation over a WebSocket that overload rejects has a trace id in its error", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const gateway = await useTracedGateway({
    upstream: { baseUrl: new URL(upstream.url) },
    config: { loadShedding: { maxOperations: 1, maxEventLoopDelayMs: 0 } },
  });
  const running = gateway.ask(jobQuery("1"));
  await upstream.called;
  const rejection = await subscribeByWebSocket(gateway.url, { query: jobSubscription("2") }).completed.catch(
    String,
  );
  expect(rejection).toContain("OVERLOADED");
  expect(rejection).toMatch(/"traceId":"[\da-f]{32}"/);
  upstream.release();
  await running;
});

it.each([
  ["server-sent events", subscribeByEvents],
  ["WebSocket", subscribeByWebSocket],
])("an invalid operation over %s has the trace id in its error", async (_name, subscribe) => {
  const gateway = await useTracedGateway();
  const stream = subscribe(gateway.url, { query: "subscription { nothing }" });
  const rejection = await stream.completed.catch(String);
  const operation = onlySpan(await gateway.allSpans(), ({ name }) => name === "GraphQL Operation");
  expect(operation).toMatchObject({ isError: true });
  const errors = stream.results[0]?.errors ?? JSON.parse(String(rejection).replace(/^Error: /, ""));
  expect(errors[0].extensions).toEqual({ code: "GRAPHQL_VALIDATION_FAILED", traceId: operation.traceId });
});

it("a permission check is a trace of its own", async () => {
  const gateway = await useTracedGateway(withLive({ scheduleMs: [86_400_000], recheckMs: 20 }));
  const stream = subscribeByWebSocket(gateway.url, { query: jobSubscription("20000000004") });
  const find = () =>
    gateway.collector.spans.find(
      ({ attributes }) => attributes["bk_job_graphql.upstream.purpose"] === "permission_check",
    );
  await expect.poll(find).toBeDefined();
  expect(find()).toMatchObject({ parentSpanId: "", kind: "CLIENT" });
  stream.stop();
});

it("operations on a WebSocket belong to the trace in their extensions, not to that of the handshake", async () => {
  const gateway = await useTracedGateway();
  const socket = new WebSocket(gateway.url.replace("http", "ws"), "graphql-transport-ws", {
    headers: { traceparent: SAMPLED.replace("4bf9", "0000"), "x-bkapi-authorization": AUTHORIZATION },
  });
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  const messages: { type: string; id?: string; payload?: { errors?: unknown } }[] = [];
  socket.on("message", (data) => messages.push(JSON.parse(String(data))));
  socket.send(JSON.stringify({ type: "connection_init" }));
  await expect.poll(() => messages.length).toBe(1);
  const query = jobQuery("100");
  const extensions = { traceparent: SAMPLED, tracestate: "vendor=a" };
  socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query, extensions } }));
  socket.send(JSON.stringify({ type: "subscribe", id: "2", payload: { query: jobQuery("1") } }));
  await expect.poll(() => messages.filter(({ type }) => type === "complete")).toHaveLength(2);

  const spans = await gateway.allSpans();
  expect(treeOf(spans)).toEqual([
    ["query", [CALL]],
    ["query", [CALL]],
  ]);
  const [first, second] = spans.filter(({ kind }) => kind === "SERVER");
  expect(first).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID, traceState: "vendor=a" });
  expect(second?.traceId).not.toMatch(/^(4bf9|0000)2f/);
  expect(first?.attributes).toMatchObject({ "network.protocol.name": "websocket" });
  const logged = gateway.logs.filter(({ msg }) => msg === "operation").map((line) => line.traceId);
  expect(logged.toSorted()).toEqual([first?.traceId, second?.traceId].toSorted());
});

describe("a rate-limited operation", () => {
  const useLimited = () => useTracedGateway({ config: { rateLimit: { max: 1, windowMs: 86_400_000 } } });

  it("by POST has the trace id in its error, and only the span of the request", async () => {
    const gateway = await useLimited();
    await gateway.ask(jobQuery("100"));
    const error = onlyError(await gateway.ask(jobQuery("100")));
    const spans = await gateway.allSpans();
    const request = onlySpan(spans, ({ attributes }) => attributes["http.response.status_code"] === 429);
    expect(request.attributes).toMatchObject({ "bk_job_graphql.code": "RATE_LIMITED" });
    expect(error.extensions).toMatchObject({ code: "RATE_LIMITED", traceId: request.traceId });
    expect(spans).toHaveLength(4);
  });

  it("on a WebSocket has a span, and its trace id in its error", async () => {
    const gateway = await useLimited();
    await gateway.ask(jobQuery("100"));
    const stream = subscribeByWebSocket(gateway.url, { query: jobQuery("100") });
    const error = await stream.completed.catch(String);
    const spans = await gateway.allSpans();
    const rejected = onlySpan(spans, ({ name }) => name === "GraphQL Operation");
    expect(rejected).toMatchObject({ kind: "SERVER", isError: true });
    expect(rejected.attributes).toMatchObject({ "bk_job_graphql.code": "RATE_LIMITED" });
    expect(error).toContain(`"traceId":"${rejected.traceId}"`);
  });
});

it("log lines of requests contain the trace id", async () => {
  const gateway = await useTracedGateway();
  await gateway.ask(jobQuery("100"));
  await gateway.ask("{");
  await (await fetch(new URL("/unknown", gateway.url))).text();
  const spans = await gateway.allSpans();
  const ids = spans.filter(({ kind }) => kind === "SERVER").map(({ traceId }) => traceId);
  const logged = gateway.logs
    .filter(({ msg }) => msg === "request")
    .map(({ path, traceId }) => [path, traceId]);
  expect(logged.toSorted()).toEqual(
    [
      ["/graphql", ids[0]],
      ["/graphql", ids[1]],
      [null, undefined],
    ].toSorted(),
  );
});

it("spans contain the attributes of the resource", async () => {
  const gateway = await useTracedGateway(
    {},
    { serviceName: "jobs", resourceAttributes: { "service.name": "other", team: "ops" } },
  );
  await gateway.ask(jobQuery("100"));
  const [span] = await gateway.allSpans();
  expect(span?.resource).toMatchObject({
    "service.name": "jobs",
    "service.instance.id": expect.stringMatching(/^[\da-f-]{36}$/),
    "telemetry.sdk.name": "opentelemetry",
    team: "ops",
  });
});

it("the service has a name by default", async () => {
  const gateway = await useTracedGateway();
  await gateway.ask(jobQuery("100"));
  expect((await gateway.allSpans())[0]?.resource).toMatchObject({ "service.name": "bk-job-graphql" });
});

it("spans never contain documents, variables, job ids, credentials or headers", async () => {
  const secret = "s3cr3t-Token";
  const gateway = await useTracedGateway();
  const headers = {
    "x-bkapi-authorization": JSON.stringify({ access_token: secret, bk_token: secret }),
    "x-bk-tenant-id": secret,
    authorization: `Bearer ${secret}`,
    cookie: `bk_token=${secret}`,
    "x-request-id": secret,
    "user-agent": secret,
  };
  const query = `query Job($id: ID!) { ${jobField("$id")} other: ${jobField("20000090005")} }`;
  const variables = { id: "20000000002" };
  await ask(gateway.url, { query, variables }, headers);
  await ask(gateway.url, { query: `{ nothing(token: "${secret}") }` }, headers);
  await ask(gateway.url, { query: `{ "${secret}"` }, headers);
  await ask(gateway.url, { query: "{ __typename }", operationName: secret }, headers);
  await (await fetch(`${gateway.url}?query={__typename}&bk_token=${secret}`)).text();
  expect((await gateway.allSpans()).length).toBeGreaterThan(10);

  const text = gateway.collector.bytes();
  expect(text).toContain("graphql.document.hash");
  for (const hidden of [secret, "20000000002", "20000090005", "__typename", "jobInstance("]) {
    expect(text).not.toContain(hidden);
  }
});

it("exports have the configured headers, and are compressed if configured", async () => {
  const gateway = await useTracedGateway({}, { headers: { authorization: "Bearer x" }, compression: "gzip" });
  await gateway.ask(jobQuery("100"));
  expect(await gateway.allSpans()).toHaveLength(3);
  expect(gateway.collector.requests[0]).toMatchObject({
    authorization: "Bearer x",
    "content-encoding": "gzip",
    "content-type": "application/x-protobuf",
  });
});

describe("without tracing", () => {
  const useUntraced = () => useTracedGateway({ config: { tracing: null } });

  it.each([
    ["POST", byPost],
    ["GET", byGet],
  ])("the trace headers of a request by %s are passed on to the upstream", async (_method, send) => {
    const gateway = await useUntraced();
    await send(gateway.url, jobQuery("100"), { traceparent: SAMPLED, tracestate: "vendor=a" });
    const [request] = gateway.simulator.requests;
    expect(request?.headers).toMatchObject({ traceparent: SAMPLED, tracestate: "vendor=a" });
    expect(gateway.logs[0]).not.toHaveProperty("traceId");
  });

  it("malformed trace headers are not passed on", async () => {
    const gateway = await useUntraced();
    await byPost(gateway.url, jobQuery("100"), { traceparent: "1", tracestate: "vendor=a" });
    await byPost(gateway.url, jobQuery("100"), { tracestate: "vendor=a" });
    expect(gateway.simulator.requests).toHaveLength(2);
    for (const { headers } of gateway.simulator.requests) {
      expect(headers).not.toHaveProperty("traceparent");
      expect(headers).not.toHaveProperty("tracestate");
    }
  });

  it("those of one request do not reach the calls of another with the same credentials", async () => {
    const gateway = await useUntraced();
    await byPost(gateway.url, jobQuery("100"), { traceparent: SAMPLED });
    await byPost(gateway.url, jobQuery("100"));
    expect(gateway.simulator.requests.map(({ headers }) => headers.traceparent)).toEqual([
      SAMPLED,
      undefined,
    ]);
  });
});
