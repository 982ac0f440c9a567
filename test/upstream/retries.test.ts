/** Retries of upstream calls: which failures, how often, how late, and how many at all. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { createRetries, type FailedAttempt, type RetryOptions } from "../../src/upstream/retries.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import {
  AUTHORIZATION,
  jobQuery,
  jobSubscription,
  onJob,
  onlyError,
  postOperation,
  queryJob,
} from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { subscribeByEvents } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { response, useRawUpstream } from "../support/raw-upstream.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

const RETRIES: RetryOptions = { maxRetries: 2, backoffMs: 0, budgetPercent: 20 };

const useRetries = (retries: Partial<RetryOptions> = {}) =>
  useGateway({ upstream: { retries: { ...RETRIES, ...retries } }, config: { metrics: { port: null } } });

const page = (status: number, headers = {}): SimulatedResponse => ({
  kind: "raw",
  status,
  headers,
  body: "",
});

/** Responds to the first `times` calls with `failure`. @returns the number of calls so far. */
function failFirst({ simulator }: TestGateway, times: number, failure: SimulatedResponse): () => number {
  let calls = 0;
  simulator.script("100", () => {
    calls += 1;
    return calls <= times ? failure : undefined;
  });
  return () => calls;
}

const retriesOf = async ({ url }: TestGateway, labels = {}) =>
  (await scrape(url)).sum("bk_job_graphql_upstream_retries_total", labels);

describe("a call is retried", () => {
  it.each<[string, SimulatedResponse, string]>([
    ["HTTP 502", page(502), "http_502"],
    ["HTTP 503", page(503), "http_503"],
    ["HTTP 504", page(504), "http_504"],
    ["a reset connection", { kind: "reset" }, "connection"],
  ])("after %s", async (_, failure, reason) => {
    const gateway = await useRetries();
    const calls = failFirst(gateway, 2, failure);

    const { data, errors } = await queryJob(gateway);

    expect(errors).toBeUndefined();
    expect(data.jobInstance.jobInstanceId).toBe("100");
    expect(calls()).toBe(3);
    expect(await retriesOf(gateway, { reason })).toBe(2);
    await expect
      .poll(() => gateway.logs)
      .toContainEqual(expect.objectContaining({ msg: "request", upstreamCalls: 3, upstreamRetries: 2 }));
  });

  it("after a refused connection, and fails with its error after the last retry", async () => {
    const gateway = await useRetries();
    await gateway.simulator.close();

    const { message, extensions } = onlyError(await queryJob(gateway));

    expect(message).toBe("The upstream could not be reached: the connection was refused.");
    expect(extensions).toEqual({ code: "UPSTREAM_UNAVAILABLE" });
    expect(await retriesOf(gateway, { reason: "connection" })).toBe(2);
  });

  it("after an unknown host name", async () => {
    const gateway = await useGateway({
      upstream: { retries: RETRIES, baseUrl: new URL("http://upstream.invalid") },
      config: { metrics: { port: null } },
    });
    onlyError(await queryJob(gateway));
    expect(await retriesOf(gateway, { reason: "connection" })).toBe(2);
  });

  it("for all requests that share it", async () => {
    const gateway = await useRetries({ backoffMs: 1_000 });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    const held = sleeps.hold();
    const calls = failFirst(gateway, 1, page(503));
    const first = queryJob(gateway);
    await expect.poll(held.lengths).toEqual([500]);
    const second = queryJob(gateway);
    await held.end(500);

    for (const { data } of await Promise.all([first, second]))
      expect(data.jobInstance.jobInstanceId).toBe("100");
    expect(calls()).toBe(2);
  });
});

