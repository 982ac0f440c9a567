/** The circuit breaker: when it opens, what it rejects, and how it closes. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createPollSchedule } from "../../src/live/poll-schedule.ts";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import {
  type CircuitBreakerOptions,
  CircuitOpen,
  createCircuitBreaker,
} from "../../src/upstream/circuit-breaker.ts";
import type { RetryOptions } from "../../src/upstream/retries.ts";
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
import { type TestGateway, useGateway, withLive } from "../support/gateway.ts";
import { subscribeByEvents } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";

const OPTIONS: CircuitBreakerOptions = { failurePercent: 50, minCalls: 4, windowMs: 10_000, openMs: 5_000 };

/** Stops the clock for one test. @returns a function that advances it */
function useClock(): (ms: number) => void {
  let now = 1_000_000;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return (ms) => {
    now += ms;
  };
}

function useBreaker(options: Partial<CircuitBreakerOptions> = {}) {
  const advance = useClock();
  const changes: string[] = [];
  const breaker = createCircuitBreaker({ ...OPTIONS, ...options }, ({ state, calls, failures }) =>
    changes.push(`${state} ${failures}/${calls}`),
  );
  const call = (result: "answered" | "failed" | "unknown", caller = "ann") =>
    breaker.end(breaker.start(), caller, result);
  const state = () => breaker.status().state;
  return { ...breaker, advance, changes, call, state };
}

/** The delay with which a call is rejected; null if it is made. */
function rejection({ start }: Pick<ReturnType<typeof useBreaker>, "start">): number | null {
  try {
    start();
    return null;
  } catch (error) {
    if (!(error instanceof CircuitOpen)) throw error;
    return error.retryAfterMs;
  }
}

describe("the state machine", () => {
  it("opens at the share of failures, once there are enough calls", () => {
    const breaker = useBreaker();
    for (const result of ["failed", "failed", "failed"] as const) breaker.call(result);
    expect(breaker.state()).toBe("closed");
    breaker.call("answered");
    expect(breaker.state()).toBe("closed");
    breaker.call("failed");
    expect(breaker.changes).toEqual(["open 4/5"]);
  });

  it("stays closed below the share", () => {
    const breaker = useBreaker();
    for (let call = 0; call < 100; call += 1) breaker.call(call % 5 > 2 ? "failed" : "answered");
    expect(breaker.changes).toEqual([]);
  });

  it("does not count calls that say nothing about the upstream", () => {
    const breaker = useBreaker();
    for (let call = 0; call < 100; call += 1) breaker.call("unknown");
    for (let call = 0; call < 3; call += 1) breaker.call("failed");
    expect(breaker.changes).toEqual([]);
  });

  it("forgets calls that ended before the window", () => {
    const breaker = useBreaker();
    for (let call = 0; call < 3; call += 1) breaker.call("failed");
    breaker.advance(11_000);
    breaker.call("failed");
    expect(breaker.state()).toBe("closed");
    breaker.advance(9_000);
    for (let call = 0; call < 3; call += 1) breaker.call("failed");
    expect(breaker.changes).toEqual(["open 4/4"]);
  });

  it("stays closed while only one of the callers fails", () => {
    const breaker = useBreaker();
    breaker.call("answered", "bob");
    for (let call = 0; call < 100; call += 1) breaker.call("failed");
    expect(breaker.state()).toBe("closed");
    breaker.call("failed", "bob");
    expect(breaker.changes).toEqual(["open 101/102"]);
  });

  it("opens for the only caller once the calls of others are not recent", () => {
    const breaker = useBreaker();
    breaker.call("answered", "bob");
    breaker.advance(5_000);
    for (let call = 0; call < 9; call += 1) breaker.call("failed");
    expect(breaker.state()).toBe("closed");
    breaker.advance(6_000);
    breaker.call("failed");
    expect(breaker.changes).toEqual(["open 10/10"]);
  });

  it("rejects calls with the time until the test call, then lets one through", () => {
    const breaker = useBreaker();
    for (let call = 0; call < 4; call += 1) breaker.call("failed");
    expect(rejection(breaker)).toBe(5_000);
    breaker.advance(4_000.5);
    expect(rejection(breaker)).toBe(1_000);
    expect(breaker.status()).toEqual({ state: "open", msUntilTest: 1_000 });
    breaker.advance(999.5);
    expect(rejection(breaker)).toBeNull();
    expect(breaker.status()).toEqual({ state: "half-open", msUntilTest: 0 });
    expect(rejection(breaker)).toBe(1_000);
  });

  const useHalfOpen = () => {
    const breaker = useBreaker();
    for (let call = 0; call < 4; call += 1) breaker.call("failed");
    breaker.advance(5_000);
    return breaker;
  };

  it("closes when the test call is answered, without memory of earlier failures", () => {
    const breaker = useHalfOpen();
    breaker.call("answered");
    expect(breaker.changes).toEqual(["open 4/4", "half-open 0/0", "closed 0/1"]);
    for (let call = 0; call < 3; call += 1) breaker.call("failed");
    expect(breaker.state()).toBe("closed");
  });

  it("stays open for as long again when the test call fails", () => {
    const breaker = useHalfOpen();
    breaker.call("failed");
    expect(breaker.changes).toEqual(["open 4/4", "half-open 0/0", "open 1/1"]);
    expect(rejection(breaker)).toBe(5_000);
  });

  it("makes another test call when the first was aborted", () => {
    const breaker = useHalfOpen();
    breaker.call("unknown");
    expect(breaker.state()).toBe("half-open");
    expect(rejection(breaker)).toBeNull();
  });

  it("ignores the end of calls that started before the last change of state", () => {
    const breaker = useBreaker();
    const early = [breaker.start(), breaker.start()];
    for (let call = 0; call < 4; call += 1) breaker.call("failed");
    breaker.advance(5_000);
    const test = breaker.start();
    for (const token of early) breaker.end(token, "ann", "answered");
    expect(breaker.state()).toBe("half-open");
    breaker.end(test, "ann", "failed");
    expect(breaker.state()).toBe("open");
  });
});

