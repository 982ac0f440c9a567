/** Live states of the client: until the end, through lost connections, and errors that end them. */
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createJobClient,
  type Fetch,
  type JobClientError,
  type JobInstanceResult,
  JobInstanceUpdatedDocument,
  type LostEvent,
  type ReconnectOptions,
  typedDocument,
  type WatchEvent,
} from "../../src/client/index.ts";
import { createLiveJob, finished, JOB, running } from "../live/live-job.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { useGateway, withLive } from "../support/gateway.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { useSwitchingProxy } from "../support/switching-proxy.ts";
import { EVENTS, event, FINISHED_EVENT, jobEvent, useFakeGateway } from "../watch/fake-gateway.ts";

const REF = { scopeId: "1", jobInstanceId: JOB };
const HEADERS = { "x-bkapi-authorization": AUTHORIZATION, "accept-language": "en" };
/** Short, so that tests are fast. */
const FAST = { firstDelayMs: 1, maxDelayMs: 4 };

const clientAt = (url: string, reconnect: ReconnectOptions = FAST) =>
  createJobClient({ url, headers: HEADERS, reconnect });

/** The status of a state, or the type of an outcome; `lost` for a loss of the connection. */
const shortOf = (event: WatchEvent<JobInstanceResult>): string => {
  if (event.kind === "lost") return "lost";
  return event.state.__typename === "JobInstance" ? event.state.status : event.state.__typename;
};

/** Events until the end, and the error that ends them. */
async function eventsOf<State>(events: AsyncIterable<WatchEvent<State>>) {
  const seen: WatchEvent<State>[] = [];
  try {
    for await (const event of events) seen.push(event);
  } catch (error) {
    // The tests check its properties.
    return { seen, error: error as JobClientError };
  }
  return { seen, error: null };
}

describe("a watched job", () => {
  it("is followed to its end", async () => {
    const gateway = await useGateway();
    const job = createLiveJob(gateway);
    const seen: string[] = [];
    for await (const event of clientAt(gateway.url).watch(REF)) {
      seen.push(shortOf(event));
      job.become(seen.length === 1 ? running({ status: 10 }) : finished);
    }
    expect(seen).toEqual(["RUNNING", "STOPPING", "SUCCEEDED"]);
  });

  it("is followed through a restart of the gateway", async (test) => {
    const proxy = await useSwitchingProxy(test);
    const first = await proxy.start();
    createLiveJob(first);
    const events = clientAt(first.url).watch(REF);
    expect(await events.next()).toMatchObject({ value: { kind: "state", state: { status: "RUNNING" } } });
    const lost = events.next();
    await first.stop();
    expect(await lost).toMatchObject({
      value: { kind: "lost", attempt: 1, hasConnected: true, error: { code: "CONNECTION_LOST" } },
    });

    const second = await proxy.start();
    onTestFinished(second.stop);
    createLiveJob(second, finished);
    const { seen } = await eventsOf(events);
    expect(seen.map(shortOf).filter((short) => short !== "lost")).toEqual(["SUCCEEDED"]);
  });

  it.each([
    ["does not exist", "20000000404", "JobInstanceNotFound"],
    ["may not be viewed", "20000000403", "PermissionDenied"],
  ])("that %s is an outcome", async (_, jobInstanceId, typename) => {
    const { url } = await useGateway();
    const { seen, error } = await eventsOf(clientAt(url).watch({ scopeId: "1", jobInstanceId }));
    expect([seen.map(shortOf), error]).toEqual([[typename], null]);
  });

  it("is not polled any more after the caller has stopped", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    for await (const _ of clientAt(gateway.url).watch(REF)) break;
    await untilNotPolled(gateway, JOB);
  });

  it("is not polled any more after the signal, whose reason is thrown", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    const stop = new AbortController();
    const events = clientAt(gateway.url).watch(REF, { signal: stop.signal });
    await events.next();
    const next = events.next();
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await untilNotPolled(gateway, JOB);
  });

  it("may be selected by a parsed document", async () => {
    const { url } = await useGateway();
    const ref = { scopeId: "1", jobInstanceId: "20000000002" };
    const { seen, error } = await eventsOf(clientAt(url).watch(ref, JobInstanceUpdatedDocument));
    expect([seen.map(shortOf), error]).toEqual([["FAILED"], null]);
  });

  it("must not be hidden by an alias", async () => {
    const document =
      "subscription ($ref: JobInstanceRef!) { job: jobInstanceUpdated(ref: $ref) { __typename } }";
    const { url } = await useGateway();
    const { seen, error } = await eventsOf(
      clientAt(url).watch({ scopeId: "1", jobInstanceId: "1" }, document),
    );
    expect([seen, error]).toEqual([[], expect.objectContaining({ code: "UNEXPECTED_RESPONSE" })]);
  });

  it("must be selected by a subscription", async () => {
    const document = "query ($ref: JobInstanceRef!) { jobInstance(ref: $ref) { __typename } }";
    const { url } = await useGateway();
    const { error } = await eventsOf(clientAt(url).watch({ scopeId: "1", jobInstanceId: "1" }, document));
    expect(error?.message).toBe(
      'Expected a subscription that selects "jobInstanceUpdated", without an alias.',
    );
  });

  it("may be selected without isFinished: then the end of the subscription is its end", async () => {
    const NAME = typedDocument<
      { readonly jobInstanceUpdated: { readonly name: string } | null },
      { readonly ref: typeof REF }
    >(
      "subscription ($ref: JobInstanceRef!) { jobInstanceUpdated(ref: $ref) { ... on JobInstance { name } } }",
    );
    const { url } = await useGateway();
    const ref = { scopeId: "1", jobInstanceId: "20000000001" };
    expect(await eventsOf(clientAt(url).watch(ref, NAME))).toEqual({
      seen: [{ kind: "state", state: { name: "发布-订单服务 v2.14.0" } }],
      error: null,
    });
  });
});