describe("a call is not retried", () => {
  it.each<[string, SimulatedResponse]>([
    ["HTTP 500", page(500)],
    ["HTTP 501", page(501)],
    ["HTTP 429", page(429)],
    ["HTTP 429 with Retry-After", page(429, { "retry-after": "0" })],
    ["HTTP 404", page(404)],
    ["HTTP 401", page(401)],
    ["a contract violation", { kind: "json", status: 200, body: [] }],
    [
      "an incomplete response",
      { kind: "truncated", status: 200, headers: { "content-type": "application/json" }, body: '{"data":' },
    ],
    ["not found", { kind: "json", status: 404, body: { error: { code: "NOT_FOUND", message: "m" } } }],
  ])("after %s", async (_, failure) => {
    const gateway = await useRetries();
    const calls = failFirst(gateway, 9, failure);
    await queryJob(gateway);
    expect(calls()).toBe(1);
    expect(await retriesOf(gateway)).toBe(0);
  });

  it("after headers that no HTTP server sends", async () => {
    const upstream = await useRawUpstream(({ socket }) => socket.end("SSH-2.0-OpenSSH\r\n"));
    const gateway = await useGateway({ upstream: { retries: RETRIES, baseUrl: upstream.url } });
    expect(onlyError(await queryJob(gateway)).extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(upstream.calls).toHaveLength(1);
  });

  it("if retries are off", async () => {
    const gateway = await useGateway();
    const calls = failFirst(gateway, 9, page(503));
    await queryJob(gateway);
    expect(calls()).toBe(1);
  });

  it("if the delay of Retry-After exceeds the timeout of the call", async () => {
    const gateway = await useRetries();
    const calls = failFirst(gateway, 9, page(503, { "retry-after": "61" }));
    expect(onlyError(await queryJob(gateway)).extensions).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      retryAfterMs: 61_000,
    });
    expect(calls()).toBe(1);
  });

  it("when it has timed out", async () => {
    const gateway = await useGateway({ upstream: { retries: RETRIES, timeoutMs: 50 } });
    let calls = 0;
    gateway.simulator.script("100", () => {
      calls += 1;
      return { kind: "hang" };
    });
    expect(onlyError(await queryJob(gateway)).extensions.code).toBe("UPSTREAM_TIMEOUT");
    expect(calls).toBeLessThanOrEqual(1);
  });

  it("when its client has disconnected", async () => {
    const gateway = await useRetries({ backoffMs: 1_000 });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    const held = sleeps.hold();
    const calls = failFirst(gateway, 9, page(503));
    const client = new AbortController();
    const body = { query: jobQuery("100", onJob("name")) };
    const answer = postOperation(
      gateway.url,
      body,
      { "x-bkapi-authorization": AUTHORIZATION },
      client.signal,
    );
    await expect.poll(held.lengths).toEqual([500]);

    client.abort();

    await expect(answer).rejects.toThrow();
    await expect.poll(held.lengths).toEqual([]);
    expect(calls()).toBe(1);
  });

  it("for a subscription, which has a backoff of its own", async () => {
    const gateway = await useRetries();
    const calls = failFirst(gateway, 1, page(503));
    const { results, completed } = subscribeByEvents(gateway.url, { query: jobSubscription("100") });
    await completed;
    expect(results).toHaveLength(1);
    expect(calls()).toBe(2);
    expect(await retriesOf(gateway)).toBe(0);
  });
});

/** Stops the clock for one test. @returns a function that advances it */
const useClock = (): ((ms: number) => void) => {
  let now = 1_000_000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return (ms) => {
    now += ms;
  };
};

