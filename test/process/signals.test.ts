/** Shutdown of the process by SIGTERM and SIGINT. */
import { connect, type Socket } from "node:net";
import { describe, expect, it, type TestContext } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, ask, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByApolloClient, subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { openConnection } from "../support/raw-socket.ts";
import { heldClock, runProgram, SLOW_CLOCK } from "./program.ts";

const QUERY = jobQuery("1");
const HEADERS = { "x-bkapi-authorization": '{"access_token":"mine"}' };

/** A gateway process with one request in flight. */
async function startBusy(test: TestContext, clock: Record<string, string> = {}) {
  const upstream = await useHeldUpstream(test);
  // Longer than the tests, so that calls do not end by the timeout.
  const environment = { JOB_API_URL: upstream.url, UPSTREAM_TIMEOUT_MS: "600000", ...clock };
  const program = runProgram(test, "main.js", [], environment);
  const url = await program.url();
  const answer = ask(url, { query: QUERY }, HEADERS);
  await upstream.called;
  const untilDraining = () =>
    test.expect.poll(async () => (await fetch(new URL("/readyz", url))).status).toBe(503);
  return { ...program, url, upstream, answer, untilDraining };
}

describe.concurrent.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("ends an idle process with exit code 0, even with keep-alive connections", async (test) => {
    const program = runProgram(test, "main.js");
    await ask(await program.url(), { query: "{ __typename }" }, {});
    program.process.kill(signal);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it("waits for a request in flight, rejects new ones, and ends with exit code 0", async (test) => {
    const { process, upstream, answer, untilDraining, ended, url } = await startBusy(test, SLOW_CLOCK);
    process.kill(signal);
    await untilDraining();
    expect((await ask(url, { query: QUERY }, HEADERS)).status).toBe(503);
    upstream.release();

    expect((await answer).data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it("does not wait for an upstream that hangs, and answers the client", async (test) => {
    const { process, answer, ended } = await startBusy(test);
    process.kill(signal);

    expect((await answer).errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});

describe.concurrent("the log of a shutdown", () => {
  const linesOf = (stdout: string) =>
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

  it("names the signal, the delay and what is open, and says that nothing was cut off", async (test) => {
    const { process, upstream, answer, untilDraining, ended, stdout } = await startBusy(test, SLOW_CLOCK);
    process.kill("SIGTERM");
    await untilDraining();
    upstream.release();
    await answer;
    await ended;
    const lines = linesOf(stdout()).filter(({ msg }) => msg !== "request");
    expect(lines.slice(-4)).toMatchObject([
      { msg: "started" },
      { msg: "shutdown begins", level: 30, signal: "SIGTERM", delayMs: 0 },
      { msg: "draining", level: 30, requests: 1, webSockets: 0, subscriptions: 0 },
      { msg: "shut down", level: 30, cutOff: 0, durationMs: expect.any(Number) },
    ]);
  });

  it("warns about requests that were cut off", async (test) => {
    const { process, answer, ended, stdout } = await startBusy(test);
    process.kill("SIGINT");
    await answer;
    await ended;
    expect(linesOf(stdout())).toContainEqual(
      expect.objectContaining({ msg: "shut down", level: 40, cutOff: 1 }),
    );
  });
});

describe.concurrent("with SHUTDOWN_DELAY_MS", () => {
  const DELAY_MS = 12_345;

  /** A gateway process in its shutdown delay, which ends at SIGUSR2, with one request in flight. */
  async function startDelayed(
    test: TestContext,
    clock: Record<string, string> = { ...SLOW_CLOCK, ...heldClock(DELAY_MS) },
  ) {
    const busy = await startBusy(test, { SHUTDOWN_DELAY_MS: String(DELAY_MS), ...clock });
    busy.process.kill("SIGTERM");
    await busy.untilDraining();
    return busy;
  }

  it("serves new requests until the delay has passed, then rejects them and ends with exit code 0", async (test) => {
    const { process, url, upstream, answer, ended } = await startDelayed(test);
    const during = ask(url, { query: jobQuery("2") }, HEADERS);
    await test.expect.poll(upstream.calls).toBe(2);
    process.kill("SIGUSR2");
    await test.expect
      .poll(async () => (await ask(url, { query: "{ __typename }" }, HEADERS)).status)
      .toBe(503);
    upstream.release();

    for (const { status, data, headers } of [await answer, await during]) {
      expect([status, headers.get("connection")]).toEqual([200, "close"]);
      expect(data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
    }
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it.for(["SIGTERM", "SIGINT"] as const)("ends the delay at a second signal, %s", async (signal, test) => {
    const { process, upstream, answer, ended } = await startDelayed(test);
    process.kill(signal);
    upstream.release();
    expect((await answer).status).toBe(200);
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  it("ends the process at once at the third signal", async (test) => {
    const { process, url, answer, ended } = await startDelayed(test, SLOW_CLOCK);
    const failed = expect(answer).rejects.toThrow();
    process.kill("SIGTERM");
    await test.expect
      .poll(async () => (await ask(url, { query: "{ __typename }" }, HEADERS)).status)
      .toBe(503);
    process.kill("SIGTERM");
    expect(await ended).toEqual({ code: null, signal: "SIGTERM" });
    await failed;
  });
});

it.concurrent("SIGTERM closes WebSockets with 1001, interrupts streams, and ends the process, even if a client does not read", async (test) => {
  const program = runProgram(test, "main.js", [], { LIVE_POLL_SCHEDULE_MS: "50" });
  const url = await program.url();
  // Never finishes: it waits for its user.
  const query = jobSubscription("20000000004");
  const socket = subscribeByWebSocket(url, { query });
  const streams = [subscribeByEvents(url, { query }), subscribeByApolloClient(url, { query })];
  for (const { results } of [socket, ...streams]) await test.expect.poll(() => results.length).toBe(1);
  // A client that neither reads nor acknowledges the close.
  const stuck = await openConnection(url);
  stuck.socket.pause();

  program.process.kill("SIGTERM");
  await expect(socket.completed).rejects.toThrow("1001 Going away");
  // Other tests check how each transport ends.
  await Promise.allSettled(streams.map(({ completed }) => completed));
  expect(await program.ended).toEqual({ code: 0, signal: null });
});

it.concurrent.for([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGINT"],
] as const)("%s and then %s ends the process at once", async ([first, second], test) => {
  const { process, answer, untilDraining, ended } = await startBusy(test, SLOW_CLOCK);
  const failed = expect(answer).rejects.toThrow();
  process.kill(first);
  await untilDraining();
  process.kill(second);
  expect(await ended).toEqual({ code: null, signal: second });
  await failed;
});

/** A client that sends a request, whose body may end before it is complete. */
async function connectStuck(url: string, head: readonly string[], body: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = [
    ...head,
    "host: x",
    "content-type: application/json",
    `x-bkapi-authorization: ${AUTHORIZATION}`,
    `content-length: ${body.endsWith("}") ? body.length : body.length + 1}`,
  ];
  await new Promise<void>((resolve) => socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`, () => resolve()));
  return socket.on("error", () => {});
}

/** Resolves when something has come. It is not read. */
const firstBytes = (socket: Socket) =>
  new Promise<void>((resolve) => socket.once("readable", () => resolve()));

/** Much more than the operating system holds. */
const LARGE = onJob(
  `steps { ${Array.from({ length: 16 }, (_, index) => `p${index}: hostResults(first: ${10_000 - index}) { nodes { id hostId ip tag status phase agentId startedAt finishedAt } }`).join(" ")} }`,
);

describe.concurrent("SIGTERM ends the process, though a client", () => {
  it.for([
    [
      "reads nothing of a large response",
      ["POST /graphql HTTP/1.1"],
      JSON.stringify({ query: jobQuery(bulkJobId(10_000), LARGE) }),
    ],
    [
      "reads nothing of a large event",
      ["POST /graphql/stream HTTP/1.1", "accept: text/event-stream"],
      JSON.stringify({ query: jobSubscription(bulkJobId(10_000), LARGE) }),
    ],
    [
      "reads nothing of a large part",
      ["POST /graphql HTTP/1.1", "accept: multipart/mixed;subscriptionSpec=1.0"],
      JSON.stringify({ query: jobSubscription(bulkJobId(10_000), LARGE) }),
    ],
    // Its first bytes are `100 Continue`.
    ["sends half of a request", ["POST /graphql HTTP/1.1", "expect: 100-continue"], '{"query":'],
  ] as const)("%s", async ([, head, body], test) => {
    const program = runProgram(test, "main.js");
    const socket = await connectStuck(await program.url(), head, body);
    test.onTestFinished(() => void socket.destroy());
    await firstBytes(socket);
    program.process.kill("SIGTERM");
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});

it.concurrent("SIGTERM ends the process even if its log is not read", async (test) => {
  const program = runProgram(test, "main.js");
  const url = await program.url();
  program.process.stdout.pause();
  // More lines than fit into a pipe.
  const askMany = () => Promise.all(Array.from({ length: 100 }, () => fetch(new URL("/healthz", url))));
  for (let round = 0; round < 20; round++) await askMany();
  const exited = new Promise((resolve) => program.process.once("exit", resolve));
  program.process.kill("SIGTERM");
  expect(await exited).toBe(0);
});
