/** WORKERS: several processes serve one port, are replaced when they end, and shut down together. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { describe, it, type TestContext } from "vitest";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { AUTHORIZATION, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { type HeldUpstream, useHeldUpstream } from "../support/held-upstream.ts";
import { useServer } from "../support/listen.ts";
import { subscribeByEvents } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { heldClock, type Program, runProgram, SLOW_CLOCK } from "./program.ts";

const WORKERS = 2;
const QUERY = "{ __typename }";
const DATA = { data: { __typename: "Query" } };

/** That of vitest does not know to which of the concurrent tests a call belongs. */
type Expects = Pick<TestContext, "expect">;

interface LogLine {
  readonly msg: string;
  readonly pid: number;
  readonly worker?: number;
  readonly requestId?: string;
  readonly [field: string]: unknown;
}

/** The complete log lines so far. Throws for a line that is not whole. */
const linesOf = ({ stdout }: Pick<Program, "stdout">): LogLine[] =>
  stdout()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const messagesOf = (program: Pick<Program, "stdout">, msg: string) =>
  linesOf(program).filter((line) => line.msg === msg);

/** A program with two workers on an upstream. */
async function start(test: TestContext, environment: Record<string, string> = {}) {
  const simulator = await createSimulator();
  test.onTestFinished(simulator.close);
  const program = runProgram(test, "main.js", [], {
    JOB_API_URL: simulator.url,
    WORKERS: String(WORKERS),
    METRICS: "true",
    ...environment,
  });
  return { ...program, url: await program.url(), expect: test.expect };
}

