/** `bk-job-graphql mcp`: the built program, with the client of the official SDK over stdin and stdout. */
import { createServer } from "node:net";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, it } from "vitest";
import { runProgram } from "../process/program.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { scriptJob, stepRow } from "../support/job-payload.ts";
import { listen } from "../support/listen.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { useSwitchingProxy } from "../support/switching-proxy.ts";
import { CLI, CREDENTIALS, runInTerminal } from "../watch/run-watch.ts";
import { jobRef, message, useAgentOver } from "./mcp-client.ts";

const FAILED = "20000000002";
const ENDLESS = "20000000004";

const useProgram = (
  { url }: Pick<TestGateway, "url">,
  {
    args = [],
    env = CREDENTIALS,
  }: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
) => {
  const all = [CLI, "mcp", "--url", url, ...args];
  return useAgentOver(
    new StdioClientTransport({ command: process.execPath, args: all, env, stderr: "pipe" }),
  );
};

it("has the same tools, which read jobs from a gateway", async () => {
  const gateway = await useGateway();
  const { call, client } = await useProgram(gateway);
  expect(client.getServerVersion()).toMatchObject({ name: "bk-job-graphql" });

  const status = await call("get_job_status", jobRef(FAILED));
  expect(status.result).toMatchObject({
    name: "日志清理",
    status: "FAILED",
    steps: [{ hosts: { failed: 9 } }, {}],
  });
  const failed = await call("list_failed_hosts", { ...jobRef(FAILED), first: 4 });
  const [{ stepInstanceId, nextCursor: after }] = failed.result.steps;
  const next = await call("list_failed_hosts", { ...jobRef(FAILED), stepInstanceId, after });
  expect(next.result.steps[0].hosts).toHaveLength(5);
  expect((await call("wait_for_job", jobRef(FAILED))).result).toMatchObject({ isFinished: true });
});

it("waits until a job has finished, and reports progress", async () => {
  let now = Date.now();
  const runDurationMs = 30_000;
  const gateway = await useGateway({ simulator: { now: () => now, runDurationMs } });
  const { call } = await useProgram(gateway);
  const updates: unknown[] = [];
  const answer = call("wait_for_job", jobRef("20000000003"), {
    onprogress: (update) => updates.push(update),
  });
  await expect.poll(() => updates).toMatchObject([{ message: "RUNNING, 0 of 3 steps finished" }]);
  now += runDurationMs;
  expect((await answer).result).toMatchObject({ status: "FAILED", isFinished: true });
});

it("returns the state of a job that has not finished after the timeout", async () => {
  const { call } = await useProgram(await useGateway());
  const { result, isError } = await call("wait_for_job", { ...jobRef(ENDLESS), timeoutSeconds: 1 });
  expect([isError, result]).toMatchObject([false, { status: "WAITING_USER", isFinished: false }]);
});

it("keeps waiting when the gateway restarts", async (test) => {
  const proxy = await useSwitchingProxy(test);
  const first = await proxy.start();
  const { call } = await useProgram(first);
  const updates: unknown[] = [];
  const answer = call(
    "wait_for_job",
    { ...jobRef(ENDLESS), timeoutSeconds: 600 },
    { timeout: 600_000, onprogress: (update) => updates.push(update) },
  );
  await expect.poll(() => updates).toHaveLength(1);
  await first.stop();
  const second = await proxy.start();
  test.onTestFinished(second.stop);
  scriptJob(second.simulator, ENDLESS, { steps: [stepRow()] });
  expect((await answer).result).toMatchObject({ status: "SUCCEEDED", isFinished: true });
});

it("stops waiting when the agent cancels the call", async () => {
  const gateway = await useGateway();
  const { call } = await useProgram(gateway);
  const agent = new AbortController();
  const updates: unknown[] = [];
  const answer = call("wait_for_job", jobRef("20000000003"), {
    signal: agent.signal,
    onprogress: (update) => updates.push(update),
  });
  await expect.poll(() => updates.length).toBeGreaterThan(0);
  agent.abort();
  await expect(answer).rejects.toThrow();
  await untilNotPolled(gateway, "20000000003");
});

