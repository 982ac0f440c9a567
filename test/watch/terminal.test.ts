/** `watch` in a terminal: a picture that is redrawn in place. */
import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SLOW_CLOCK } from "../process/program.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, stepRow } from "../support/job-payload.ts";
import { EVENTS, event, FINISHED_EVENT, jobEvent, useFakeGateway } from "./fake-gateway.ts";
import { changingJob, ELAPSED, finished, running, type TerminalRun, watchInTerminal } from "./run-watch.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const BAR = 32;
const bar = (...parts: readonly (readonly [string, number])[]) =>
  parts.map(([character, length]) => character.repeat(length)).join("");

/** Succeeded, failed, running and waiting hosts. */
const HOSTS = [9, 9, 9, 9, 104, 7, 5, 5];
const FAILED_HOST = { exit_code: 3, tag: "disk full" };

const widest = ({ screen }: TerminalRun) => Math.max(...screen.lines().map((line) => stringWidth(line)));

describe.concurrent("the picture", () => {
  it("shows name, status, elapsed time, steps with bars, and failed groups, in place until the end", async (test) => {
    const job = changingJob(
      gateway,
      "36000000001",
      running({
        steps: [
          stepRow({ name: "检查", status: 3, step_ip_result_list: [hostRow(1)] }),
          stepRow({
            name: "安装补丁",
            status: 2,
            execute_count: 1,
            step_ip_result_list: HOSTS.map((status, index) =>
              hostRow(index + 1, { status, ...(status === 104 && FAILED_HOST) }),
            ),
          }),
          stepRow({ name: "确认", status: 1, type: 3 }),
        ],
      }),
    );
    const run = watchInTerminal(test, job, { environment: { NO_COLOR: "1" } });
    await run.shows(/安装补丁/);
    expect(run.screen.lines()).toEqual([
      expect.stringMatching(new RegExp(`^部署 {2}● RUNNING {2}${ELAPSED} {2}biz:1 36000000001$`)),
      "",
      `✔ 检查      ${bar(["█", BAR])}  1/1`,
      `● 安装补丁  ${bar(["█", 16], ["x", 4], ["▒", 4], ["░", 8])}  5/8  1 failed  retry 1`,
      '    1 × SCRIPT_NON_ZERO_EXIT "disk full" exit code 3  10.0.0.5',
      `○ 确认      ${bar([" ", BAR])}  PENDING`,
    ]);
    expect(run.screen.isCursorVisible()).toBe(false);

    job.become(finished({ status: 4, hosts: [9, 9] }));
    expect(await run.ended).toBe(1);
    expect(run.screen.lines()).toEqual([
      "部署  ✖ FAILED  1m 05s  biz:1 36000000001",
      "",
      `● 安装  ${bar(["█", BAR])}  2/2`,
    ]);
    expect(run.screen.isCursorVisible()).toBe(true);
  });

  it("updates the elapsed time between changes", async (test) => {
    const { url } = await useFakeGateway(test, (_, response) => {
      response.writeHead(200, EVENTS).write(jobEvent({ elapsedMs: 59_000 }));
    });
    const run = watchInTerminal(test, { url, id: "1" });
    await run.shows(/RUNNING {2}59s/);
    await run.shows(/RUNNING {2}\d+m/);
    expect(run.screen.lines()).toHaveLength(1);
  });

  it("shows the status of steps without hosts, of skipped steps and of unknown statuses", async (test) => {
    const steps = [
      stepRow({ name: "a", status: 7, type: 3 }),
      stepRow({ name: "b", status: 5 }),
      stepRow({ name: "c", status: 42 }),
    ];
    const run = watchInTerminal(test, changingJob(gateway, "36000000003", finished({ status: 99, steps })));
    await run.ended;
    expect(run.screen.lines()).toEqual([
      "部署  ? status 99  1m 05s  biz:1 36000000003",
      "",
      `! a  ${bar([" ", BAR])}  WAITING_USER`,
      `✔ b  ${bar(["░", BAR])}  SKIPPED`,
      `? c  ${bar(["░", BAR])}  status 42`,
    ]);
  });

  it("shows one failed host among thousands in the bar", async (test) => {
    const hosts = Array.from({ length: 2_000 }, (_, index) => (index === 0 ? 104 : 9));
    const run = watchInTerminal(test, changingJob(gateway, "36000000004", finished({ hosts })), {
      environment: { NO_COLOR: "1" },
    });
    await run.ended;
    expect(run.screen.lines()[2]).toBe(`● 安装  ${bar(["█", BAR - 1], ["x", 1])}  2000/2000  1 failed`);
  });

  it("ignores escape sequences in names, tags and messages", async (test) => {
    const evil = "a\u001b[2Jb\u001b]0;title\u0007c\u009b31md\r\ne";
    const row = { ip: evil, status: 104, tag: evil };
    const job = finished({ name: evil, stepFields: { name: evil, step_ip_result_list: [row] } });
    // The screen of these tests throws for unknown sequences.
    const run = watchInTerminal(test, changingJob(gateway, "36000000005", job), { columns: 100 });
    expect(await run.ended).toBe(0);
    expect(run.screen.lines()[0]).toMatch(/^abcd e/);
    expect(run.screen.lines()).toHaveLength(4);
  });
});