/** Sends a request on a connection of its own. The primary passes connections to the workers in turn. */
function send(url: string | URL, method: "GET" | "POST", body = "", headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(url, { method, agent: false, headers }, (response) => {
      text(response).then((read) => resolve({ status: response.statusCode ?? 0, body: read }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function askAnew(url: string, query = QUERY, requestId = "none"): Promise<unknown> {
  const headers = {
    "content-type": "application/json",
    "x-bkapi-authorization": AUTHORIZATION,
    "x-request-id": requestId,
  };
  return JSON.parse((await send(url, "POST", JSON.stringify({ query }), headers)).body);
}

/** Four requests that wait for the upstream, one after the other, so that each worker has two of them. */
async function startHeld(
  { url, expect }: Expects & { readonly url: string },
  { calls }: Pick<HeldUpstream, "calls">,
) {
  const answers: Promise<unknown>[] = [];
  for (let count = 1; count <= 4; count++) {
    answers.push(askAnew(url, jobQuery(String(count))));
    await expect.poll(calls).toBe(count);
  }
  return answers;
}

/** The operations that the metrics count, read on a connection of its own. */
async function countedOperations(url: string): Promise<number> {
  const { body } = await send(new URL("/metrics", url), "GET");
  const samples = body.matchAll(/^bk_job_graphql_operations_total\{.*\} (\d+)$/gm);
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** The process ids of the workers that serve now, by their number. */
async function pidsOf(program: Expects & Pick<Program, "stdout">): Promise<ReadonlyMap<number, number>> {
  const found = () =>
    new Map(
      linesOf(program)
        .filter(({ msg }) => msg.startsWith("Server listening"))
        .map(({ worker = 0, pid }) => [worker, pid]),
    );
  await program.expect.poll(() => found().size).toBe(WORKERS);
  return found();
}

async function pidOf(program: Expects & Pick<Program, "stdout">, worker: number): Promise<number> {
  return (await pidsOf(program)).get(worker) ?? 0;
}

/** Stops a process without ending it. */
async function freeze({ expect }: Expects, pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await expect.poll(() => /\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8"))).toBe(true);
}

describe.concurrent("workers", () => {
  it("serve one port, are announced once, and have their numbers in their log lines", async (test) => {
    const program = await start(test);
    const ids = Array.from({ length: 8 }, (_, index) => `request-${index}`);
    for (const id of ids) test.expect(await askAnew(program.url, QUERY, id)).toEqual(DATA);
    const lines = () => linesOf(program).filter(({ requestId = "" }) => ids.includes(requestId));
    await test.expect.poll(() => lines().length).toBe(ids.length);
    test.expect(new Set(lines().map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    test.expect(new Set(lines().map(({ pid }) => pid)).size).toBe(WORKERS);

    test.expect(program.stderr()).toBe(`GraphQL at ${program.url}\n`);
    const started = linesOf(program).filter(({ msg }) => msg === "started");
    test.expect(started).toMatchObject([{ url: program.url, workers: WORKERS, pid: program.process.pid }]);
    test.expect(started[0]).not.toHaveProperty("worker");
  });

  it("share one simulator, which is announced once", async (test) => {
    const program = runProgram(test, "main.js", [], { WORKERS: "2" });
    const url = await program.url();
    for (let count = 0; count < 4; count++) {
      const answer = await askAnew(url, jobQuery("100", onJob("jobInstanceId")));
      test.expect(answer).toEqual({ data: { jobInstance: { jobInstanceId: "100" } } });
    }
    test.expect(program.stderr().match(/JOB_API_URL is not set/g)).toHaveLength(1);
    await test.expect.poll(() => messagesOf(program, "request").length).toBe(4);
    test.expect(new Set(messagesOf(program, "request").map(({ worker }) => worker)).size).toBe(2);
  });

  it("serve the command line's `demo`, too", async (test) => {
    const program = runProgram(test, "cli.js", ["demo"], { WORKERS: "2", JOB_API_URL: "http://127.0.0.1:9" });
    const answer = await askAnew(await program.url(), jobQuery("100", onJob("jobInstanceId")));
    test.expect(answer).toEqual({ data: { jobInstance: { jobInstanceId: "100" } } });
  });

  it("are one process without the setting", async (test) => {
    const program = await start(test, { WORKERS: "1" });
    for (let count = 0; count < 4; count++) await askAnew(program.url);
    await test.expect.poll(() => messagesOf(program, "request").length).toBe(4);
    test.expect(new Set(linesOf(program).map(({ pid }) => pid))).toEqual(new Set([program.process.pid]));
    test.expect(program.stdout()).not.toContain("worker");
  });
});

describe.concurrent("metrics of workers", () => {
  it("are the sum over all of them, whichever answers", async (test) => {
    const { url } = await start(test);
    for (let count = 0; count < 6; count++) await askAnew(url);
    const streams = Array.from({ length: 4 }, () =>
      subscribeByEvents(url, { query: jobSubscription("20000000004") }),
    );
    for (const { results } of streams) await test.expect.poll(() => results.length).toBe(1);
    for (let count = 0; count < 4; count++) {
      await test.expect.poll(() => countedOperations(url)).toBe(6);
    }
    const { sum, families, contentType } = await scrape(url);
    test.expect(sum("bk_job_graphql_subscriptions")).toBe(4);
    test.expect(sum("bk_job_graphql_operation_duration_seconds_count")).toBe(6);
    test.expect(sum("bk_job_graphql_limit", { setting: "UPSTREAM_CONNECTIONS" })).toBe(32 * WORKERS);
    test.expect(sum("bk_job_graphql_build_info")).toBe(1);
    test.expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    for (const stream of streams) stream.stop();

    const single = await useGateway({ config: { metrics: { port: null } } }, test);
    const names = (page: typeof families) => [...page.keys()].toSorted();
    test.expect(names(families)).toEqual(names((await scrape(single.url)).families));
  });

  it("are served on a port of their own, which is announced once", async (test) => {
    const program = await start(test, { METRICS: "", METRICS_PORT: "0" });
    const [line = "", ...others] = program.stderr().match(/^Metrics at .*$/gm) ?? [];
    test.expect(others).toEqual([]);
    const metricsUrl = line.replace("Metrics at ", "");
    await askAnew(program.url);
    await askAnew(program.url);
    await test.expect.poll(() => countedOperations(metricsUrl)).toBe(2);
    test.expect((await send(new URL("/metrics", program.url), "GET")).status).toBe(404);
  });

  it("never run backwards when a worker is killed", async (test) => {
    const program = await start(test);
    const { url } = program;
    for (let count = 0; count < 10; count++) await askAnew(url);
    await test.expect.poll(() => countedOperations(url)).toBe(10);
    const startedAt = (await scrape(url)).sum("process_start_time_seconds");

    process.kill(await pidOf(program, 1), "SIGKILL");
    let last = 10;
    await test.expect
      .poll(async () => {
        // Read by the killed worker, a response can be missing.
        const counted = await countedOperations(url).catch(() => last);
        test.expect(counted).toBeGreaterThanOrEqual(last);
        last = counted;
        return messagesOf(program, "worker replaced").length;
      })
      .toBe(1);
    await askAnew(url);
    await askAnew(url);
    await test.expect.poll(() => countedOperations(url)).toBe(12);
    const { body } = await send(new URL("/metrics", url), "GET");
    const [, latest] = /^process_start_time_seconds (\S+)$/m.exec(body) ?? [];
    test.expect(Number(latest)).toBeGreaterThan(startedAt);
  });

  it("do not wait for a worker that hangs, and keep its counters", async (test) => {
    const program = await start(test);
    const { url } = program;
    for (let count = 0; count < 10; count++) await askAnew(url);
    await test.expect.poll(() => countedOperations(url)).toBe(10);
    const pid = await pidOf(program, 1);
    await freeze(program, pid);
    test.onTestFinished(() => void process.kill(pid, "SIGKILL"));
    // One of the connections is passed to the worker that hangs.
    test.expect(await Promise.any([countedOperations(url), countedOperations(url)])).toBe(10);
  });
});

describe.concurrent("a worker that is killed", () => {
  it("is replaced, and only its own requests are lost", async (test) => {
    const upstream = await useHeldUpstream(test);
    const program = await start(test, { JOB_API_URL: upstream.url, UPSTREAM_TIMEOUT_MS: "600000" });
    const { url } = program;
    const answers = (await startHeld(program, upstream)).map((answer) =>
      answer.then(
        () => "answered",
        () => "lost",
      ),
    );
    const pid = await pidOf(program, 1);
    process.kill(pid, "SIGKILL");
    for (let count = 0; count < 10; count++) test.expect(await askAnew(url)).toEqual(DATA);
    upstream.release();
    test.expect((await Promise.all(answers)).toSorted()).toEqual(["answered", "answered", "lost", "lost"]);

    await test.expect.poll(() => messagesOf(program, "worker replaced")).toMatchObject([{ worker: 1 }]);
    test
      .expect(messagesOf(program, "worker ended"))
      .toMatchObject([{ level: 50, worker: 1, signal: "SIGKILL", restartInMs: 100 }]);
    await test.expect.poll(() => pidOf(program, 1)).not.toBe(pid);
    program.process.kill("SIGTERM");
    test.expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it("does not keep connections that it has not accepted", async (test) => {
    const program = await start(test);
    const pid = await pidOf(program, 1);
    await freeze(program, pid);
    // Two of them are passed to the worker that hangs, one after the other.
    const answers = Array.from({ length: 4 }, () => askAnew(program.url));
    test.expect(await Promise.any(answers)).toEqual(DATA);
    process.kill(pid, "SIGKILL");
    test.expect(await Promise.all(answers)).toEqual(Array(4).fill(DATA));
  });

  it("is replaced on the same port even if all of them are killed", async (test) => {
    const program = await start(test);
    for (const pid of (await pidsOf(program)).values()) process.kill(pid, "SIGKILL");
    await test.expect.poll(() => messagesOf(program, "worker replaced").length).toBe(WORKERS);
    const ids = Array.from({ length: 4 }, (_, index) => `after-${index}`);
    for (const id of ids) test.expect(await askAnew(program.url, QUERY, id)).toEqual(DATA);
    const workers = () =>
      linesOf(program).flatMap(({ requestId = "", worker }) => (ids.includes(requestId) ? [worker] : []));
    await test.expect.poll(() => workers().toSorted()).toEqual([1, 1, 2, 2]);
  });
});

describe.concurrent("SIGTERM", () => {
  it("drains all workers, even if they get the signal, too, and ends with exit code 0", async (test) => {
    const upstream = await useHeldUpstream(test);
    const program = await start(test, {
      ...SLOW_CLOCK,
      JOB_API_URL: upstream.url,
      UPSTREAM_TIMEOUT_MS: "600000",
    });
    const answers = await startHeld(program, upstream);
    for (const pid of await childrenOf(program)) process.kill(pid, "SIGTERM");
    program.process.kill("SIGTERM");
    const ready = new URL("/readyz", program.url);
    await test.expect.poll(async () => (await send(ready, "GET")).status).toBe(503);
    upstream.release();
    const notFound = { data: { jobInstance: { __typename: "JobInstanceNotFound" } } };
    test.expect(await Promise.all(answers)).toEqual(Array(4).fill(notFound));
    test.expect(await program.ended).toEqual({ code: 0, signal: null });
    test.expect(messagesOf(program, "shutdown begins")).toMatchObject([{ signal: "SIGTERM", delayMs: 0 }]);
    const draining = messagesOf(program, "draining");
    test.expect(draining.map(({ worker, requests }) => [worker, requests]).toSorted()).toEqual([
      [1, 2],
      [2, 2],
    ]);
    test.expect(messagesOf(program, "shut down")).toMatchObject([{ cutOff: 0 }, { cutOff: 0 }]);
  });

  it("is announced by all workers for the delay, in which they serve", async (test) => {
    const delayMs = 12_345;
    const program = await start(test, {
      ...SLOW_CLOCK,
      ...heldClock(delayMs),
      SHUTDOWN_DELAY_MS: String(delayMs),
    });
    program.process.kill("SIGTERM");
    const statuses = () =>
      Promise.all(
        Array.from({ length: 4 }, async () => (await send(new URL("/readyz", program.url), "GET")).status),
      );
    await test.expect.poll(statuses).toEqual([503, 503, 503, 503]);
    for (let count = 0; count < 4; count++) test.expect(await askAnew(program.url)).toEqual(DATA);
    program.process.kill("SIGUSR2");
    test.expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it("and a second signal end all processes at once", async (test) => {
    const upstream = await useHeldUpstream(test);
    const program = await start(test, { ...SLOW_CLOCK, JOB_API_URL: upstream.url });
    const failed = test.expect(askAnew(program.url, jobQuery("1"))).rejects.toThrow();
    await upstream.called;
    program.process.kill("SIGTERM");
    const ready = new URL("/readyz", program.url);
    await test.expect.poll(async () => (await send(ready, "GET")).status).toBe(503);
    program.process.kill("SIGINT");
    // The output of the program ends when the last process has ended.
    test.expect(await program.ended).toEqual({ code: null, signal: "SIGINT" });
    await failed;
  });
});

/** The process ids of the workers, without their log, which a slow clock delays. */
async function childrenOf({
  process: { pid },
  expect,
}: Expects & Pick<Program, "process">): Promise<readonly number[]> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  expect(children).toHaveLength(WORKERS);
  return children;
}

describe.concurrent("a start that fails", () => {
  it("is reported once if the port is in use, with exit code 1", async (test) => {
    const port = await useServer(createServer(), test);
    const program = runProgram(test, "main.js", [], { WORKERS: "3", PORT: String(port) });
    test.expect(await program.ended).toEqual({ code: 1, signal: null });
    test
      .expect(program.stderr())
      .toMatch(
        /^Expected HOST and PORT to be an available address, but another process is listening on it: .*\n$/,
      );
    test.expect(program.stderr().split("\n")).toHaveLength(2);
  });

  it("is reported once if the port of the metrics is in use", async (test) => {
    const port = await useServer(createServer(), test);
    const program = runProgram(test, "main.js", [], { WORKERS: "3", METRICS_PORT: String(port) });
    test.expect(await program.ended).toEqual({ code: 1, signal: null });
    test
      .expect(program.stderr())
      .toMatch(/^Expected HOST and METRICS_PORT to be an available address, .*\n$/);
    test.expect(program.stderr().split("\n")).toHaveLength(2);
  });

  it("is reported once if a setting is invalid", async (test) => {
    const program = runProgram(test, "main.js", [], { WORKERS: "3", LOG_LEVEL: "loud" });
    test.expect(await program.ended).toEqual({ code: 1, signal: null });
    test.expect(program.stderr()).toMatch(/^Invalid configuration:\nLOG_LEVEL: .*\n$/);
    test.expect(program.stdout()).toBe("");
  });
});
