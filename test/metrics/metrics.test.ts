/** The metrics as Prometheus sees them: what is counted, with which labels. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import {
  AUTHORIZATION,
  jobField,
  jobQuery,
  jobSubscription,
  onJob,
  postOperation,
  queryJob,
} from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByApolloClient, subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { type Scrape, scrape } from "../support/prometheus.ts";
import { ROOT } from "../support/readme.ts";

const useMetrics = (options: TestGatewayOptions = {}): Promise<TestGateway> =>
  useGateway({ ...options, config: { metrics: { port: null }, ...options.config } });

/** Waits for a value, because operations are counted when their response has been closed. */
const expectSum = (
  { url }: Pick<TestGateway, "url">,
  name: string,
  labels: Record<string, string>,
  value: number,
) => expect.poll(async () => (await scrape(url)).sum(`bk_job_graphql_${name}`, labels)).toBe(value);

const named = (name: string, id: string) => `query ${name} { ${jobField(id, onJob("name"))} }`;

it("counts queries by name, and those without a name as the empty name", async () => {
  const gateway = await useMetrics();
  await gateway.ask(named("Overview", "100"));
  await gateway.ask(named("Overview", "20000000002"));
  await gateway.ask(jobQuery("100"));

  const labels = { transport: "http", code: "OK" };
  await expectSum(gateway, "operations_total", { ...labels, operation: "Overview" }, 2);
  await expectSum(gateway, "operations_total", { ...labels, operation: "" }, 1);
  await expectSum(gateway, "operation_duration_seconds_count", { operation: "Overview" }, 2);
  await expectSum(gateway, "operation_duration_seconds_bucket", { operation: "Overview", le: "+Inf" }, 2);
  expect((await scrape(gateway.url)).sum("bk_job_graphql_operation_duration_seconds_sum")).toBeGreaterThan(0);
});

it.each<[string, unknown, string, string]>([
  ["that does not parse", "{", "", "GRAPHQL_PARSE_FAILED"],
  ["that is not valid", "query Invalid { nothing }", "", "GRAPHQL_VALIDATION_FAILED"],
  ["with an invalid id", named("BadId", "0"), "BadId", "BAD_USER_INPUT"],
  ["that the upstream fails", named("Failing", "20000090005"), "Failing", "UPSTREAM_ERROR"],
  ["that is no text", 1, "", "BAD_REQUEST"],
])("counts a query %s with its error code", async (_what, query, operation, code) => {
  const gateway = await useMetrics();
  await (await postOperation(gateway.url, { query }, { "x-bkapi-authorization": AUTHORIZATION })).text();

  await expectSum(gateway, "operations_total", { transport: "http", operation, code }, 1);
  await expectSum(gateway, "operations_total", {}, 1);
  await expectSum(gateway, "operation_errors_total", { code }, 1);
});

it("reports the versions of the gateway and of Node.js", async () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  const labels = { version, node: process.versions.node };
  await expectSum(await useMetrics(), "build_info", labels, 1);
});

it("counts an operation once, with its first error code, and every error", async () => {
  const gateway = await useMetrics();
  await gateway.ask(`query Two { a: ${jobField("0")} b: ${jobField("-1")} c: ${jobField("20000090005")} }`);

  await expectSum(gateway, "operations_total", { operation: "Two" }, 1);
  await expectSum(gateway, "operations_total", { operation: "Two", code: "BAD_USER_INPUT" }, 1);
  await expectSum(gateway, "operation_errors_total", { code: "BAD_USER_INPUT" }, 2);
  await expectSum(gateway, "operation_errors_total", { code: "UPSTREAM_ERROR" }, 1);
});

it("counts a query whose client disconnects as aborted, and not as an error", async () => {
  const gateway = await useMetrics();
  const client = new AbortController();
  const body = { query: named("Slow", "20000090502") };
  const headers = { "x-bkapi-authorization": AUTHORIZATION };
  const sent = postOperation(gateway.url, body, headers, client.signal).catch(() => {});
  await expect.poll(() => gateway.simulator.requests).toHaveLength(1);
  client.abort();
  await sent;

  await expectSum(gateway, "operations_total", { operation: "Slow", code: "ABORTED" }, 1);
  await expectSum(gateway, "operation_errors_total", {}, 0);
  await expectSum(gateway, "upstream_call_duration_seconds_count", { outcome: "ABORTED" }, 1);
});

