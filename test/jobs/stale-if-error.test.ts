/** Stale if error: while the upstream is unavailable, an earlier state of a job is served, marked as such. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import {
  AUTHORIZATION,
  type GraphQLResponse,
  jobField,
  jobQuery,
  jobSubscription,
  onJob,
  onlyError,
} from "../support/ask.ts";
import { type TestGateway, type TestGatewayOptions, useGateway, withLive } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";

const ID = "20000000001";
const OTHER = "20000000002";
const STALE_MS = 60_000;

/** Stops the clock of snapshots for one test. @returns a function that advances it */
function useClock(): (ms: number) => void {
  // Whole milliseconds, so that sums are exact.
  let now = Math.ceil(performance.now());
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return (ms) => {
    now += ms;
  };
}

const page = (status: number, headers = {}): SimulatedResponse => ({
  kind: "raw",
  status,
  headers,
  body: "",
});

async function useStale(options: TestGatewayOptions = {}) {
  const advance = useClock();
  const snapshots = {
    maxAgeRunningMs: 1_000,
    maxAgeFinishedMs: 1_000,
    maxBytes: 2 ** 28,
    staleIfErrorMs: STALE_MS,
  };
  const gateway = await useGateway({
    ...options,
    config: { snapshots, metrics: { port: null }, ...options.config },
  });
  const upstream: { failure: SimulatedResponse | null } = { failure: null };
  for (const id of [ID, OTHER]) gateway.simulator.script(id, () => upstream.failure ?? undefined);
  return { gateway, upstream, advance };
}

const STATUS = onJob("jobInstanceId observedAt");
const HOSTS = onJob("observedAt hostSummary { total }");

/** The response, with its extensions. */
async function askRaw({ url }: TestGateway, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION, ...headers },
    body: JSON.stringify({ query }),
  });
  // The test knows the shape.
  return (await response.json()) as Pick<GraphQLResponse, "data" | "errors"> & { extensions?: unknown };
}

const markOf = (jobInstanceId: string, ageMs: number, code = "UPSTREAM_UNAVAILABLE") => ({
  ref: { scopeType: "BIZ", scopeId: "1", jobInstanceId },
  ageMs,
  code,
});

describe("an outage", () => {
  it.each<[string, SimulatedResponse, string]>([
    ["HTTP 502", page(502), "UPSTREAM_UNAVAILABLE"],
    ["HTTP 503", page(503), "UPSTREAM_UNAVAILABLE"],
    ["HTTP 500", page(500), "UPSTREAM_ERROR"],
    ["a reset connection", { kind: "reset" }, "UPSTREAM_UNAVAILABLE"],
  ])("by %s is bridged by the last state, which is marked", async (_, failure, code) => {
    const { gateway, upstream, advance } = await useStale();
    const before = await askRaw(gateway, jobQuery(ID, STATUS));
    expect(before.extensions).toBeUndefined();
    upstream.failure = failure;
    advance(30_000);

    const { data, errors, extensions } = await askRaw(gateway, jobQuery(ID, STATUS));

    expect(errors).toBeUndefined();
    expect(data).toEqual(before.data);
    expect(extensions).toEqual({ stale: [markOf(ID, 30_000, code)] });
    const { sum } = await scrape(gateway.url);
    expect(sum("bk_job_graphql_job_lookups_total", { source: "stale" })).toBe(1);
    const requests = () => gateway.logs.filter(({ path }) => path === "/graphql");
    await expect.poll(() => requests().map(({ stale }) => stale)).toEqual([undefined, true]);
  });

  it("by a timeout, or with the circuit breaker open, is bridged, too", async () => {
    const { gateway, upstream, advance } = await useStale({
      upstream: {
        circuitBreaker: { failurePercent: 1, minCalls: 2, windowMs: 1_000_000, openMs: 1_000_000 },
      },
    });
    await askRaw(gateway, jobQuery(ID, STATUS));
    upstream.failure = { kind: "hang" };
    advance(2_000);
    const late = await askRaw(gateway, jobQuery(ID, STATUS), { "x-request-deadline-ms": "1" });
    expect(late.extensions).toEqual({ stale: [markOf(ID, 2_000, "UPSTREAM_TIMEOUT")] });

    upstream.failure = page(503);
    await askRaw(gateway, jobQuery(OTHER, STATUS));
    const calls = gateway.simulator.requests.length;
    const rejected = await askRaw(gateway, jobQuery(ID, STATUS));
    expect(rejected.extensions).toEqual({ stale: [markOf(ID, 2_000)] });
    expect(gateway.simulator.requests.length).toBe(calls);
  });

  it("longer than the setting is an error", async () => {
    const { gateway, upstream, advance } = await useStale();
    await askRaw(gateway, jobQuery(ID, STATUS));
    upstream.failure = page(503);
    advance(STALE_MS + 1);
    const { errors, extensions } = await askRaw(gateway, jobQuery(ID, STATUS));
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    expect(extensions).toBeUndefined();
  });

  it("counts the age from the start of the call that returned the state", async () => {
    const { gateway, upstream, advance } = await useStale();
    gateway.simulator.script(ID, () => {
      if (upstream.failure) return upstream.failure;
      advance(50_000);
      return undefined;
    });
    await askRaw(gateway, jobQuery(ID, STATUS));
    upstream.failure = page(503);
    advance(10_000);
    expect((await askRaw(gateway, jobQuery(ID, STATUS))).extensions).toEqual({ stale: [markOf(ID, 60_000)] });
    advance(1);
    expect((await askRaw(gateway, jobQuery(ID, STATUS))).errors).toHaveLength(1);
  });

  it("is an error for other callers, for other jobs and for data that was not requested before", async () => {
    const { gateway, upstream, advance } = await useStale();
    await askRaw(gateway, jobQuery(ID, STATUS));
    upstream.failure = page(503);
    advance(2_000);
    const unavailable = [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }];
    const other = { "x-bkapi-authorization": '{"access_token":"other"}' };
    expect((await askRaw(gateway, jobQuery(ID, STATUS), other)).errors).toMatchObject(unavailable);
    expect((await askRaw(gateway, jobQuery(OTHER, STATUS))).errors).toMatchObject(unavailable);
    expect((await askRaw(gateway, jobQuery(ID, HOSTS))).errors).toMatchObject(unavailable);
  });

  it("is an error with Cache-Control: no-cache, and if the setting is off", async () => {
    const { gateway, upstream, advance } = await useStale();
    await askRaw(gateway, jobQuery(ID, STATUS));
    upstream.failure = page(503);
    advance(2_000);
    const { errors } = await askRaw(gateway, jobQuery(ID, STATUS), { "cache-control": "no-cache" });
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);

    const snapshots = { maxAgeRunningMs: 1_000, maxAgeFinishedMs: 1_000, maxBytes: 2 ** 28 };
    const off = await useStale({ config: { snapshots } });
    await askRaw(off.gateway, jobQuery(ID, STATUS));
    off.upstream.failure = page(503);
    off.advance(2_000);
    expect((await askRaw(off.gateway, jobQuery(ID, STATUS))).errors).toHaveLength(1);
  });
});