describe("an error that a new attempt cannot help", () => {
  it.each([
    ["rejected credentials", "20000090101", "UNAUTHENTICATED"],
    ["a rejected app", "20000090102", "FORBIDDEN"],
    ["an invalid id", "0", "BAD_USER_INPUT"],
    ["a violated contract", "20000090301", "UPSTREAM_CONTRACT"],
  ])("ends it: %s", async (_, jobInstanceId, code) => {
    const { url } = await useGateway();
    const { seen, error } = await eventsOf(clientAt(url).watch({ scopeId: "1", jobInstanceId }));
    expect(seen).toEqual([]);
    expect(error).toMatchObject({ name: "JobClientError", code, errors: [expect.anything()] });
  });

  it.each([
    ["a page", 200, { "content-type": "text/html" }, "<h1>", "HTTP 200 (text/html)"],
    ["a redirect", 302, { location: "/login" }, "", "HTTP 302 (a redirect)"],
    ["a refusal", 401, {}, "", "HTTP 401 (no content type)"],
    ["other events", 200, EVENTS, "event: tick\ndata: 1\n\n", 'the event "tick"'],
    ["events without JSON", 200, EVENTS, "event: next\ndata: {\n\n", "an event without a GraphQL result"],
  ] as const)("ends it: another server that sends %s", async (_, status, headers, body, got) => {
    const { url, count } = await useFakeGateway({ onTestFinished }, (_, response) => {
      response.writeHead(status, headers).end(body);
    });
    const { seen, error } = await eventsOf(clientAt(url).watch(REF));
    expect([seen, count()]).toEqual([[], 1]);
    expect(error).toMatchObject({ code: "UNEXPECTED_RESPONSE", message: expect.stringContaining(got) });
  });
});

describe("an error of the application", () => {
  it("ends it: variables that are not JSON", async () => {
    const { url, count } = await useFakeGateway({ onTestFinished }, (_, response) => response.destroy());
    const document = "subscription ($ref: JobInstanceRef!) { jobInstanceUpdated(ref: $ref) { __typename } }";
    const { seen, error } = await eventsOf(clientAt(url).watch(REF, document, { variables: { n: 1n } }));
    expect([seen, error, count()]).toEqual([[], expect.any(TypeError), 0]);
  });

  it.each([
    ["firstDelayMs", Number.NaN],
    ["maxDelayMs", -1],
    ["silenceMs", Number.NEGATIVE_INFINITY],
  ])("is an invalid option of reconnecting: %s = %d", (name, value) => {
    const create = () => clientAt("http://127.0.0.1/graphql", { [name]: value });
    expect(create).toThrow(new TypeError(`Expected reconnect.${name} to be a number from 0, got ${value}.`));
  });
});