it("a retry gets only what is left of the timeout", async () => {
  const advance = useClock();
  const upstream = await useRawUpstream(({ socket }) => {
    // The second attempt hangs.
    if (upstream.calls.length > 1) return;
    advance(20_000);
    socket.write(response("", { status: 503 }));
  });
  const gateway = await useGateway({ upstream: { retries: RETRIES, baseUrl: upstream.url } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const answer = queryJob(gateway);
  await expect.poll(() => upstream.calls.length).toBe(2);
  vi.advanceTimersByTime(40_000);

  expect(onlyError(await answer)).toMatchObject({
    message: "The upstream did not respond within 40000 ms.",
    extensions: { code: "UPSTREAM_TIMEOUT" },
  });
});

it("each attempt counts as a failed call in the readiness", async () => {
  const gateway = await useRetries();
  failFirst(gateway, 9, page(503));
  await queryJob(gateway);
  const { problems } = (await (await fetch(new URL("/readyz", gateway.url))).json()) as {
    problems: unknown[];
  };
  expect(problems).toEqual([
    expect.objectContaining({ message: expect.stringContaining("last 3 upstream calls") }),
  ]);
});

describe("delays and budget", () => {
  const UNAVAILABLE = new UpstreamError("UPSTREAM_UNAVAILABLE", "m", undefined, null, "connection");
  const attempt = (changes: Partial<FailedAttempt> = {}): FailedAttempt => ({
    error: UNAVAILABLE,
    attempts: 1,
    deadlineAt: Infinity,
    signal: new AbortController().signal,
    ...changes,
  });

  it("doubles the limit of the random delay with each retry, up to 5 s", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    useClock();
    const { lengths } = sleeps.hold();
    const { waitForRetry } = createRetries({ maxRetries: 20, backoffMs: 100, budgetPercent: 20 });
    for (const attempts of [1, 2, 3, 7]) void waitForRetry(attempt({ attempts }));
    expect(lengths()).toEqual([50, 100, 200, 2_500]);
  });

  it("adds the delay that the upstream requested", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    onTestFinished(() => void vi.restoreAllMocks());
    useClock();
    const { lengths } = sleeps.hold();
    const { waitForRetry } = createRetries({ maxRetries: 1, backoffMs: 100, budgetPercent: 20 });
    const details = { httpStatus: 503, code: null, jobRequestId: null, gatewayRequestId: null };
    const error = new UpstreamError("UPSTREAM_UNAVAILABLE", "m", details, 3_000);
    void waitForRetry(attempt({ error }));
    expect(lengths()).toEqual([3_050]);
  });

  /** @returns how many of `count` failed calls are retried */
  const retried = async (count: number, { waitForRetry }: ReturnType<typeof createRetries>) => {
    const results = await Promise.allSettled(Array.from({ length: count }, () => waitForRetry(attempt())));
    return results.filter(({ status }) => status === "fulfilled").length;
  };

  it("limits retries to a share of the calls, one per second, and 20 at once", async () => {
    const advance = useClock();
    const events: string[] = [];
    const retries = createRetries(RETRIES, (event) => events.push(event));
    expect(await retried(100, retries)).toBe(20);
    expect(events.filter((event) => event === "budget")).toHaveLength(80);

    for (let call = 0; call < 50; call += 1) retries.countCall();
    expect(await retried(100, retries)).toBe(10);

    advance(3_000);
    expect(await retried(100, retries)).toBe(3);

    advance(1_000_000);
    expect(await retried(100, retries)).toBe(20);
  });

  it("does not take from the budget for calls that are not retried", async () => {
    useClock();
    const retries = createRetries(RETRIES);
    const denied = new UpstreamError("FORBIDDEN", "m");
    for (let call = 0; call < 50; call += 1) {
      await expect(retries.waitForRetry(attempt({ error: denied }))).rejects.toBe(denied);
    }
    expect(await retried(100, retries)).toBe(20);
  });
});

it("retries a small share of the calls while the upstream is down", async () => {
  const gateway = await useRetries({ budgetPercent: 10 });
  gateway.simulator.script("100", () => page(503));
  for (let call = 0; call < 10; call += 1) {
    await Promise.all(Array.from({ length: 20 }, (_, user) => queryAs(gateway, `${call}-${user}`)));
  }
  const text = await scrape(gateway.url);
  // 20 at once, 10 percent of 200, and one per second.
  expect(text.sum("bk_job_graphql_upstream_retries_total")).toBeGreaterThanOrEqual(39);
  expect(text.sum("bk_job_graphql_upstream_retries_total")).toBeLessThan(80);
  expect(text.sum("bk_job_graphql_upstream_retry_budget_exhausted_total")).toBeGreaterThan(100);
});

const queryAs = (gateway: TestGateway, token: string) =>
  queryJob(gateway, "100", { "x-bkapi-authorization": JSON.stringify({ access_token: token }) });