it("says in a terminal what it is, and ends with Ctrl-C", async (test) => {
  const url = "http://127.0.0.1:4000/graphql?token=hunter2";
  const run = runInTerminal(test, [process.execPath, CLI, "mcp", "--url", url], { columns: 300 });
  const lines = () => run.screen.lines();
  await run.until(() => lines().length > 0);
  expect(lines()).toEqual([
    "MCP server on standard input and output, for the gateway at http://127.0.0.1:4000/graphql. An agent starts this command; Ctrl-C ends it.",
  ]);
  run.type("\u0003");
  expect(await run.ended).toBe(130);
});

describe("the caller", () => {
  it("has the credentials of the environment, and headers of the command line", async () => {
    const gateway = await useGateway();
    const { call } = await useProgram(gateway, { args: ["--header", "Accept-Language: zh"] });
    await call("get_job_status", jobRef(FAILED));
    expect(gateway.simulator.requests.at(-1)?.headers).toMatchObject({
      "x-bkapi-authorization": AUTHORIZATION,
      "blueking-language": "zh-cn",
    });
  });

  it("learns how to set missing credentials", async () => {
    const { call } = await useProgram(await useGateway(), { env: {} });
    expect((await call("get_job_status", jobRef(FAILED))).text).toMatch(
      /^UNAUTHENTICATED: .+ Set the credentials in BK_JOB_AUTHORIZATION, or with --header/,
    );
  });

  it("gets problems and errors as over HTTP", async () => {
    const env = { BK_JOB_AUTHORIZATION: '{"access_token":"no-permission"}' };
    const gateway = await useGateway();
    const denied = await useProgram(gateway, { env });
    for (const tool of ["list_failed_hosts", "wait_for_job"]) {
      expect((await denied.call(tool, jobRef(FAILED))).text).toMatch(/^PermissionDenied: .+Apply in /);
    }
    const { call } = await useProgram(gateway);
    expect((await call("wait_for_job", jobRef("1"))).text).toMatch(/^JobInstanceNotFound: /);
    expect((await call("get_job_status", jobRef("20000090107"))).text).toMatch(
      /^RATE_LIMITED: .+ \(retryAfterMs: \d+\)$/,
    );
  });
});

it("says that there is no gateway", async () => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  const url = `http://127.0.0.1:${port}/graphql`;
  const { call } = await useProgram({ url });
  for (const tool of ["get_job_status", "wait_for_job"]) {
    expect((await call(tool, jobRef(FAILED))).text).toBe(
      `CONNECTION_LOST: Could not connect to a gateway at ${url}: nothing is listening there.`,
    );
  }
});

it("runs with a gateway that runs only trusted documents and serves the tools itself", async () => {
  const trustedDocuments = { documents: new Map(), only: true };
  const strict = await useProgram(await useGateway({ config: { trustedDocuments } }));
  expect((await strict.call("get_job_status", jobRef(FAILED))).text).toMatch(/^UNTRUSTED_DOCUMENT: /);
  const { call } = await useProgram(await useGateway({ config: { trustedDocuments, mcp: true } }));
  expect((await call("get_job_status", jobRef(FAILED))).isError).toBe(false);
});

describe("the program", () => {
  const run = (test: Parameters<typeof runProgram>[0], ...args: readonly string[]) =>
    runProgram(test, "cli.js", ["mcp", ...args]);

  it("writes only messages to stdout, survives invalid input, and ends with its input", async (test) => {
    const program = run(test);
    const { stdin } = program.process;
    stdin?.write("not JSON\n");
    stdin?.write('{"hello":"world"}\n');
    stdin?.write(`${JSON.stringify(message("ping", {}, 7))}\n`);
    await program.until(() => program.stdout().includes("\n"));
    expect(program.stdout()).toBe('{"result":{},"jsonrpc":"2.0","id":7}\n');
    expect(program.stderr()).toMatch(/not valid JSON/);
    stdin?.end();
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it.each([
    [["--url", "ftp://example.com"], 2, /^Expected --url to be an http or https address/],
    [["--header", "secret"], 2, /^Expected --header 'Name: value'/],
    [
      ["--header", "Name:", "secret"],
      2,
      /^Expected only options, got other arguments\. Put a header in quotes/,
    ],
    [["--port", "1"], 1, /unknown option '--port'/],
  ])("rejects %j", async (args, code, expected) => {
    const program = run({ onTestFinished: () => {} }, ...args);
    expect(await program.ended).toEqual({ code, signal: null });
    expect(program.stderr()).toMatch(expected);
    expect(program.stderr()).not.toContain("secret");
    expect(program.stdout()).toBe("");
  });
});