describe("a lost connection", () => {
  it.each([
    ["completed although the job is running", (response: ServerResponse) => response.end(event("complete"))],
    ["cut off", (response: ServerResponse) => response.destroy()],
    ["closed in the middle of an event", (response: ServerResponse) => response.end("event: next\ndata: {")],
  ])("is restored after it was %s", async (_, end) => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response, index) => {
      response.writeHead(200, EVENTS);
      if (index > 0) return void response.end(FINISHED_EVENT);
      response.write(jobEvent());
      setImmediate(() => end(response));
    });
    const { seen, error } = await eventsOf(clientAt(url).watch(REF));
    expect([seen.map(shortOf), error]).toEqual([["RUNNING", "lost", "SUCCEEDED"], null]);
  });

  it("is restored after a completion without a state, until the job has finished", async () => {
    const bodies = [event("complete"), jobEvent(), event("complete"), FINISHED_EVENT];
    const { url } = await useFakeGateway({ onTestFinished }, (_, response, index) => {
      response.writeHead(200, EVENTS).end(bodies[index]);
    });
    const seen: string[] = [];
    const job = await clientAt(url).waitUntilFinished(REF, {
      onProgress: (event) => seen.push(shortOf(event)),
    });
    expect(job).toMatchObject({ isFinished: true });
    expect(seen).toEqual(["lost", "RUNNING", "lost", "lost", "SUCCEEDED"]);
  });

  /** Losses until the given number of attempts. */
  const lossesOf = async (url: string, count: number, reconnect: ReconnectOptions) => {
    const losses: LostEvent[] = [];
    for await (const event of clientAt(url, reconnect).watch(REF)) {
      if (event.kind === "lost") losses.push(event);
      if (losses.length === count) break;
    }
    return losses;
  };

  it("is retried with exponential backoff and jitter", async () => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) => response.destroy());
    const losses = await lossesOf(url, 5, { firstDelayMs: 8, maxDelayMs: 32 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(losses.every(({ hasConnected }) => !hasConnected)).toBe(true);
    for (const [index, longest] of [8, 16, 32, 32, 32].entries()) {
      expect(losses[index]?.delayMs).toBeGreaterThanOrEqual(longest / 2);
      expect(losses[index]?.delayMs).toBeLessThanOrEqual(longest);
    }
  });

  /** A gateway whose connections are cut off after the first state, at times that the test determines. */
  const useShortConnections = async (now: () => number) => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
      response.writeHead(200, EVENTS).end(jobEvent());
    });
    const clock = vi.spyOn(performance, "now").mockImplementation(now);
    onTestFinished(() => clock.mockRestore());
    return url;
  };

  it("is retried with exponential backoff if no connection lasts, although each has a state", async () => {
    const url = await useShortConnections(() => 0);
    const losses = await lossesOf(url, 5, { firstDelayMs: 8, maxDelayMs: 32 });
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
    for (const [index, longest] of [8, 16, 32, 32, 32].entries()) {
      expect(losses[index]?.delayMs).toBeGreaterThanOrEqual(longest / 2);
      expect(losses[index]?.delayMs).toBeLessThanOrEqual(longest);
    }
  });

  it("is retried quickly after a connection that lasted longer than the delay before it", async () => {
    let nowMs = 0;
    const url = await useShortConnections(() => {
      nowMs += 10;
      return nowMs;
    });
    const losses = await lossesOf(url, 4, { firstDelayMs: 8, maxDelayMs: 32 });
    for (const { delayMs } of losses) expect(delayMs).toBeLessThanOrEqual(8);
  });

  it.each([
    ["text", { retryAfterMs: "soon" }, {}, null],
    ["a negative number", { retryAfterMs: -100_000 }, {}, null],
    ["null", { retryAfterMs: null }, {}, null],
    ["a negative header", {}, { "retry-after": "-5" }, null],
    ["too large for a timer", { retryAfterMs: 2 ** 40 }, {}, 2 ** 31 - 1],
    ["a huge header", {}, { "retry-after": "9".repeat(400) }, 2 ** 31 - 1],
  ])(
    "is retried after a delay that a timer can wait, if the requested delay is %s",
    async (_, extensions, headers, retryAfterMs) => {
      const body = { errors: [{ message: "x", extensions: { code: "RATE_LIMITED", ...extensions } }] };
      const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
        response.writeHead(429, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
      });
      const [loss] = await lossesOf(url, 1, { firstDelayMs: 10 });
      expect(loss?.error.retryAfterMs).toBe(retryAfterMs);
      expect(loss?.delayMs).toBeGreaterThanOrEqual(retryAfterMs ?? 5);
      expect(loss?.delayMs).toBeLessThanOrEqual(retryAfterMs ?? 10);
    },
  );

  it("is retried after the headers could not be determined", async () => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) =>
      response.writeHead(200, EVENTS).end(FINISHED_EVENT),
    );
    let calls = 0;
    const headers = () => {
      calls += 1;
      if (calls === 1) throw new Error("no token");
      return HEADERS;
    };
    // Options without a value have their defaults.
    const reconnect = { ...FAST, silenceMs: undefined };
    const { seen } = await eventsOf(createJobClient({ url, headers, reconnect }).watch(REF));
    expect(seen.map(shortOf)).toEqual(["lost", "SUCCEEDED"]);
  });

  it("is retried quickly again after a state", async () => {
    const { url } = await useFakeGateway({ onTestFinished }, (_, response, index) => {
      if (index % 2 === 0) response.writeHead(200, EVENTS).end(jobEvent());
      else response.destroy();
    });
    const losses = await lossesOf(url, 6, FAST);
    expect(losses.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(losses.every(({ hasConnected }) => hasConnected)).toBe(true);
  });

  it.each([
    ["an error of the gateway", { "content-type": "application/json" }, 7],
    ["the header Retry-After", { "retry-after": "1" }, 1_000],
  ] as const)("is not retried sooner than %s allows", async (_, headers, retryAfterMs) => {
    const body = { errors: [{ message: "x", extensions: { code: "OVERLOADED", retryAfterMs } }] };
    const { url } = await useFakeGateway({ onTestFinished }, (_, response) => {
      response.writeHead(503, headers).end("content-type" in headers ? JSON.stringify(body) : "");
    });
    const [loss] = await lossesOf(url, 1, { firstDelayMs: 10 });
    expect(loss?.delayMs).toBeGreaterThanOrEqual(retryAfterMs + 5);
    expect(loss?.delayMs).toBeLessThanOrEqual(retryAfterMs + 10);
    expect(loss?.hasConnected).toBe("content-type" in headers);
  });

  it("is retried after a failure of the upstream that can be over", async () => {
    const { url } = await useGateway(withLive({ maxFailures: 1 }));
    const events = clientAt(url).watch({ scopeId: "1", jobInstanceId: "20000090019" });
    expect(await events.next()).toMatchObject({
      value: { kind: "lost", error: { code: "RATE_LIMITED", retryAfterMs: 2_000 }, hasConnected: true },
    });
    await events.return();
  });

  it("is not retried after the signal, whose reason is thrown", async () => {
    const { url, count } = await useFakeGateway({ onTestFinished }, (_, response) => response.destroy());
    const stop = new AbortController();
    const events = clientAt(url, { firstDelayMs: 100_000_000, maxDelayMs: 100_000_000 }).watch(REF, {
      signal: stop.signal,
    });
    expect(await events.next()).toMatchObject({ value: { kind: "lost" } });
    const next = events.next();
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    expect(count()).toBe(1);
  });
});

