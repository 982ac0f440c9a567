/** `watch` in a pipe: one line or JSON object per change. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUBSCRIPTION } from "../../src/watch/job-update.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { stepRow } from "../support/job-payload.ts";
import { subscribeByEvents } from "../support/live-clients.ts";
import {
  argumentsFor,
  CLI,
  CREDENTIALS,
  changingJob,
  ELAPSED,
  finished,
  linesOf,
  runInTerminal,
  running,
  watchInPipe,
} from "./run-watch.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const FAILURE = { hosts: [9, 104], hostFields: { exit_code: 3, tag: "disk full" } };
const CONTROLS = /[^\P{Cc}\n]/u;

describe.concurrent("lines", () => {
  it("are printed for each change, with steps, finished hosts and failed hosts", async (test) => {
    const job = changingJob(gateway, "31000000001", running({ hosts: [5, 7] }));
    const program = watchInPipe(test, job);
    await linesOf(program, 1);
    job.become(running(FAILURE));
    await linesOf(program, 2);
    job.become(finished({ ...FAILURE, status: 4, stepFields: { status: 4, execute_count: 2 } }));

    expect(await program.ended).toEqual({ code: 1, signal: null });
    const [first, second, third, ...rest] = program.stdout().split("\n");
    const time = "20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
    expect(first).toMatch(new RegExp(`^${time} 部署: RUNNING ${ELAPSED}; 安装 0/2, 1 running$`));
    const failed = '1 failed \\(1 × SCRIPT_NON_ZERO_EXIT "disk full" exit code 3: 10\\.0\\.0\\.2\\)';
    expect(second).toMatch(new RegExp(`^${time} 部署: RUNNING ${ELAPSED}; 安装 2/2, ${failed}$`));
    expect(third).toMatch(new RegExp(`^${time} 部署: FAILED 1m 05s; 安装 2/2, ${failed}, retry 2$`));
    expect(rest).toEqual([""]);
    expect(program.stderr()).toBe("");
  });

  it("follow a job to its end", async (test) => {
    // Each read advances the job.
    let now = Date.UTC(2026, 0, 1);
    const simulator = { runDurationMs: 1_500, now: () => (now += 50) };
    const { url, close } = await startGateway({ simulator });
    test.onTestFinished(close);
    const program = watchInPipe(test, { url, id: "20000000003" });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    const lines = program.stdout().trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.at(-1)).toMatch(
      /安全补丁: FAILED 1s; 检查环境 6\/6; 分发补丁 6\/6; 安装补丁 6\/6, 1 failed \(1 × .* "reboot required" exit code 3: 10\.0\.0\.104\)$/,
    );
  });

  it("contain the code of an unknown status, and statuses without hosts", async (test) => {
    const steps = [
      stepRow({ name: "a", status: 42 }),
      stepRow({
        name: "b",
        status: 6,
        step_ip_result_list: [{ ...FAILURE.hostFields, ip: "10.0.0.1", status: 777 }],
      }),
      stepRow({ name: "c", status: 7, type: 3 }),
    ];
    const job = changingJob(gateway, "31000000002", finished({ status: 99, steps }));
    const program = watchInPipe(test, job);
    await program.ended;
    expect(program.stdout()).toMatch(
      /: status 99 1m 05s; a status 42; b 0\/1 ERROR_IGNORED, 1 unknown; c WAITING_USER\n$/,
    );
  });

  it("list the first kinds of failures and the number of others", async (test) => {
    const rows = Array.from({ length: 7 }, (_, index) => ({
      ip: `10.0.0.${index}`,
      status: 104,
      exit_code: index,
    }));
    const job = changingJob(
      gateway,
      "31000000003",
      finished({ status: 4, stepFields: { step_ip_result_list: rows } }),
    );
    const program = watchInPipe(test, job);
    await program.ended;
    expect(program.stdout().match(/exit code \d/g)).toHaveLength(5);
    expect(program.stdout()).toContain("exit code 4: 10.0.0.4; 2 more failed)");
  });

  it.for([{}, { FORCE_COLOR: "3" }])("have no colors with %o", async (environment, test) => {
    const program = watchInPipe(test, { url: gateway.url, id: "20000000002" }, [], environment);
    await program.ended;
    expect(program.stdout()).toContain("日志清理");
    expect(program.stdout()).not.toMatch(CONTROLS);
  });

  it("have no control characters, whatever names and tags contain", async (test) => {
    const evil = "\u001b[2J\u001b]0;title\u0007\u009b31mx\r\ny\u0000\u202e\u001b\u001b[1m[5mz";
    const job = changingJob(
      gateway,
      "31000000004",
      finished({
        name: evil,
        status: 4,
        stepFields: {
          name: evil,
          step_ip_result_list: [{ ip: evil, status: 104, tag: evil, exit_code: 1 }],
        },
      }),
    );
    const program = watchInPipe(test, job);
    await program.ended;
    expect(program.stdout()).toMatch(
      /^\S+ x y\[5mz: FAILED 1m 05s; x y\[5mz 1\/1, 1 failed \(1 × \w+ "x y\[5mz" exit code 1: x y\[5mz\)\n$/,
    );
    expect(program.stdout()).not.toMatch(CONTROLS);
    expect(program.stdout()).not.toContain("\u202e");
  });
});

describe.concurrent("--json", () => {
  it("prints each value of the subscription and nothing else", async (test) => {
    const job = changingJob(gateway, "31000000005", running({ hosts: [7, 7] }));
    const stream = subscribeByEvents(gateway.url, {
      query: SUBSCRIPTION,
      variables: { ref: { scopeType: "BIZ", scopeId: "1", jobInstanceId: job.id } },
    });
    const program = watchInPipe(test, job, ["--json"]);
    await linesOf(program, 1);
    job.become(finished(FAILURE));

    expect(await program.ended).toEqual({ code: 0, signal: null });
    await stream.completed;
    const sent = stream.results.map(({ data }) => ({ ...data.jobInstanceUpdated, ...READING }));
    const printed = program.stdout().trimEnd().split("\n");
    expect(printed.map((line) => ({ ...JSON.parse(line), ...READING }))).toEqual(sent);
    expect(printed).toHaveLength(2);
    expect(program.stderr()).toBe("");
  });

  it("prints other outcomes, too, with the message on stderr", async (test) => {
    const program = watchInPipe(test, { url: gateway.url, id: "20000000404" }, ["--json"]);
    expect((await program.ended).code).toBe(2);
    expect(JSON.parse(program.stdout())).toMatchObject({ __typename: "JobInstanceNotFound" });
    expect(program.stderr()).toMatch(/^JobInstanceNotFound: /);
  });

  it("escapes control characters, including those that JSON allows", async (test) => {
    const name = "\u001b[2J\u009b2J\u007f";
    const job = changingJob(gateway, "31000000006", finished({ name }));
    const program = watchInPipe(test, job, ["--json"]);
    await program.ended;
    expect(program.stdout()).not.toMatch(CONTROLS);
    expect(JSON.parse(program.stdout()).name).toBe(name);
  });
});

/** Fields that differ between two reads of one state. */
const READING = { observedAt: null, elapsedMs: null };

it("ends without a message if its output is closed", async (test) => {
  const job = changingJob(gateway, "31000000007", running());
  const program = watchInPipe(test, job);
  await linesOf(program, 1);
  program.process.stdout.destroy();
  job.become(running({ hosts: [7] }));
  // The exit code of a process ended by SIGPIPE.
  expect((await program.ended).code).toBe(141);
  expect(program.stderr()).toBe("");
});

it.runIf(existsSync("/dev/full"))("reports that its output was lost for lack of space", async (test) => {
  const command = [process.execPath, CLI, ...argumentsFor({ url: gateway.url, id: "20000000001" })];
  const options = { environment: CREDENTIALS, columns: 200 };
  const run = runInTerminal(test, ["sh", "-c", '"$@" > /dev/full', "sh", ...command], options);
  expect(await run.ended).toBe(2);
  expect(run.screen.lines()).toEqual([expect.stringMatching(/^Could not write to stdout: .*ENOSPC/)]);
});
