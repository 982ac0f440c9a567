/** Deadlines of requests: `X-Request-Deadline-Ms`, and the extension of operations on a WebSocket. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import {
  AUTHORIZATION,
  jobField,
  jobQuery,
  jobSubscription,
  onJob,
  onlyError,
  queryJob,
} from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { useWebSocket } from "./deadline-socket.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

const within = (ms: number | string) => ({ "x-request-deadline-ms": String(ms) });

/** Holds the responses for job 100. */
function holdCalls({ simulator }: TestGateway) {
  const upstream = { calls: 0, isHeld: true };
  simulator.script("100", () => {
    upstream.calls += 1;
    return upstream.isHeld ? { kind: "hang" } : undefined;
  });
  return upstream;
}

/** Resolves when a second request has joined the call of the first. */
const isShared = ({ url }: TestGateway) =>
  expect
    .poll(async () => (await scrape(url)).sum("bk_job_graphql_job_lookups_total", { source: "coalesced" }))
    .toBe(1);

const METRICS = { config: { metrics: { port: null } } };

const MESSAGE = (ms: number) => `The upstream did not respond within the ${ms} ms of the request's deadline.`;

// The timer of a deadline fires up to a millisecond late.
describe("with a clock that the test advances", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("a request fails at its deadline, and its call is aborted", async () => {
    const gateway = await useGateway();
    const upstream = holdCalls(gateway);
    const answer = queryJob(gateway, "100", within(5_000));
    await expect.poll(() => upstream.calls).toBe(1);

    vi.advanceTimersByTime(5_001);

    const { message, extensions, path } = onlyError(await answer);
    expect({ message, extensions, path }).toEqual({
      message: MESSAGE(5_000),
      extensions: { code: "UPSTREAM_TIMEOUT" },
      path: ["jobInstance"],
    });
    // The slot of the call is free again: nothing runs at the upstream.
    const { problems } = (await (await fetch(new URL("/readyz", gateway.url))).json()) as {
      problems: unknown;
    };
    expect(problems).toEqual([]);
  });

  it("requests that share a call each fail at their own deadline, and the call runs until the latest", async () => {
    const gateway = await useGateway(METRICS);
    const upstream = holdCalls(gateway);
    const first = queryJob(gateway, "100", within(5_000));
    await expect.poll(() => upstream.calls).toBe(1);
    const second = queryJob(gateway, "100", within(20_000));
    const ended: string[] = [];
    first.then(() => ended.push("first"));
    second.then(() => ended.push("second"));
    await isShared(gateway);

    vi.advanceTimersByTime(5_001);
    expect(onlyError(await first).message).toBe(MESSAGE(5_000));
    expect(ended).toEqual(["first"]);

    vi.advanceTimersByTime(15_000);
    expect(onlyError(await second).message).toBe(MESSAGE(20_000));
    expect(upstream.calls).toBe(1);
  });

  it("a request without a deadline waits for the timeout of the call that it shares", async () => {
    const gateway = await useGateway({ ...METRICS, upstream: { timeoutMs: 30_000 } });
    const upstream = holdCalls(gateway);
    const first = queryJob(gateway, "100", within(5_000));
    await expect.poll(() => upstream.calls).toBe(1);
    const second = queryJob(gateway, "100");
    await isShared(gateway);
    vi.advanceTimersByTime(5_001);
    expect(onlyError(await first).message).toBe(MESSAGE(5_000));
    vi.advanceTimersByTime(25_000);
    expect(onlyError(await second).message).toMatch(/^The upstream did not respond within 30000 ms\.$/);
  });

  it("a deadline beyond the timeout of calls changes nothing", async () => {
    const gateway = await useGateway({ upstream: { timeoutMs: 1_000 } });
    const upstream = holdCalls(gateway);
    const answer = queryJob(gateway, "100", within(86_400_000));
    await expect.poll(() => upstream.calls).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(onlyError(await answer).message).toBe("The upstream did not respond within 1000 ms.");
  });

  it("a WebSocket operation has a deadline of its own in its extensions", async () => {
    const gateway = await useGateway();
    const upstream = holdCalls(gateway);
    const send = await useWebSocket(gateway.url, AUTHORIZATION);
    const answer = send({ query: jobQuery("100"), extensions: { requestDeadlineMs: 3_000 } });
    await expect.poll(() => upstream.calls).toBe(1);
    vi.advanceTimersByTime(3_001);
    expect(await answer).toMatchObject({
      type: "next",
      payload: { data: { jobInstance: null }, errors: [{ message: MESSAGE(3_000) }] },
    });
  });
});

