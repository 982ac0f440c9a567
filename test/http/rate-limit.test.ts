/** RATE_LIMIT_MAX as clients see it: status, headers and errors, over all transports with one counter per caller. */
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import Fastify from "fastify";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRateLimiter } from "../../src/http/rate-limit.ts";
import type { OperationCounts } from "../../src/redis/operation-counts.ts";
import { AUTHORIZATION, jobQuery, jobSubscription, postOperation, queryJob } from "../support/ask.ts";
import { type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";

/** Longer than any test. */
const WINDOW_MS = 3_600_000;

const useRateLimit = (max: number, config: TestGatewayOptions["config"] = {}) =>
  useGateway({ config: { rateLimit: { max, windowMs: WINDOW_MS }, metrics: { port: null }, ...config } });

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };
const BODY = { query: "{ __typename }" };
const OTHER = { "x-bkapi-authorization": '{"access_token":"other"}' };

it("rejects further operations of a caller with 429, the headers and the time to wait", async () => {
  const { url, simulator, logs } = await useRateLimit(2);
  const headersOf = ({ headers }: Response) =>
    ["limit", "remaining"].map((name) => headers.get(`x-ratelimit-${name}`));
  const first = await postOperation(url, BODY, CREDENTIALS);
  expect([first.status, ...headersOf(first)]).toEqual([200, "2", "1"]);
  expect(Number(first.headers.get("x-ratelimit-reset"))).toBe(WINDOW_MS / 1_000);
  expect(headersOf(await postOperation(url, BODY, CREDENTIALS))).toEqual(["2", "0"]);

  const rejected = await postOperation(url, { query: jobQuery("100") }, CREDENTIALS);
  expect([rejected.status, ...headersOf(rejected)]).toEqual([429, "2", "0"]);
  const { errors } = (await rejected.json()) as {
    errors: [{ message: string; extensions: { code: string; retryAfterMs: number } }];
  };
  const { code, retryAfterMs } = errors[0].extensions;
  expect(errors).toHaveLength(1);
  expect(code).toBe("RATE_LIMITED");
  expect(errors[0].message).toBe(
    `Too many operations (maximum 2 in ${WINDOW_MS} ms for one caller). Retry in ${retryAfterMs} ms.`,
  );
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(WINDOW_MS);
  expect(rejected.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
  expect(simulator.requests).toEqual([]);
  await expect
    .poll(() => logs)
    .toContainEqual(expect.objectContaining({ errorCodes: ["RATE_LIMITED"], reason: "RATE_LIMIT_MAX" }));
});

it.each([
  ["application/json", "application/json; charset=utf-8"],
  ["application/graphql-response+json", "application/graphql-response+json; charset=utf-8"],
  ["text/event-stream", "application/json; charset=utf-8"],
])("has a content type for Accept: %s", async (accept, expected) => {
  const { url } = await useRateLimit(0);
  const response = await postOperation(url, BODY, { ...CREDENTIALS, accept });
  expect(response.status).toBe(429);
  expect(response.headers.get("content-type")).toBe(expected);
});

it("counts each caller on its own, whatever tenant and language it sends", async () => {
  const { url } = await useRateLimit(1);
  const statusFor = async (headers: Record<string, string>) => {
    const response = await postOperation(url, BODY, headers);
    await response.text();
    return response.status;
  };
  expect(await statusFor(CREDENTIALS)).toBe(200);
  expect(await statusFor({ ...CREDENTIALS, "x-bk-tenant-id": "b", "accept-language": "zh" })).toBe(429);
  expect(await statusFor(OTHER)).toBe(200);
  expect(await statusFor({ authorization: "Bearer other" })).toBe(429);
  expect(await statusFor({ cookie: "bk_token=ann" })).toBe(200);
  expect(await statusFor({ cookie: "a=b; bk_token=ann" })).toBe(429);
  // All without credentials have the same address.
  expect(await statusFor({})).toBe(200);
  expect(await statusFor({ cookie: "a=b" })).toBe(429);
});

it("has one counter for HTTP, server-sent events and WebSockets", async () => {
  const { url, simulator, logs } = await useRateLimit(3);
  const query = jobSubscription("20000000001");
  expect((await postOperation(url, BODY, CREDENTIALS)).status).toBe(200);
  await subscribeByEvents(url, { query }).completed;
  await subscribeByWebSocket(url, { query }).completed;
  const upstreamCalls = simulator.requests.length;

  await expect(subscribeByWebSocket(url, { query }).completed).rejects.toThrow(
    /"code":"RATE_LIMITED","retryAfterMs":\d+/,
  );
  expect(logs.at(-1)).toMatchObject({ msg: "operation", reason: "RATE_LIMIT_MAX" });
  await expect(subscribeByEvents(url, { query }).completed).rejects.toThrow("429");
  expect((await postOperation(url, BODY, CREDENTIALS)).status).toBe(429);
  expect(simulator.requests).toHaveLength(upstreamCalls);
  const { sum } = await scrape(url);
  expect(sum("bk_job_graphql_limit_rejections_total", { limit: "RATE_LIMIT_MAX" })).toBe(3);
  const total = "bk_job_graphql_operations_total";
  await expect.poll(async () => (await scrape(url)).sum(total, { code: "RATE_LIMITED" })).toBe(3);
});

it("does not limit health checks and metrics", async () => {
  const { url } = await useRateLimit(0);
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    const response = await fetch(new URL(path, url));
    expect([response.status, response.headers.get("x-ratelimit-limit")]).toEqual([200, null]);
  }
});

