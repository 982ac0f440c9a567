/** Exit codes of `watch` and its messages on stderr. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldClock, runProgram } from "../process/program.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { EVENTS, jobEvent, useFakeGateway } from "./fake-gateway.ts";
import {
  argumentsFor,
  CREDENTIALS,
  changingJob,
  ELAPSED,
  finished,
  linesOf,
  running,
  watchInPipe,
} from "./run-watch.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const callsFor = (id: string) =>
  gateway.simulator.requests.filter(({ query }) => query.job_instance_id === id).length;

describe.concurrent("a job that has finished", () => {
  it.for([
    [3, "SUCCEEDED", 0],
    [6, "ERROR_IGNORED", 0],
    [4, "FAILED", 1],
    [8, "MANUALLY_ENDED", 1],
    [11, "STOPPED", 1],
    [13, "CONFIRM_TERMINATED", 1],
    [99, "status 99", 1],
  ] as const)("with status %i (%s) ends it with exit code %i", async ([status, label, code], test) => {
    const program = watchInPipe(test, changingJob(gateway, `3200000000${status}`, finished({ status })));
    expect(await program.ended).toEqual({ code, signal: null });
    expect(program.stdout()).toContain(`部署: ${label} 1m 05s`);
    expect(program.stderr()).toBe("");
  });

  it("can be in a business set", async (test) => {
    const scope = ["--scope", "biz_set:9991001"];
    const program = watchInPipe(test, { url: gateway.url, id: "20000000015" }, scope);
    expect((await program.ended).code).toBe(0);
    const asked = gateway.simulator.requests.find(({ query }) => query.job_instance_id === "20000000015");
    expect(asked?.query).toMatchObject({ bk_scope_type: "biz_set", bk_scope_id: "9991001" });
  });
});

describe.concurrent("a job that cannot be watched", () => {
  it.for([
    [
      "does not exist",
      "20000000404",
      /^JobInstanceNotFound: Job instance does not exist \(job_request_id \w+\)\n$/,
    ],
    [
      "is not permitted",
      "20000000403",
      /^PermissionDenied: User .* \(job_request_id \w+\)\. Apply in 作业平台 \(bk_job\) for: 业务访问 \(access_business\) on 业务 blueking \(1\)\.\n$/,
    ],
    [
      "is not permitted, without permission data",
      "20000090017",
      /^PermissionDenied: User .* \(job_request_id \w+\)\n$/,
    ],
    ["is rejected by the API Gateway", "20000090102", /^Expected a state of the job, got FORBIDDEN: .+\n$/],
    [
      "is requested with invalid credentials",
      "20000090101",
      /^Expected a state of the job, got UNAUTHENTICATED: .+ Set the credentials in BK_JOB_AUTHORIZATION, or with --header 'X-Bkapi-Authorization: …'\.\n$/,
    ],
  ] as const)("that %s ends it with exit code 2", async ([, id, message], test) => {
    const program = watchInPipe(test, { url: gateway.url, id }, ["--header", "Accept-Language: en"]);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toMatch(message);
    expect(program.stdout()).toBe("");
  });

  it("whose permission is withdrawn ends it with exit code 2", async (test) => {
    const id = "32000000100";
    const job = changingJob(gateway, id, running());
    const program = watchInPipe(test, job);
    await linesOf(program, 1);
    gateway.simulator.script(id, () => ({
      kind: "json",
      status: 403,
      body: { error: { code: "NO_PERMISSION", message: "\u001b[2J权限不足" } },
    }));
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toBe("PermissionDenied: 权限不足\n");
  });
});

describe.concurrent("arguments", () => {
  const scope = ["--scope", "biz:1"];
  it.for([
    ["no id", scope, /^error: missing required argument 'jobInstanceId'\n$/],
    ["an invalid id", ["12a", ...scope], /^Expected a job instance id, .* got "12a"\.\n$/],
    ["the id 0", ["0", ...scope], /^Expected a job instance id, .* got "0"\.\n$/],
    [
      "an id above 64 bits",
      ["9223372036854775808", ...scope],
      /^Expected a job instance id, .* 64-bit .*\n$/,
    ],
    ["no scope", ["1"], /^Expected --scope to be biz:<id> or biz_set:<id>, such as biz:1, got none\.\n$/],
    ["an unknown scope type", ["1", "--scope", "set:1"], /^Expected --scope .*, got "set:1"\.\n$/],
    ["a scope without an id", ["1", "--scope", "biz:"], /^Expected --scope .*, got "biz:"\.\n$/],
    [
      "a scope with line breaks",
      ["1", "--scope", "biz:1\n\u001b[2J"],
      /^Expected --scope .*, got "biz:1 "\.\n$/,
    ],
    ["an invalid URL", ["1", ...scope, "--url", "localhost"], /^Expected --url .*, got "localhost"\.\n$/],
    [
      "a URL with another scheme",
      ["1", ...scope, "--url", "ftp://a/b?t=hunter2"],
      /^Expected --url .*\/b\?…"\.\n$/,
    ],
    [
      "a URL with a password",
      ["1", ...scope, "--url", "http://u:hunter2@a/"],
      /^Expected --url without .*\.\n$/,
    ],
    [
      "a header without a colon",
      ["1", ...scope, "--header", "hunter2"],
      /^Expected --header 'Name: value', .*\n$/,
    ],
    ["a header without a name", ["1", ...scope, "--header", ": hunter2"], /^Expected --header .*\n$/],
    ["a header name with spaces", ["1", ...scope, "--header", "X hunter2: 1"], /^Expected --header .*\n$/],
    [
      "a header value with a control character",
      ["1", ...scope, "--header", "X: hunter2\u0001"],
      /^Expected valid HTTP headers, .*"x".*\n$/,
    ],
    ["a header value in Chinese", ["1", ...scope, "--header", "X: hunter2口令"], /^Expected --header .*\n$/],
    [
      "a header without quotes",
      ["1", ...scope, "--header", "X:", "hunter2"],
      /^Expected one job .*quotes.*\n$/,
    ],
    [
      "a timeout without a number",
      ["1", ...scope, "--timeout", "soon"],
      /^Expected --timeout .*got "soon"\.\n$/,
    ],
    ["a timeout of 0", ["1", ...scope, "--timeout", "0s"], /^Expected --timeout .*got "0s"\.\n$/],
    ["a timeout of years", ["1", ...scope, "--timeout", "9000h"], /^Expected --timeout .*got "9000h"\.\n$/],
    [
      "an unknown option",
      ["1", ...scope, "--jsn"],
      /^error: unknown option '--jsn'\n\(Did you mean --json\?\)\n$/,
    ],
    ["an option without its value", ["1", "--scope"], /^error: option '--scope <scope>' argument missing\n$/],
  ] as const)("with %s end it with exit code 2 and one message", async ([, args, message], test) => {
    const program = runProgram(test, "cli.js", ["watch", ...args]);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toMatch(message);
    expect(program.stderr()).not.toContain("hunter2");
    expect(program.stdout()).toBe("");
  });

  it("are explained by --help, with the exit codes", async (test) => {
    const program = runProgram(test, "cli.js", ["watch", "--help"]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    for (const text of [
      "--scope",
      "--url",
      "--header",
      "--timeout",
      "--json",
      "BK_JOB_AUTHORIZATION",
      "130",
    ]) {
      expect(program.stdout()).toContain(text);
    }
  });
});

describe.concurrent("credentials", () => {
  const seenBy = (id: string) =>
    gateway.simulator.requests.find(({ query }) => query.job_instance_id === id)?.headers;

  it("come from BK_JOB_AUTHORIZATION", async (test) => {
    const job = changingJob(gateway, "33000000001", finished());
    await watchInPipe(test, job).ended;
    expect(seenBy(job.id)?.["x-bkapi-authorization"]).toBe(AUTHORIZATION);
  });

  it("in a header take precedence, and other headers are sent, too", async (test) => {
    const job = changingJob(gateway, "33000000002", finished());
    const own = '{"access_token":"own"}';
    const headers = ["--header", `x-bkapi-authorization: ${own}`, "--header", "X-Bk-Tenant-Id:tenant"];
    await watchInPipe(test, job, headers).ended;
    expect(seenBy(job.id)).toMatchObject({ "x-bkapi-authorization": own, "x-bk-tenant-id": "tenant" });
  });

  it("that are not valid in a header are rejected without being shown", async (test) => {
    const program = watchInPipe(test, { url: gateway.url, id: "1" }, [], { BK_JOB_AUTHORIZATION: "口令\n" });
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(/^Expected BK_JOB_AUTHORIZATION to be .*\n$/);
    expect(program.stderr()).not.toContain("口令");
  });

  it("are mentioned in the error if there are none", async (test) => {
    const program = runProgram(test, "cli.js", argumentsFor({ url: gateway.url, id: "20000000001" }));
    expect((await program.ended).code).toBe(2);
    expect(program.stderr()).toMatch(/UNAUTHENTICATED: .* Set the credentials in BK_JOB_AUTHORIZATION/);
  });
});

describe.concurrent("an early end", () => {
  it.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGQUIT", 131],
  ] as const)("by %s has exit code %i", async ([signal, code], test) => {
    const program = watchInPipe(test, changingJob(gateway, `34000000${code}`, running()));
    await linesOf(program, 1);
    program.process.kill(signal);
    expect(await program.ended).toEqual({ code, signal: null });
    expect(program.stderr()).toBe("Stopped watching. The job continues.\n");
  });

  const timeout = ["--timeout", "90s"];
  const timeoutAtSignal = heldClock(90_000);

  it("by a timeout has exit code 2 and a message that the job was still running", async (test) => {
    const job = changingJob(gateway, "34000000001", running());
    const program = watchInPipe(test, job, timeout, timeoutAtSignal);
    await linesOf(program, 1);
    program.process.kill("SIGUSR2");
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stdout()).toContain("RUNNING");
    const elapsed = `RUNNING, ${ELAPSED} at the last change`;
    expect(program.stderr()).toMatch(
      new RegExp(`^The job did not finish within 1m 30s: ${elapsed}\\. The job continues\\.\n$`),
    );
  });

  it("by a timeout before the first state has a message about that", async (test) => {
    const id = "20000090502";
    const program = watchInPipe(test, { url: gateway.url, id }, timeout, timeoutAtSignal);
    await test.expect.poll(() => callsFor(id)).toBe(1);
    program.process.kill("SIGUSR2");
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toBe("The job did not finish within 1m 30s: no state of it arrived.\n");
  });
});

it("does not confuse an invalid response with a failed job", async (test) => {
  const { url } = await useFakeGateway(test, (_, response) => {
    response.writeHead(200, EVENTS).end(jobEvent({ steps: "\u001b[2J" }));
  });
  const program = watchInPipe(test, { url, id: "1" });
  expect(await program.ended).toEqual({ code: 2, signal: null });
  expect(program.stderr()).toMatch(/^Internal error of the watch command: \P{Cc}*\n$/u);
});

it("does not confuse an uncaught error with a failed job", async (test) => {
  const fault = encodeURIComponent('process.on("SIGUSR2", () => { throw new Error("a fault") })');
  const program = watchInPipe(test, changingJob(gateway, "34000000003", running()), [], {
    NODE_OPTIONS: `--import data:text/javascript,${fault}`,
  });
  await linesOf(program, 1);
  program.process.kill("SIGUSR2");
  expect(await program.ended).toEqual({ code: 2, signal: null });
  expect(program.stderr()).toMatch(/^Internal error of the watch command: Error: a fault .*\n$/);
});

it("ends its subscription at the gateway", async (test) => {
  const job = changingJob(gateway, "34000000002", running());
  const program = watchInPipe(test, job, [], CREDENTIALS);
  await linesOf(program, 1);
  program.process.kill("SIGINT");
  await program.ended;
  await untilNotPolled(gateway, job.id);
});