describe.concurrent("colors", () => {
  const runWith = async (
    test: Parameters<typeof watchInTerminal>[0],
    environment: Record<string, string>,
  ) => {
    const run = watchInTerminal(test, { url: gateway.url, id: "20000000002" }, { environment });
    await run.ended;
    return run.output();
  };

  it.for([
    ["in true color", { COLORTERM: "truecolor" }, "\u001b[38;2;234;54;54m✖"],
    ["in 256 colors if the terminal has fewer", {}, "\u001b[38;5;203m✖"],
    ["in true color if forced", { TERM: "vt52", FORCE_COLOR: "3" }, "\u001b[38;2;234;54;54m✖"],
    ["with an empty NO_COLOR", { NO_COLOR: "" }, "\u001b[38;5;203m✖"],
  ] as const)("are those of BlueKing Job %s", async ([, environment, text], test) => {
    expect(await runWith(test, environment)).toContain(text);
  });

  it.for([
    [{ NO_COLOR: "1" }],
    [{ NO_COLOR: "0", COLORTERM: "truecolor", FORCE_COLOR: "3" }],
    [{ FORCE_COLOR: "0" }],
  ] as const)("are disabled with %o", async ([environment], test) => {
    const output = await runWith(test, environment);
    expect(output).toContain("✖ FAILED");
    expect(output).not.toMatch(/\[[\d;]*m/);
  });
});

describe.concurrent("the terminal's size", () => {
  const long = finished({
    name: "很长的作业名称".repeat(20),
    status: 4,
    steps: Array.from({ length: 12 }, (_, index) =>
      stepRow({
        name: `${index + 1} 很长的步骤名称很长的步骤名称`,
        status: index < 6 ? 4 : 1,
        ...(index < 6 && {
          step_ip_result_list: [1, 2, 3].map((id) =>
            hostRow(id, { status: 104, exit_code: id, tag: "很长的标签".repeat(10) }),
          ),
        }),
      }),
    ),
  });

  it.for([20, 39, 40, 60, 81, 200])("of %i columns is respected", async (columns, test) => {
    const job = changingJob(gateway, `3700000000${columns}`, long);
    const run = watchInTerminal(test, job, { columns, rows: 100 });
    await run.ended;
    expect(widest(run)).toBeLessThanOrEqual(columns);
    expect(run.screen.lines()[0]).toContain("✖ FAILED");
    // A line that is too long would wrap.
    expect(run.screen.lines()).toHaveLength(2 + 12 + 6 * 3);
  });

  it.for([
    [30, 29, /1 × SCRIPT.*/, /… 2 more failed/],
    [18, 17, /1 很长/, /12 很长/],
    [8, 7, /… 4 steps before/, /… 5 steps after/],
    [4, 3, /很长/, /6 很长/],
  ] as const)("of %i rows is respected while the job runs", async ([rows, most, first, last], test) => {
    const job = changingJob(gateway, `3800000000${rows}`, { ...long, finished: false });
    const run = watchInTerminal(test, job, { rows, environment: { NO_COLOR: "1" } });
    await run.shows(last);
    expect(run.screen.lines().length).toBeLessThanOrEqual(most);
    expect(run.screen.lines().join("\n")).toMatch(first);
    // At the end, everything is shown and can be scrolled to.
    job.become(long);
    await run.ended;
    expect(run.screen.lines()).toHaveLength(2 + 12 + 6 * 3);
  });

  it("can change", async (test) => {
    const run = watchInTerminal(test, changingJob(gateway, "36000000006", running({ hosts: HOSTS })), {
      columns: 100,
      // Otherwise, the update of each second could coincide with the change.
      environment: SLOW_CLOCK,
    });
    await run.shows(/5\/8/);
    run.resize(50, 10);
    // The terminal has wrapped a line; the next picture removes it.
    expect(run.screen.lines()).toHaveLength(5);
    await run.until(() => run.screen.lines().length === 4);
    await run.shows(/^● 安装 {2}█{7}.* 5\/8/);
    expect(widest(run)).toBeLessThanOrEqual(50);
    run.resize(120, 10);
    await run.shows(/█{16}/);
    expect(run.screen.lines()).toHaveLength(4);
  });
});

describe.concurrent("the end", () => {
  it("by Ctrl-C keeps the picture and restores the cursor, with exit code 130", async (test) => {
    const run = watchInTerminal(test, changingJob(gateway, "36000000007", running()));
    await run.shows(/安装/);
    run.type("\u0003");
    expect(await run.ended).toBe(130);
    expect(run.screen.lines()).toEqual([
      expect.stringMatching(/^部署 {2}● RUNNING/),
      "",
      expect.stringMatching(/^● 安装/),
      "Stopped watching. The job continues.",
    ]);
    expect(run.screen.isCursorVisible()).toBe(true);
  });

  it("without a job shows only the message and restores the cursor", async (test) => {
    const run = watchInTerminal(test, { url: gateway.url, id: "20000000404" });
    expect(await run.ended).toBe(2);
    expect(run.screen.lines().join("")).toMatch(/^JobInstanceNotFound: /);
    expect(run.screen.isCursorVisible()).toBe(true);
  });
});

it("restores the cursor while it is stopped by Ctrl-Z, and continues below the shell's output", async (test) => {
  const run = watchInTerminal(test, changingJob(gateway, "36000000008", running()));
  await run.shows(/安装/);
  run.type("\u001a");
  await run.until(() => run.screen.isCursorVisible());
  run.screen.write("shell\r\n");
  // Repeatedly, because the program may not have stopped yet.
  const timer = setInterval(() => run.kill("SIGCONT"), 100);
  test.onTestFinished(() => clearInterval(timer));
  await run.until(() => run.screen.lines().filter((line) => line.startsWith("部署")).length === 2);
  expect(run.screen.isCursorVisible()).toBe(false);
  expect(run.screen.lines()[3]).toMatch(/shell$/);
});

it("shows below the picture that the connection is lost, until it is restored", async (test) => {
  const { url } = await useFakeGateway(test, (_, response, index) => {
    response.writeHead(200, EVENTS);
    if (index === 0) response.end(jobEvent() + event("complete"));
    else response.end(jobEvent({ name: "later" }) + FINISHED_EVENT);
  });
  const run = watchInTerminal(test, { url, id: "1" });
  await run.shows(/^Connection lost: the gateway ended the stream\. Retry 1 of 10 in \d\.\d s\.$/);
  expect(run.screen.lines()[0]).toBe("job  ● RUNNING  biz:1 1");
  expect(await run.ended).toBe(0);
  expect(run.screen.lines()).toEqual(["job  ✔ SUCCEEDED  biz:1 1"]);
});

it("prints lines on a terminal without cursor control", async (test) => {
  const run = watchInTerminal(
    test,
    { url: gateway.url, id: "20000000001" },
    { environment: { TERM: "dumb" }, columns: 200 },
  );
  expect(await run.ended).toBe(0);
  expect(run.output()).toMatch(/^\S+ 发布-订单服务 v2\.14\.0: SUCCEEDED 1m 35s; 停止服务 4\/4; .*\r\n$/);
});