it("does not count preflight requests, and lets pages of other origins read the error and its headers", async () => {
  const origin = "https://ops.example.com";
  const { url } = await useRateLimit(1, { allowedOrigins: [origin] });
  for (let time = 0; time < 3; time++) {
    const headers = { origin, "access-control-request-method": "POST" };
    expect((await fetch(url, { method: "OPTIONS", headers })).status).toBe(204);
  }
  expect((await postOperation(url, BODY, { origin })).status).toBe(200);
  const { status, headers } = await postOperation(url, BODY, { origin });
  expect([status, headers.get("access-control-allow-origin")]).toEqual([429, origin]);
  const exposed = headers.get("access-control-expose-headers")?.split(", ");
  expect(exposed).toEqual(expect.arrayContaining(["retry-after", "x-ratelimit-remaining"]));
});

it("Apollo Client reports the code and the time to wait", async () => {
  const { url } = await useRateLimit(0);
  const link = new HttpLink({ uri: url, headers: CREDENTIALS });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const error = await client
    .query({ query: gql(jobQuery("100")) })
    .then(() => null)
    .catch((reason: unknown) => reason);
  expect(CombinedGraphQLErrors.is(error)).toBe(true);
  expect(error).toMatchObject({
    errors: [{ extensions: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } }],
  });
});

it("accepts operations again in the next window", async () => {
  const gateway = await useGateway({ config: { rateLimit: { max: 1, windowMs: 50 } } });
  await queryJob(gateway);
  await expect.poll(async () => (await queryJob(gateway)).status).toBe(200);
});

it("has counters for the last 10 000 callers only", async () => {
  const { count } = createRateLimiter({ max: 1, windowMs: WINDOW_MS }, null, null, null);
  const countFor = (caller: number) => count({ authorization: `Bearer ${caller}` }, "127.0.0.1");
  expect(await countFor(0)).toBeNull();
  expect(await countFor(0)).not.toBeNull();
  for (let caller = 1; caller <= 10_000; caller++) await countFor(caller);
  expect(await countFor(10_000)).not.toBeNull();
  expect(await countFor(0)).toBeNull();
});

it("counts callers without credentials by address, or by /64 network of IPv6", async () => {
  const { count } = createRateLimiter({ max: 1, windowMs: WINDOW_MS }, null, null, null);
  const isFirst = async (address: string) => (await count({}, address)) === null;
  expect(await isFirst("10.0.0.1")).toBe(true);
  expect(await isFirst("::ffff:10.0.0.1")).toBe(false);
  expect(await isFirst("10.0.0.2")).toBe(true);
  expect(await isFirst("2001:db8::1")).toBe(true);
  expect(await isFirst("2001:DB8:0:0:ffff::9")).toBe(false);
  expect(await isFirst("2001:db8:0:1::1")).toBe(true);
});

it("has windows that do not depend on the clock of the machine", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const { count } = createRateLimiter({ max: 1, windowMs: WINDOW_MS }, null, null, null);
  await count({}, "10.0.0.1");
  vi.setSystemTime(Date.now() + 2 * WINDOW_MS);
  expect(await count({}, "10.0.0.1")).not.toBeNull();
});

it("shares the counters of 10 000 new callers in a window, because anyone can create callers", async () => {
  const names = new Set<string>();
  const shared: OperationCounts = {
    nameOf: (caller) => caller,
    add: async (name, known) => {
      names.add(name);
      return known;
    },
  };
  const { count } = createRateLimiter({ max: 10, windowMs: WINDOW_MS }, null, shared, null);
  for (let caller = 0; caller < 10_100; caller++) await count({ authorization: `Bearer ${caller}` }, "::1");
  expect(names.size).toBe(10_000);
});

it("counts a request whose client has disconnected, and therefore has no address", async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.addHook("onRequest", (request, _reply, done) => {
    // What Fastify reads from a socket that was reset.
    Object.defineProperty(request, "ip", { value: undefined });
    done();
  });
  const { onRequest } = createRateLimiter({ max: 1, windowMs: WINDOW_MS }, null, null, null);
  app.get("/", { onRequest }, async () => "counted");
  const statuses = [await app.inject("/"), await app.inject("/")].map(({ statusCode }) => statusCode);
  expect(statuses).toEqual([200, 429]);
});

it("sends no headers by default", async () => {
  const gateway = await useGateway();
  expect((await queryJob(gateway)).headers.get("x-ratelimit-limit")).toBeNull();
});
