/** Load shedding as clients see it: 503 for new operations, while health checks and open subscriptions are served. */
import { expect, it, onTestFinished } from "vitest";
import type { LoadSheddingOptions } from "../../src/http/load-shedding.ts";
import { AUTHORIZATION, jobQuery, jobSubscription, postOperation, queryJob } from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";

const useShedding = (
  loadShedding: Partial<LoadSheddingOptions>,
  { config, ...options }: TestGatewayOptions = {},
) =>
  useGateway({
    ...options,
    config: {
      loadShedding: { maxOperations: 0, maxEventLoopDelayMs: 0, ...loadShedding },
      metrics: { port: null },
      ...config,
    },
  });

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };

const shedCount = async ({ url }: TestGateway, limit: string) =>
  (await scrape(url)).sum("bk_job_graphql_limit_rejections_total", { limit });

it("beyond MAX_OPERATIONS_IN_FLIGHT, new operations over all transports are rejected until others end", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const origin = "https://ops.example.com";
  const gateway = await useShedding(
    { maxOperations: 2 },
    { upstream: { baseUrl: new URL(upstream.url) }, config: { allowedOrigins: [origin] } },
  );
  const { url } = gateway;
  const running = [queryJob(gateway, "1"), queryJob(gateway, "2")];
  const runningCalls = async () => (await scrape(url)).sum("bk_job_graphql_upstream_running_calls");
  await expect.poll(runningCalls).toBe(2);

  const headers = { ...CREDENTIALS, accept: "application/graphql-response+json", origin };
  const shed = await postOperation(url, { query: "{ __typename }" }, headers);
  expect([shed.status, shed.headers.get("content-type")]).toEqual([
    503,
    "application/graphql-response+json; charset=utf-8",
  ]);
  expect(shed.headers.get("access-control-allow-origin")).toBe(origin);
  const { errors } = (await shed.json()) as { errors: [{ extensions: { retryAfterMs: number } }] };
  const { retryAfterMs } = errors[0].extensions;
  expect(errors).toEqual([
    {
      message: `The gateway is overloaded. Retry in ${retryAfterMs} ms, or on another instance.`,
      extensions: { code: "OVERLOADED", retryAfterMs },
    },
  ]);
  expect(shed.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
  const reason = "MAX_OPERATIONS_IN_FLIGHT";
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(expect.objectContaining({ errorCodes: ["OVERLOADED"], reason }));
  const query = jobSubscription("3");
  await expect(subscribeByWebSocket(url, { query }).completed).rejects.toThrow('"code":"OVERLOADED"');
  await expect(subscribeByEvents(url, { query }).completed).rejects.toThrow("503");
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    expect((await fetch(new URL(path, url))).status).toBe(200);
  }
  expect(await shedCount(gateway, "MAX_OPERATIONS_IN_FLIGHT")).toBe(3);
  const readiness = await fetch(new URL("/readyz", url));
  const message = "New operations are rejected because of MAX_OPERATIONS_IN_FLIGHT. 2 are running.";
  expect(await readiness.json()).toEqual({ status: "ready", problems: [{ code: "OVERLOADED", message }] });
  const { sum } = await scrape(url);
  expect(sum("bk_job_graphql_operations_in_flight")).toBe(2);
  expect(sum("bk_job_graphql_limit", { setting: "MAX_OPERATIONS_IN_FLIGHT" })).toBe(2);
  const total = "bk_job_graphql_operations_total";
  await expect.poll(async () => (await scrape(url)).sum(total, { code: "OVERLOADED" })).toBe(3);

  upstream.release();
  for (const { status } of await Promise.all(running)) expect(status).toBe(200);
  expect((await scrape(url)).sum("bk_job_graphql_operations_in_flight")).toBe(0);
  expect((await queryJob(gateway)).status).toBe(200);
});

it("of many simultaneous requests, no more than MAX_OPERATIONS_IN_FLIGHT run", async () => {
  const upstream = await useHeldUpstream({ onTestFinished });
  const gateway = await useShedding({ maxOperations: 3 }, { upstream: { baseUrl: new URL(upstream.url) } });
  const statuses: number[] = [];
  const requests = Array.from({ length: 30 }, async (_, index) => {
    const response = await postOperation(gateway.url, { query: jobQuery(String(index + 1)) }, CREDENTIALS);
    if (response.status === 503) expect(response.headers.get("retry-after")).toMatch(/^[1-5]$/);
    await response.text();
    statuses.push(response.status);
  });
  await expect.poll(() => statuses).toHaveLength(27);
  upstream.release();
  await Promise.all(requests);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 503)).toHaveLength(27);
});

it("open subscriptions neither count nor end", async () => {
  const gateway = await useShedding({ maxOperations: 1 });
  const query = jobSubscription("20000000010", "... on JobInstance { status }");
  const first = subscribeByEvents(gateway.url, { query });
  await expect.poll(() => first.results.length).toBeGreaterThan(0);
  const second = subscribeByWebSocket(gateway.url, { query });
  await expect.poll(() => second.results.length).toBeGreaterThan(0);

  // The upstream does not respond to this query.
  const client = new AbortController();
  onTestFinished(() => client.abort());
  const hanging = { query: jobQuery("20000090502") };
  postOperation(gateway.url, hanging, CREDENTIALS, client.signal).catch(() => {});
  await expect.poll(async () => (await gateway.ask("{ __typename }")).status).toBe(503);
  const before = gateway.simulator.requests.length;
  // The job is still polled for its subscriptions.
  await expect.poll(() => gateway.simulator.requests.length).toBeGreaterThan(before + 2);
  const { sum } = await scrape(gateway.url);
  expect(sum("bk_job_graphql_subscriptions")).toBe(2);
  first.stop();
  second.stop();
});

/** Blocks the event loop. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

it("while the event loop is delayed, new operations are rejected and health checks are not", async () => {
  const gateway = await useShedding({ maxEventLoopDelayMs: 100 });
  const { url } = gateway;
  const statusWhileBlocked = async () => {
    block(300);
    return (await postOperation(url, { query: "{ __typename }" }, CREDENTIALS)).status;
  };
  await expect.poll(statusWhileBlocked, { interval: 1 }).toBe(503);
  expect((await fetch(new URL("/healthz", url))).status).toBe(200);
  expect(await shedCount(gateway, "MAX_EVENT_LOOP_DELAY_MS")).toBeGreaterThan(0);

  await expect.poll(async () => (await gateway.ask("{ __typename }")).status).toBe(200);
});