it("a response in time is not affected", async () => {
  const gateway = await useGateway();
  const { data, errors } = await queryJob(gateway, "100", within(60_000));
  expect(errors).toBeUndefined();
  expect(data.jobInstance.jobInstanceId).toBe("100");
});

it("a passed deadline is not a failure of the upstream", async () => {
  const circuitBreaker = { failurePercent: 1, minCalls: 1, windowMs: 60_000, openMs: 60_000 };
  const gateway = await useGateway({ upstream: { circuitBreaker } });
  holdCalls(gateway);
  for (let call = 0; call < 3; call += 1) onlyError(await queryJob(gateway, "100", within(1)));
  expect((await queryJob(gateway, "20000000001")).errors).toBeUndefined();
});

it("there is no retry that would start after the deadline", async () => {
  const page: SimulatedResponse = { kind: "raw", status: 503, headers: { "retry-after": "30" }, body: "" };
  const retries = { maxRetries: 3, backoffMs: 0, budgetPercent: 20 };
  const gateway = await useGateway({ upstream: { retries } });
  gateway.simulator.script("100", () => page);
  const { lengths } = sleeps.hold();

  const { extensions } = onlyError(await queryJob(gateway, "100", within(20_000)));

  expect(extensions).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 30_000 });
  expect(lengths()).toEqual([]);
});

it("all jobs of an operation that have arrived are served", async () => {
  const gateway = await useGateway();
  holdCalls(gateway);
  const query = `{ slow: ${jobField("100")} fast: ${jobField("20000000001", onJob("jobInstanceId"))} }`;
  const { data, errors } = await gateway.ask(query, {}, within(1_000));
  expect(data.slow).toBeNull();
  expect(data.fast).toEqual({ jobInstanceId: "20000000001" });
  expect(errors).toMatchObject([{ path: ["slow"], extensions: { code: "UPSTREAM_TIMEOUT" } }]);
});

it("a subscription has no deadline", async () => {
  const gateway = await useGateway();
  const query = jobSubscription("20000000001", onJob("name"));
  for (const subscribe of [subscribeByEvents, subscribeByWebSocket]) {
    const { results, completed } = subscribe(gateway.url, { query }, within(1));
    await completed;
    expect(results).toMatchObject([{ data: { jobInstanceUpdated: { name: expect.any(String) } } }]);
  }
});

describe("an invalid deadline is an error that says what is valid", () => {
  const INVALID = ["0", "-1", "1.5", "86400001", "1e3", "soon", "", "5, 6", "0x10", "99999999999999999999"];
  const messageFor = (where: string, shown: string) =>
    `Expected ${where} to be a whole number of milliseconds from 1 to 86400000, got ${shown}. ` +
    "Send the time that is left, not a time of day.";

  it.each(INVALID)("in the header: %j", async (value) => {
    const gateway = await useGateway();
    const response = await queryJob(gateway, "100", within(value));
    expect(response.status).toBe(400);
    const { message, extensions } = onlyError(response);
    expect(message).toBe(messageFor("the header X-Request-Deadline-Ms", JSON.stringify(value)));
    expect(extensions).toEqual({ code: "BAD_REQUEST" });
    expect(gateway.simulator.requests).toEqual([]);
    await expect
      .poll(() => gateway.logs)
      .toContainEqual(expect.objectContaining({ statusCode: 400, errorCodes: ["BAD_REQUEST"] }));
  });

  it("in the header of a stream", async () => {
    const gateway = await useGateway();
    const response = await fetch(`${gateway.url}/stream`, {
      method: "POST",
      headers: {
        accept: "text/event-stream",
        "content-type": "application/json",
        "x-bkapi-authorization": AUTHORIZATION,
        ...within("never"),
      },
      body: JSON.stringify({ query: jobQuery("100") }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("X-Request-Deadline-Ms");
  });

  it.each([0, -1, 1.5, 86_400_001, "500", {}, [], true])("in the extensions: %j", async (value) => {
    const gateway = await useGateway();
    const send = await useWebSocket(gateway.url, AUTHORIZATION);
    const query = jobQuery("100");
    expect(await send({ query, extensions: { requestDeadlineMs: value } })).toMatchObject({
      type: "error",
      payload: [
        {
          message: messageFor("`extensions.requestDeadlineMs`", JSON.stringify(value)),
          extensions: { code: "BAD_REQUEST" },
        },
      ],
    });
    expect(gateway.simulator.requests).toEqual([]);
    // The connection still works.
    expect(await send({ query, extensions: { requestDeadlineMs: null } })).toMatchObject({
      payload: { data: { jobInstance: { __typename: "JobInstance" } } },
    });
  });
});