it("counts neither health checks, nor unknown paths, nor the page of the explorer", async () => {
  const gateway = await useMetrics();
  for (const path of ["/healthz", "/readyz", "/metrics", "/nowhere", "/graphql"]) {
    await (await fetch(new URL(path, gateway.url), { headers: { accept: "text/html" } })).text();
  }
  await gateway.ask("{ __typename }");

  await expectSum(gateway, "operations_total", {}, 1);
});

it.each([
  ["multipart", subscribeByApolloClient],
  ["sse", subscribeByEvents],
  ["websocket", subscribeByWebSocket],
])("counts a subscription over %s, without its duration", async (transport, subscribe) => {
  const gateway = await useMetrics();
  const operation = jobSubscription("20000000001").replace("subscription", "subscription Done");
  await subscribe(gateway.url, { query: operation }).completed;

  await expectSum(gateway, "operations_total", { transport, operation: "Done", code: "OK" }, 1);
  await expectSum(gateway, "operations_total", {}, 1);
  await expectSum(gateway, "operation_duration_seconds_count", {}, 0);
});

it("counts requests for a stream that reach no operation", async () => {
  const gateway = await useMetrics();
  await (await fetch(`${gateway.url}/stream?query={__typename}`)).text();
  await expectSum(gateway, "operations_total", { transport: "sse", code: "BAD_REQUEST" }, 1);
});

it("counts rejected WebSockets", async () => {
  const gateway = await useMetrics({ config: { webSocket: { maxConnections: 0 } } });
  const socket = new WebSocket(gateway.url.replace("http", "ws"), "graphql-transport-ws");
  await once(socket, "error");
  await expectSum(gateway, "operations_total", { transport: "websocket", code: "TOO_MANY_OPERATIONS" }, 1);
});

it.each([
  ["a connection error", "20000090504", 1],
  ["HTTP 500", "20000090020", 1],
  ["HTTP 502", "20000090302", 1],
  ["HTTP 400", "20000090018", 0],
  ["HTTP 429", "20000090004", 0],
  ["another page", "20000090301", 0],
])("counts %s of the upstream as a failure or not", async (_what, id, failures) => {
  const gateway = await useMetrics();
  await queryJob(gateway, id);
  expect((await scrape(gateway.url)).sum("bk_job_graphql_upstream_failures_total")).toBe(failures);
});

it.each([
  ["100", "ok"],
  ["20000000404", "not_found"],
  ["20000000403", "denied"],
  ["20000090004", "RATE_LIMITED"],
  ["20000090008", "UNAUTHENTICATED"],
  ["20000090103", "FORBIDDEN"],
  ["20000090005", "UPSTREAM_ERROR"],
  ["20000090112", "UPSTREAM_UNAVAILABLE"],
])("counts the upstream call for job %s with the outcome %s", async (id, outcome) => {
  const gateway = await useMetrics();
  await queryJob(gateway, id);

  const { sum } = await scrape(gateway.url);
  expect(sum("bk_job_graphql_upstream_call_duration_seconds_count", { data: "status", outcome })).toBe(1);
  expect(sum("bk_job_graphql_upstream_call_duration_seconds_count")).toBe(1);
  expect(sum("bk_job_graphql_upstream_queue_wait_seconds_count")).toBe(1);
});

it("counts the bytes of upstream responses, with and without host results", async () => {
  const gateway = await useMetrics();
  await gateway.ask(jobQuery("20000000002", onJob("name")));
  await gateway.ask(jobQuery("20000000006", onJob("hostSummary { total }")));

  const { sum } = await scrape(gateway.url);
  const name = "bk_job_graphql_upstream_response_bytes_total";
  expect(sum(name, { data: "status" })).toBeGreaterThan(100);
  // 10 000 hosts.
  expect(sum(name, { data: "hosts" })).toBeGreaterThan(1_000_000);
});

it("counts no upstream call for a caller without credentials", async () => {
  const gateway = await useMetrics();
  await gateway.ask(jobQuery("100"), {}, { "x-bkapi-authorization": undefined });
  const { sum } = await scrape(gateway.url);
  expect(sum("bk_job_graphql_upstream_call_duration_seconds_count")).toBe(0);
});

const lookupsOf = ({ sum }: Scrape) =>
  ["cache", "coalesced", "upstream"].map((source) => sum("bk_job_graphql_job_lookups_total", { source }));