it.each<[string, SimulatedResponse]>([
  ["rejected credentials", page(401)],
  ["a rejected app", { kind: "json", status: 403, body: { code_name: "APP_NO_PERMISSION", message: "m" } }],
  ["a rate limit", page(429)],
  ["a bad request", page(400)],
  ["a contract violation", { kind: "json", status: 200, body: [] }],
])("%s is an error in spite of an earlier state", async (_, failure) => {
  const { gateway, upstream, advance } = await useStale();
  await askRaw(gateway, jobQuery(ID, STATUS));
  upstream.failure = failure;
  advance(2_000);
  const { data, errors, extensions } = await askRaw(gateway, jobQuery(ID, STATUS));
  expect([data.jobInstance, errors?.length, extensions]).toEqual([null, 1, undefined]);
});

describe("an earlier state is not served after the upstream has", () => {
  const denial = {
    kind: "json",
    status: 403,
    body: { error: { code: "NO_PERMISSION", message: "m" } },
  } as const;
  const absence = {
    kind: "json",
    status: 404,
    body: { error: { code: "NOT_FOUND", message: "m" } },
  } as const;
  it.each<[string, SimulatedResponse]>([
    ["denied the permission", denial],
    ["lost the job", absence],
    ["rejected the credentials", page(401)],
  ])("%s", async (_, answer) => {
    const { gateway, upstream, advance } = await useStale();
    await askRaw(gateway, jobQuery(ID, STATUS));
    advance(2_000);
    upstream.failure = answer;
    await askRaw(gateway, jobQuery(ID, STATUS));
    advance(2_000);
    upstream.failure = page(503);
    const { errors, extensions } = await askRaw(gateway, jobQuery(ID, STATUS));
    expect([errors?.length, extensions]).toEqual([1, undefined]);
  });

  it("returned a newer one with less data", async () => {
    const { gateway, upstream, advance } = await useStale();
    const hosts = await askRaw(gateway, jobQuery(ID, HOSTS));
    advance(2_000);
    const status = await askRaw(gateway, jobQuery(ID, STATUS));
    expect(status.data.jobInstance.observedAt >= hosts.data.jobInstance.observedAt).toBe(true);
    upstream.failure = page(503);
    advance(2_000);
    expect((await askRaw(gateway, jobQuery(ID, HOSTS))).errors).toHaveLength(1);
    expect((await askRaw(gateway, jobQuery(ID, STATUS))).data).toEqual(status.data);
  });
});

