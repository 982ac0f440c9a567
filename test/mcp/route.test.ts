/** `/mcp` as clients of HTTP see it: limits, errors in the form of JSON-RPC, origins, logs and metrics. */
import { describe, expect, it } from "vitest";
import { type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { scrape } from "../support/prometheus.ts";
import { treeOf, useTracedGateway } from "../tracing/tracing.ts";
import {
  jobRef,
  mcpUrl,
  message,
  messagesIn,
  postMessage,
  toolCall,
  useAgent,
  useMcpGateway,
} from "./mcp-client.ts";

const STATUS = toolCall("get_job_status", jobRef("20000000002"));

const jsonRpcError = (code: number, text: RegExp, data: object) => ({
  jsonrpc: "2.0",
  id: null,
  error: { code, message: expect.stringMatching(text), data },
});

it("is not served by default", async () => {
  const gateway = await useGateway();
  const response = await postMessage(gateway, STATUS);
  expect(response.status).toBe(404);
  const text = await response.text();
  expect(text).toContain("The gateway serves /graphql, ");
  expect(text).not.toContain("/mcp");
});

it.each(["GET", "DELETE", "PUT"])("refuses %s, because there are no sessions", async (method) => {
  const response = await fetch(mcpUrl(await useMcpGateway()), { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
});

it("responds to a request with a stream that ends after the response", async () => {
  const gateway = await useMcpGateway();
  const response = await postMessage(gateway, STATUS, { "x-request-id": "agent-1" });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-request-id": "agent-1",
  });
  expect(messagesIn(await response.text())).toMatchObject([
    { id: 1, result: { structuredContent: { name: "日志清理" } } },
  ]);
  await expect
    .poll(() => gateway.logs.find(({ path }) => path === "/mcp"))
    .toMatchObject({
      requestId: "agent-1",
      statusCode: 200,
      operationName: "McpJobStatus",
      upstreamCalls: 1,
      errorCodes: [],
    });
});

it("responds to an unknown method with an error, and to a notification with 202", async () => {
  const gateway = await useMcpGateway();
  const unknown = await postMessage(gateway, message("jobs/start"));
  expect(messagesIn(await unknown.text())).toMatchObject([{ id: 1, error: { code: -32601 } }]);
  const notification = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
  const accepted = await postMessage(gateway, notification);
  expect([accepted.status, await accepted.text()]).toEqual([202, ""]);
});

describe("an invalid request", () => {
  const BAD_REQUEST = { code: "BAD_REQUEST" };

  it.each([
    ["that is not JSON", "{", {}, 400, -32600, /to be JSON/],
    ["without a body", "", {}, 400, -32600, /to be JSON/],
    ["with a batch", [STATUS, STATUS], {}, 400, -32600, /^Expected one JSON-RPC message, got a batch\./],
    [
      "with another content type",
      STATUS,
      { "content-type": "text/plain" },
      415,
      -32000,
      /application\/json, got text\/plain/,
    ],
    ["with a compressed body", STATUS, { "content-encoding": "gzip" }, 415, -32000, /content encoding gzip/],
    ["with a body that is too large", { a: "x".repeat(2 ** 16) }, {}, 413, -32000, /maximum 65536 bytes/],
    [
      "of a page of another origin",
      STATUS,
      { origin: "https://other.example.com" },
      403,
      -32000,
      /origin is not allowed/,
    ],
    [
      "of a page of another site",
      STATUS,
      { "sec-fetch-site": "cross-site" },
      403,
      -32000,
      /origin is not allowed/,
    ],
    [
      "with an invalid deadline",
      STATUS,
      { "x-request-deadline-ms": "soon" },
      400,
      -32600,
      /X-Request-Deadline-Ms/,
    ],
  ])("%s gets an error in the form of JSON-RPC", async (_what, body, headers, status, code, text) => {
    const gateway = await useMcpGateway();
    const response = await postMessage(gateway, body, headers);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect([response.status, await response.json()]).toEqual([status, jsonRpcError(code, text, BAD_REQUEST)]);
    expect(gateway.simulator.requests).toEqual([]);
    await expect
      .poll(() => gateway.logs.find(({ path }) => path === "/mcp"))
      .toMatchObject({ errorCodes: ["BAD_REQUEST"] });
  });

  // These are errors of the SDK.
  it.each([
    ["with another Accept", STATUS, { accept: "application/json" }, 406],
    ["that is no message", { hello: "world" }, {}, 400],
    ["that is null", "null", {}, 400],
    ["of an unknown version of the protocol", STATUS, { "mcp-protocol-version": "1999-01-01" }, 400],
  ])("%s gets an error of the protocol", async (_what, body, headers, status) => {
    const gateway = await useMcpGateway();
    const response = await postMessage(gateway, body, headers);
    expect([response.status, await response.json()]).toEqual([
      status,
      { jsonrpc: "2.0", id: null, error: { code: expect.any(Number), message: expect.any(String) } },
    ]);
    await expect
      .poll(() => gateway.logs.find(({ path }) => path === "/mcp"))
      .toMatchObject({ errorCodes: ["BAD_REQUEST"] });
  });
});

describe("a limit", () => {
  it("RATE_LIMIT_MAX counts each message", async () => {
    const gateway = await useMcpGateway({ config: { rateLimit: { max: 2, windowMs: 3_600_000 } } });
    const ping = () => postMessage(gateway, message("ping"));
    expect([(await ping()).status, (await ping()).status]).toEqual([200, 200]);
    const rejected = await postMessage(gateway, STATUS);
    expect([rejected.status, await rejected.json()]).toEqual([
      429,
      jsonRpcError(-32000, /^Too many operations/, {
        code: "RATE_LIMITED",
        retryAfterMs: expect.any(Number),
      }),
    ]);
    expect(Number(rejected.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("MAX_OPERATIONS_IN_FLIGHT rejects calls beyond it", async (test) => {
    const upstream = await useHeldUpstream(test);
    const options: TestGatewayOptions = {
      upstream: { baseUrl: new URL(upstream.url) },
      config: { loadShedding: { maxOperations: 1, maxEventLoopDelayMs: 0 } },
    };
    const gateway = await useMcpGateway(options);
    const running = postMessage(gateway, STATUS);
    await upstream.called;
    const shed = await postMessage(gateway, STATUS);
    expect([shed.status, await shed.json()]).toEqual([
      503,
      jsonRpcError(-32000, /overloaded/, { code: "OVERLOADED", retryAfterMs: expect.any(Number) }),
    ]);
    upstream.release();
    expect(await (await running).text()).toContain("JobInstanceNotFound: ");
  });
});

it("allows pages of listed origins, with the headers of the protocol", async () => {
  const origin = "https://ops.example.com";
  const gateway = await useMcpGateway({ config: { allowedOrigins: [origin] } });
  const response = await postMessage(gateway, STATUS, { origin });
  expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
  const preflight = await fetch(mcpUrl(gateway), {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-headers")).toContain("mcp-protocol-version");
});

it("aborts the upstream call of a client that disconnects", async (test) => {
  const upstream = await useHeldUpstream(test);
  const gateway = await useMcpGateway({
    // Longer than any test, so that the call does not end by itself.
    upstream: { baseUrl: new URL(upstream.url), timeoutMs: 3_600_000 },
  });
  const client = new AbortController();
  const response = postMessage(gateway, STATUS, {}, client.signal);
  await upstream.called;
  client.abort();
  await expect(response.then((each) => each.text())).rejects.toThrow();
  await upstream.aborted;
  await expect.poll(() => gateway.logs.find(({ path }) => path === "/mcp")).toMatchObject({ aborted: true });
  expect(gateway.logs.filter(({ msg }) => msg === "internal error")).toEqual([]);
});

it("completes a call in flight when the gateway shuts down, and rejects new ones", async (test) => {
  const upstream = await useHeldUpstream(test);
  const gateway = await useMcpGateway({ upstream: { baseUrl: new URL(upstream.url) } });
  const running = postMessage(gateway, STATUS);
  await upstream.called;
  const closed = gateway.close();
  const rejected = await postMessage(gateway, STATUS);
  expect([rejected.status, await rejected.json()]).toEqual([
    503,
    jsonRpcError(-32000, /shutting down/, { code: "SHUTTING_DOWN" }),
  ]);
  upstream.release();
  expect(messagesIn(await (await running).text())).toMatchObject([{ result: { isError: true } }]);
  await closed;
});

it("keeps MAX_BODY_BYTES if that is less", async () => {
  const gateway = await useMcpGateway({ config: { maxBodyBytes: 100 } });
  expect((await postMessage(gateway, STATUS)).status).toBe(413);
  expect((await postMessage(gateway, message("ping"))).status).toBe(200);
});

it("is traced, with the span of the operation", async () => {
  const { url, allSpans } = await useTracedGateway({ config: { mcp: true } });
  await (await postMessage({ url }, STATUS)).text();
  const wait = toolCall("wait_for_job", jobRef("20000000002"));
  await (await postMessage({ url }, wait)).text();
  const call = "GET /api/v4/get_job_instance_status";
  const spans = await allSpans();
  expect(treeOf(spans)).toEqual([
    ["POST /mcp", ["query", [call]]],
    ["POST /mcp", ["subscription", [call]]],
  ]);
  expect(spans.map(({ attributes }) => attributes["graphql.operation.name"]).filter(Boolean)).toEqual([
    "McpJobStatus",
    "McpWaitForJob",
  ]);
});

it("has metrics of its own transport", async () => {
  const gateway = await useMcpGateway({ config: { metrics: { port: null } } });
  const { call } = await useAgent(gateway);
  await call("get_job_status", jobRef("20000000002"));
  await call("get_job_status", jobRef("20000090504"));
  await postMessage(gateway, "{");
  const count = async (code: string, operation = "McpJobStatus") =>
    (await scrape(gateway.url)).sum("bk_job_graphql_operations_total", { transport: "mcp", operation, code });
  await expect.poll(() => count("OK")).toBe(1);
  await expect.poll(() => count("UPSTREAM_UNAVAILABLE")).toBe(1);
  await expect.poll(() => count("BAD_REQUEST", "")).toBe(1);
  // Messages that run no operation, such as those that connect, are not counted.
  expect((await scrape(gateway.url)).sum("bk_job_graphql_operations_total", { transport: "mcp" })).toBe(3);
});

it("never shows credentials", async () => {
  const secret = "access-token-abcdef";
  const gateway = await useMcpGateway({ config: { logLevel: "trace" } });
  gateway.simulator.script("7", ({ headers }) => ({
    kind: "json",
    status: 500,
    body: { error: { code: "INTERNAL", message: `echo ${String(headers["x-bkapi-authorization"])}` } },
  }));
  const headers = { "x-bkapi-authorization": JSON.stringify({ access_token: secret }) };
  const failing = [toolCall("get_job_status", jobRef("7")), message("jobs/start"), "{", { hello: "world" }];
  for (const body of failing) {
    expect(await (await postMessage(gateway, body, headers)).text()).not.toContain(secret);
  }
  await expect.poll(() => gateway.logs.filter(({ path }) => path === "/mcp")).toHaveLength(failing.length);
  expect(JSON.stringify(gateway.logs)).not.toContain(secret);
});