const CALLS = 4;

const RETRIES: RetryOptions = { maxRetries: 5, backoffMs: 0, budgetPercent: 20 };

async function useFailing(
  failure: SimulatedResponse,
  options: Partial<CircuitBreakerOptions> = {},
  retries: RetryOptions | null = null,
) {
  const gateway = await useGateway({
    upstream: { circuitBreaker: { ...OPTIONS, ...options }, retries },
    config: { metrics: { port: null } },
  });
  const upstream = { calls: 0, isFailing: true };
  gateway.simulator.script("100", () => {
    upstream.calls += 1;
    return upstream.isFailing ? failure : undefined;
  });
  return { gateway, upstream };
}

const page = (status: number): SimulatedResponse => ({ kind: "raw", status, body: "" });

const failOften = async (gateway: TestGateway, times = CALLS) => {
  for (let call = 0; call < times; call += 1) await queryJob(gateway);
};

const circuitStates = ({ logs }: TestGateway) =>
  logs.filter(({ msg }) => msg === "circuit breaker").map(({ state }) => state);

const MESSAGE =
  "The upstream has failed too often, so the gateway does not call it for a while. Retry later.";

describe("a gateway", () => {
  it.each<[string, SimulatedResponse]>([
    ["HTTP 500", page(500)],
    ["HTTP 502", page(502)],
    ["HTTP 503", page(503)],
    ["reset connections", { kind: "reset" }],
    [
      "incomplete responses",
      { kind: "truncated", status: 200, headers: { "content-type": "application/json" }, body: '{"data":' },
    ],
  ])("stops calling an upstream with %s", async (_, failure) => {
    const { gateway, upstream } = await useFailing(failure);
    await failOften(gateway);

    const { message, extensions } = onlyError(await queryJob(gateway));

    expect({ message, extensions }).toEqual({
      message: MESSAGE,
      extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: expect.any(Number) },
    });
    expect(extensions.retryAfterMs).toBeGreaterThan(0);
    expect(extensions.retryAfterMs).toBeLessThanOrEqual(5_000);
    expect(upstream.calls).toBe(CALLS);
  });

  it.each<[string, SimulatedResponse]>([
    ["rejects credentials", page(401)],
    ["rejects the app", page(403)],
    ["limits the rate", page(429)],
    [
      "does not have the job",
      { kind: "json", status: 404, body: { error: { code: "NOT_FOUND", message: "m" } } },
    ],
    ["rejects the request", page(400)],
    ["violates the contract", { kind: "json", status: 200, body: [] }],
  ])("keeps calling an upstream that %s", async (_, failure) => {
    const { gateway, upstream } = await useFailing(failure);
    await failOften(gateway, 3 * CALLS);
    expect(upstream.calls).toBe(3 * CALLS);
  });

  it("stays closed after calls that clients aborted", async () => {
    const { gateway, upstream } = await useFailing({ kind: "hang" });
    for (let call = 1; call <= CALLS; call += 1) {
      const client = new AbortController();
      const body = { query: jobQuery("100", onJob("name")) };
      const answer = postOperation(
        gateway.url,
        body,
        { "x-bkapi-authorization": AUTHORIZATION },
        client.signal,
      );
      await expect.poll(() => upstream.calls).toBe(call);
      client.abort();
      await expect(answer).rejects.toThrow();
    }
    upstream.isFailing = false;
    expect((await queryJob(gateway)).errors).toBeUndefined();
  });

  it("tests the upstream with one call, and then calls it again", async () => {
    const advance = useClock();
    const { gateway, upstream } = await useFailing(page(503));
    await failOften(gateway, CALLS + 3);
    expect(upstream.calls).toBe(CALLS);
    advance(5_000);
    await failOften(gateway, 3);
    expect(upstream.calls).toBe(CALLS + 1);
    advance(5_000);
    upstream.isFailing = false;
    for (let call = 0; call < 3; call += 1) expect((await queryJob(gateway)).errors).toBeUndefined();
    expect(upstream.calls).toBe(CALLS + 4);
  });

  it("reports the state: log lines, a gauge, and a problem of an instance that stays ready", async () => {
    const advance = useClock();
    const { gateway, upstream } = await useFailing(page(503));
    const gauge = async () => (await scrape(gateway.url)).sum("bk_job_graphql_upstream_circuit_state");
    const readyz = async () => {
      const response = await fetch(new URL("/readyz", gateway.url));
      // The test knows the shape.
      const { problems } = (await response.json()) as { problems: { code: string; message: string }[] };
      expect(response.status).toBe(200);
      return problems.find(({ code }) => code === "CIRCUIT_OPEN")?.message;
    };
    expect([await gauge(), await readyz()]).toEqual([0, undefined]);

    await failOften(gateway);
    expect([await gauge(), await readyz()]).toEqual([
      2,
      "Upstream calls are suspended. A test call is due in 5000 ms.",
    ]);

    advance(5_000);
    upstream.isFailing = false;
    expect(await readyz()).toBe("Upstream calls are suspended. A test call is due or running.");
    await queryJob(gateway);
    expect([await gauge(), await readyz()]).toEqual([0, undefined]);

    const lines = gateway.logs.filter(({ msg }) => msg === "circuit breaker");
    expect(lines).toEqual([
      expect.objectContaining({ level: 40, state: "open", calls: CALLS, failures: CALLS }),
      expect.objectContaining({ level: 30, state: "half-open" }),
      expect.objectContaining({ level: 30, state: "closed" }),
    ]);
  });

  it("counts a call once, however often it was retried", async () => {
    const { gateway, upstream } = await useFailing(page(503), {}, RETRIES);
    await failOften(gateway, CALLS - 1);
    expect(upstream.calls).toBe(6 * (CALLS - 1));
    expect(circuitStates(gateway)).toEqual([]);
    await failOften(gateway, 1);
    expect(circuitStates(gateway)).toEqual(["open"]);
  });

  it("does not retry calls while the upstream is tested", async () => {
    const advance = useClock();
    const { gateway, upstream } = await useFailing(page(503), {}, RETRIES);
    await failOften(gateway);
    advance(5_000);
    upstream.calls = 0;
    expect(onlyError(await queryJob(gateway)).extensions.upstream).toMatchObject({ httpStatus: 503 });
    expect(upstream.calls).toBe(1);
  });

  it("does not add to the budget of retries with calls that are rejected", async () => {
    const advance = useClock();
    const retries = { maxRetries: 30, backoffMs: 0, budgetPercent: 100 };
    const { gateway, upstream } = await useFailing(page(503), { minCalls: 1 }, retries);
    // Spends the budget, and opens the circuit breaker.
    await failOften(gateway, 1);
    expect(upstream.calls).toBeGreaterThan(20);
    await failOften(gateway, 20);
    advance(5_000);
    upstream.isFailing = false;
    await queryJob(gateway);
    expect(circuitStates(gateway)).toEqual(["open", "half-open", "closed"]);

    Object.assign(upstream, { calls: 0, isFailing: true });
    await failOften(gateway, 1);
    // The first attempt, a retry for each of the two calls, and one for each of the 5 seconds.
    expect(upstream.calls).toBe(1 + 2 + 5);
  });

  it("calls the upstream for others while the calls of one caller fail", async () => {
    const { gateway } = await useFailing(page(502));
    const other = { "x-bkapi-authorization": '{"access_token":"other"}' };
    const queryOther = () => queryJob(gateway, "20000000001", other);
    expect((await queryOther()).errors).toBeUndefined();
    await failOften(gateway, 3 * CALLS);
    // A caller that varies its tenant is still one caller.
    for (let index = 0; index < CALLS; index += 1) {
      const headers = { "x-bk-tenant-id": `tenant-${index}` };
      expect((await queryJob(gateway, "100", headers)).errors).toBeDefined();
    }
    expect((await queryOther()).errors).toBeUndefined();
    expect(circuitStates(gateway)).toEqual([]);
  });

  it.each([
    ["opens", 1_000, ["open"]],
    ["stays closed", 999, []],
  ])("%s after calls that hung for %i ms until the deadline of their clients", async (_, ms, states) => {
    const advance = useClock();
    const { gateway, upstream } = await useFailing({ kind: "hang" });
    // Different tenants, so that no call is shared.
    const answers = Array.from({ length: CALLS }, (__, index) =>
      queryJob(gateway, "100", { "x-request-deadline-ms": "1000", "x-bk-tenant-id": `tenant-${index}` }),
    );
    await expect.poll(() => upstream.calls).toBe(CALLS);
    advance(ms);
    for (const answer of answers) expect(onlyError(await answer).extensions.code).toBe("UPSTREAM_TIMEOUT");
    expect(circuitStates(gateway)).toEqual(states);
    const problems = await (await fetch(new URL("/readyz", gateway.url))).text();
    expect(problems.includes("UPSTREAM_FAILING")).toBe(states.length > 0);
  });
});