it("each job of an operation is marked once; current ones are not marked", async () => {
  const { gateway, upstream, advance } = await useStale();
  const query = `{
    list: jobInstances(refs: [{ scopeId: "1", jobInstanceId: "${ID}" }, { scopeId: "1", jobInstanceId: "100" }]) { ${HOSTS} }
    status: ${jobField(ID, STATUS)} other: ${jobField(OTHER, STATUS)}
  }`;
  const before = await askRaw(gateway, query);
  upstream.failure = page(503);
  advance(5_000);
  const { data, errors, extensions } = await askRaw(gateway, query);
  expect(errors).toBeUndefined();
  expect(data.list[0]).toEqual(before.data.list[0]);
  expect(extensions).toEqual({ stale: [markOf(ID, 5_000), markOf(OTHER, 5_000)] });
});

it("errors and stale jobs can be in one response", async () => {
  const { gateway, upstream, advance } = await useStale();
  await askRaw(gateway, jobQuery(ID, STATUS));
  upstream.failure = page(503);
  advance(5_000);
  const response = await askRaw(
    gateway,
    `{ stale: ${jobField(ID, STATUS)} failed: ${jobField(OTHER, STATUS)} }`,
  );
  expect(response.errors).toMatchObject([{ path: ["failed"] }]);
  expect(response.extensions).toEqual({ stale: [markOf(ID, 5_000)] });
});

it("the mark is in the response over every transport", async () => {
  const { gateway, upstream, advance } = await useStale();
  await askRaw(gateway, jobQuery(ID, STATUS));
  upstream.failure = page(503);
  advance(5_000);
  const query = jobQuery(ID, STATUS);
  const expected = { extensions: { stale: [markOf(ID, 5_000)] } };
  for (const subscribe of [subscribeByEvents, subscribeByWebSocket]) {
    const { results, completed } = subscribe(gateway.url, { query });
    await completed;
    expect(results).toMatchObject([expected]);
  }
  const get = await fetch(`${gateway.url}?${new URLSearchParams({ query })}`, {
    headers: { "x-bkapi-authorization": AUTHORIZATION, "apollo-require-preflight": "true" },
  });
  expect(await get.json()).toMatchObject(expected);
});

it("a subscription is not served a stale state", async () => {
  const { gateway, upstream, advance } = await useStale({ config: withLive({ maxFailures: 1 }).config });
  await askRaw(gateway, jobQuery(ID, STATUS));
  upstream.failure = page(503);
  advance(2_000);
  const { results, completed } = subscribeByEvents(gateway.url, { query: jobSubscription(ID, STATUS) });
  await completed;
  expect(results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] }]);
});

it("stale states stay within the memory limit of the cache", async () => {
  const snapshots = {
    maxAgeRunningMs: 1_000,
    maxAgeFinishedMs: 1_000,
    maxBytes: 4_000,
    staleIfErrorMs: STALE_MS,
  };
  const { gateway, upstream, advance } = await useStale({ config: { snapshots, metrics: { port: null } } });
  await askRaw(gateway, jobQuery(ID, STATUS));
  await askRaw(gateway, jobQuery(OTHER, STATUS));
  const { sum } = await scrape(gateway.url);
  expect(sum("bk_job_graphql_cache_bytes", { cache: "snapshots" })).toBeLessThanOrEqual(4_000);
  upstream.failure = page(503);
  advance(2_000);
  const answers = await Promise.all([ID, OTHER].map((id) => gateway.ask(jobQuery(id, STATUS))));
  expect(answers.filter(({ errors }) => errors !== undefined).map(onlyError)).not.toEqual([]);
});

it("a state is fresh as long as without the setting", async () => {
  const { gateway, advance } = await useStale();
  for (const [waitMs, calls] of [
    [0, 1],
    [999, 1],
    [1, 2],
    [999, 2],
  ] as const) {
    advance(waitMs);
    await askRaw(gateway, jobQuery(ID, STATUS));
    expect(gateway.simulator.requests).toHaveLength(calls);
  }
});

it("the status is current if only host results fail", async () => {
  const { gateway, upstream, advance } = await useStale();
  gateway.simulator.script(ID, ({ query }) =>
    query.return_ip_result === "true" ? (upstream.failure ?? undefined) : undefined,
  );
  const query = `{ hosts: ${jobField(ID, HOSTS)} status: ${jobField(ID, STATUS)} }`;
  const before = await askRaw(gateway, query);
  upstream.failure = page(503);
  advance(5_000);
  const calls = gateway.simulator.requests.length;
  const { data, errors, extensions } = await askRaw(gateway, query);
  expect(errors).toBeUndefined();
  expect(data.hosts).toEqual(before.data.hosts);
  expect(gateway.simulator.requests.slice(calls).at(-1)?.query.return_ip_result).toBeUndefined();
  expect(data.status).not.toEqual(before.data.status);
  expect(extensions).toEqual({ stale: [markOf(ID, 5_000)] });
});