describe("silence", () => {
  const SILENCE_MS = 45_000;

  /** A stream whose data the test sends, read by a client whose timers the test controls. */
  const useStream = async (silenceMs = SILENCE_MS) => {
    const { promise: response, resolve } = Promise.withResolvers<ServerResponse>();
    const { url } = await useFakeGateway({ onTestFinished }, (_, response, index) => {
      response.writeHead(200, EVENTS).flushHeaders();
      if (index > 0) return void response.end(FINISHED_EVENT);
      resolve(response);
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let chunks = 0;
    const countChunks = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        chunks += 1;
        controller.enqueue(chunk);
      },
    });
    const counting: Fetch = async (url, init) => {
      const response = await fetch(url, init);
      const isFirst = !countChunks.readable.locked;
      return isFirst ? new Response(response.body?.pipeThrough(countChunks), response) : response;
    };
    const reconnect = { firstDelayMs: 0, silenceMs };
    const events = createJobClient({ url, headers: HEADERS, fetch: counting, reconnect }).watch(REF);
    return {
      events,
      chunks: () => chunks,
      write: async (text: string) => void (await response).write(text),
    };
  };

  it("ends the connection, which is then restored", async () => {
    const { events, write } = await useStream();
    const first = events.next();
    await write(jobEvent());
    expect(await first).toMatchObject({ value: { kind: "state" } });
    const lost = events.next();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    const message = "No data arrived for 45 s.";
    expect(await lost).toMatchObject({
      value: { kind: "lost", error: { code: "CONNECTION_LOST", message } },
    });
    const restored = events.next();
    await vi.advanceTimersByTimeAsync(0);
    expect(await restored).toMatchObject({ value: { kind: "state", state: { isFinished: true } } });
  });

  it("restarts with every comment", async () => {
    const { events, write, chunks } = await useStream();
    const next = events.next();
    for (const count of [1, 2, 3]) {
      await write(": keep-alive\n\n");
      await expect.poll(chunks).toBe(count);
      await vi.advanceTimersByTimeAsync(SILENCE_MS / 2);
    }
    await write(jobEvent());
    expect(await next).toMatchObject({ value: { kind: "state" } });
    await events.return();
  });

  it("does not include the time that the caller takes for an event", async () => {
    const { events, write } = await useStream();
    const first = events.next();
    await write(jobEvent({ name: "first" }));
    expect(await first).toMatchObject({ value: { state: { name: "first" } } });
    await vi.advanceTimersByTimeAsync(2 * SILENCE_MS);
    const second = events.next();
    await write(jobEvent({ name: "second" }));
    expect(await second).toMatchObject({ value: { state: { name: "second" } } });
    await events.return();
  });

  it.each([Number.POSITIVE_INFINITY, 30 * 86_400_000])("can be unlimited: %d ms", async (silenceMs) => {
    const { events, write } = await useStream(silenceMs);
    const first = events.next();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    await write(jobEvent());
    expect(await first).toMatchObject({ value: { kind: "state" } });
    await events.return();
  });

  it("includes waiting for the function that returns the headers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const headers = () => new Promise<never>(() => {});
    const events = createJobClient({ url: "http://127.0.0.1/graphql", headers }).watch(REF);
    const lost = events.next();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(await lost).toMatchObject({
      value: { kind: "lost", error: { message: "No data arrived for 45 s." } },
    });
    await events.return();
  });
});

describe("waitUntilFinished", () => {
  it("returns the finished job, and reports every state before", async () => {
    const gateway = await useGateway();
    const job = createLiveJob(gateway);
    const seen: string[] = [];
    const result = await clientAt(gateway.url).waitUntilFinished(REF, {
      onProgress: (event) => {
        seen.push(shortOf(event));
        job.become(finished);
      },
    });
    expect(result).toMatchObject({ __typename: "JobInstance", status: "SUCCEEDED", isFinished: true });
    expect(seen).toEqual(["RUNNING", "SUCCEEDED"]);
  });

  it("returns an outcome without a job", async () => {
    const { url } = await useGateway();
    const ref = { scopeId: "1", jobInstanceId: "20000000404" };
    expect(await clientAt(url).waitUntilFinished(ref)).toMatchObject({ __typename: "JobInstanceNotFound" });
  });

  it("ends with the reason of its signal", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    const waiting = clientAt(gateway.url).waitUntilFinished(REF, { signal: stop.signal, onProgress });
    await expect(waiting).rejects.toThrow("enough");
  });
});