it("calls that are not made do not count as failures of a subscription", () => {
  const schedule = createPollSchedule({ scheduleMs: [1, 2, 3], maxFailures: 2 });
  expect([1, 2, 3, 4].map(() => schedule.failed(new CircuitOpen(1_000)))).toEqual([1, 2, 3, 3]);
  const unavailable = new UpstreamError("UPSTREAM_UNAVAILABLE", "m");
  expect(schedule.failed(unavailable)).toBe(3);
  expect(() => schedule.failed(unavailable)).toThrow(unavailable);
});

it("subscriptions outlive a time in which calls are rejected, without calls and without an end", async () => {
  const { config } = withLive({ scheduleMs: [5], maxFailures: 30 });
  const gateway = await useGateway({ upstream: { circuitBreaker: { ...OPTIONS, openMs: 200 } }, config });
  const upstream = { calls: 0, state: "up" };
  gateway.simulator.script("20000000004", () => {
    upstream.calls += 1;
    return upstream.state === "down" ? page(503) : undefined;
  });
  const { results, stop } = subscribeByEvents(gateway.url, {
    query: jobSubscription("20000000004", onJob("observedAt name")),
  });
  onTestFinished(stop);
  await expect.poll(() => results.length).toBe(1);
  const changes = () => circuitStates(gateway);

  upstream.state = "down";
  await expect.poll(changes).toContain("open");
  // The test call fails as well.
  await expect.poll(() => changes().slice(0, 3), { timeout: 10_000 }).toEqual(["open", "half-open", "open"]);
  expect(results).toHaveLength(1);

  upstream.state = "up";
  gateway.simulator.script("20000000004", () => ({
    kind: "json",
    status: 404,
    body: { error: { code: "NOT_FOUND", message: "gone" } },
  }));
  await expect.poll(() => results.length, { timeout: 10_000 }).toBe(2);
  expect(JSON.stringify(results[1])).not.toContain("UPSTREAM_UNAVAILABLE");
  expect(changes()).toContain("closed");
});