it("counts what served lookups: the cache, a call in flight, or a call of their own", async () => {
  const snapshots = { maxAgeRunningMs: 3_600_000, maxAgeFinishedMs: 3_600_000, maxBytes: 2 ** 26 };
  const upstream = await useHeldUpstream({ onTestFinished });
  const gateway = await useMetrics({
    config: { metrics: { port: null }, snapshots },
    upstream: { baseUrl: new URL(upstream.url) },
  });
  expect(lookupsOf(await scrape(gateway.url))).toEqual([0, 0, 0]);

  const waiting = [queryJob(gateway), queryJob(gateway)];
  await expect.poll(async () => lookupsOf(await scrape(gateway.url))).toEqual([0, 1, 1]);
  upstream.release();
  await Promise.all(waiting);
  await queryJob(gateway);
  expect(lookupsOf(await scrape(gateway.url))).toEqual([1, 1, 1]);
});

it("reports the memory of the caches", async () => {
  const snapshots = { maxAgeRunningMs: 3_600_000, maxAgeFinishedMs: 3_600_000, maxBytes: 2 ** 26 };
  const gateway = await useMetrics({ config: { metrics: { port: null }, snapshots } });
  const bytes = async (cache: string) =>
    (await scrape(gateway.url)).sum("bk_job_graphql_cache_bytes", { cache });
  expect([await bytes("snapshots"), await bytes("prepared_operations")]).toEqual([0, 0]);

  await gateway.ask(jobQuery("20000000006", onJob("hostSummary { total }")));
  expect(await bytes("snapshots")).toBeGreaterThan(1_000_000);
  expect(await bytes("prepared_operations")).toBeGreaterThan(1_000);
});

it("reports open subscriptions, their memory, pollers and WebSockets", async () => {
  const gateway = await useMetrics();
  const gauges = async () => {
    const { sum } = await scrape(gateway.url);
    const names = ["subscriptions", "pollers", "websocket_connections", "subscription_memory_bytes"];
    return names.map((name) => sum(`bk_job_graphql_${name}`));
  };
  expect(await gauges()).toEqual([0, 0, 0, 0]);

  const streams = [subscribeByWebSocket, subscribeByWebSocket, subscribeByEvents].map((subscribe) =>
    subscribe(gateway.url, { query: jobSubscription("20000000010") }),
  );
  // Three subscriptions of one job, two of them by a WebSocket each.
  await expect.poll(gauges).toEqual([3, 1, 2, expect.any(Number)]);
  expect((await gauges())[3]).toBeGreaterThan(1_000);
  for (const { stop } of streams) stop();
  await expect.poll(gauges).toEqual([0, 0, 0, 0]);
});

it("reports running and queued upstream calls, and the limits", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const gateway = await useMetrics({
    upstream: { baseUrl: new URL(upstream.url), connections: 1, maxQueue: 9 },
  });
  const calls = async () => {
    const { sum } = await scrape(gateway.url);
    return ["upstream_running_calls", "upstream_queued_calls"].map((name) => sum(`bk_job_graphql_${name}`));
  };
  const answers = ["1", "2", "3"].map((id) => queryJob(gateway, id));
  await expect.poll(calls).toEqual([1, 2]);
  const { sum } = await scrape(gateway.url);
  expect(sum("bk_job_graphql_limit", { setting: "UPSTREAM_CONNECTIONS" })).toBe(1);
  expect(sum("bk_job_graphql_limit", { setting: "UPSTREAM_MAX_QUEUE" })).toBe(9);
  expect(sum("bk_job_graphql_limit", { setting: "LIVE_MAX_VIEWERS" })).toBe(10_000);
  expect(sum("bk_job_graphql_limit", { setting: "WEBSOCKET_MAX_CONNECTIONS" })).toBe(1_000);

  upstream.release();
  await Promise.all(answers);
  expect(await calls()).toEqual([0, 0]);
});

it("reports the event-loop delay and the process", async () => {
  const gateway = await useMetrics();
  const { sum } = await scrape(gateway.url);
  expect(sum("process_resident_memory_bytes")).toBeGreaterThan(2 ** 20);
  expect(sum("process_cpu_seconds_total")).toBeGreaterThan(0);
  await expect
    .poll(async () => (await scrape(gateway.url)).sum("nodejs_eventloop_lag_max_seconds"))
    .toBeGreaterThan(0);
});
