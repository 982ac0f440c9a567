/** Start of the programs: output, service and startup errors. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { readSdl } from "../../src/graphql/schema.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { ask, jobQuery, onJob } from "../support/ask.ts";
import { useServer } from "../support/listen.ts";
import { ROOT } from "../support/readme.ts";
import { runShell } from "../support/shell.ts";
import { type Program, runProgram } from "./program.ts";

const QUERY = jobQuery("100", onJob("name"));
const VERSION = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")).version;
const DEMO_ANSWER = { jobInstance: { name: "API Quick execution script1" } };

async function useSimulator({ onTestFinished }: TestContext) {
  const simulator = await createSimulator({ recordRequests: true });
  onTestFinished(simulator.close);
  return simulator;
}

describe.concurrent("main.js without JOB_API_URL", () => {
  it("prints that it runs on the simulator, and answers the queries that it suggests", async (test) => {
    const program = runProgram(test, "main.js");
    const url = await program.url();
    const notice = program.stderr();
    expect(notice).toContain("JOB_API_URL is not set: this gateway runs on the embedded simulator");

    const query = /^query JobStatus \{\n[\s\S]*?^\}$/m.exec(notice)?.[0] ?? "";
    expect(await ask(url, { query }, {})).toMatchObject({
      status: 200,
      data: { jobInstance: { name: "日志清理", status: "FAILED", hostSummary: { total: 12 } } },
    });
    const curl = /^ {2}curl [\s\S]*?\}'$/m.exec(notice)?.[0] ?? "";
    expect(JSON.parse(await runShell(curl))).toEqual({
      data: { jobInstance: { name: "日志清理", status: "FAILED" } },
    });
  });

  it.for(["contract", "release"])("simulates the dialect %s if configured", async (dialect, test) => {
    const program = runProgram(test, "main.js", [], { SIMULATOR_DIALECT: dialect });
    const url = await program.url();
    const query = jobQuery("20000000005", onJob("hostSummary { total }"));
    // The documented dialect has no rows for containers.
    const total = dialect === "contract" ? 1 : 4;
    expect((await ask(url, { query }, {})).data.jobInstance.hostSummary).toEqual({ total });
  });
});

describe.concurrent("main.js with JOB_API_URL", () => {
  it.for(["", "/"])("calls that upstream below its path (with %j at the end)", async (end, test) => {
    const simulator = await useSimulator(test);
    const program = runProgram(test, "main.js", [], { JOB_API_URL: `${simulator.url}${end}` });
    const url = await program.url();
    const headers = { "x-bkapi-authorization": '{"access_token":"mine"}' };

    expect((await ask(url, { query: QUERY }, headers)).data).toEqual(DEMO_ANSWER);
    expect(simulator.requests).toHaveLength(1);
    expect(program.stderr()).not.toContain("simulator");
  });

  it("has no default credentials", async (test) => {
    const simulator = await useSimulator(test);
    const url = await runProgram(test, "main.js", [], { JOB_API_URL: simulator.url }).url();

    const { errors } = await ask(url, { query: QUERY }, {});
    expect(errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
    expect(simulator.requests).toHaveLength(0);
  });

  it("reports all configuration errors at once and exits with code 1", async (test) => {
    const invalid = { PORT: "none", LOG_LEVEL: "loud", JOB_API_URL: "https://u:hunter22@x.example.com" };
    const program = runProgram(test, "main.js", [], invalid);

    expect(await program.ended).toEqual({ code: 1, signal: null });
    for (const name of Object.keys(invalid)) expect(program.stderr()).toMatch(new RegExp(`^${name}: `, "m"));
    expect(program.stderr()).not.toMatch(/hunter22|\n +at /);
    expect(program.stdout()).toBe("");
  });

  it("reads the app secret from a file", async (test) => {
    const simulator = await useSimulator(test);
    const folder = mkdtempSync(join(tmpdir(), "start-"));
    test.onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "secret");
    writeFileSync(path, "s3cr3t\n");
    const app = { BK_APP_CODE: "my-app", BK_APP_SECRET_FILE: path };
    const url = await runProgram(test, "main.js", [], { JOB_API_URL: simulator.url, ...app }).url();

    expect((await ask(url, { query: QUERY }, { cookie: "bk_token=mine" })).data).toEqual(DEMO_ANSWER);
    expect(simulator.requests.map(({ headers }) => headers["x-bkapi-authorization"])).toEqual([
      '{"bk_app_code":"my-app","bk_app_secret":"s3cr3t","bk_token":"mine"}',
    ]);
  });

  it("does not start with login cookies for pages of every origin", async (test) => {
    const settings = { BK_APP_CODE: "my-app", BK_APP_SECRET: "hunter22", ALLOWED_ORIGINS: "*" };
    const program = runProgram(test, "main.js", [], settings);

    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(/^ALLOWED_ORIGINS: expected the exact origins of pages/m);
    expect(program.stderr()).not.toContain("hunter22");
  });

  it("reports a port in use in one sentence and exits with code 1", async (test) => {
    const port = await useServer(createServer(), test);
    const program = runProgram(test, "main.js", [], { PORT: String(port) });

    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(
      /^Expected HOST and PORT to be an available address, but another process is listening .* choose another port, for example PORT=4001\.\n$/,
    );
    expect(program.stderr()).not.toMatch(/\n +at /);
  });

  it("reports a port of the metrics that is in use", async (test) => {
    const port = await useServer(createServer(), test);
    const program = runProgram(test, "main.js", [], { METRICS_PORT: String(port) });

    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(
      /^Expected HOST and METRICS_PORT to be an available address, but another process is listening .*, for example METRICS_PORT=\d+\.\n$/,
    );
  });

  it("reports a host of the metrics that does not exist, and what to do", async (test) => {
    const settings = { METRICS_HOST: "no-such-host.invalid", METRICS_PORT: "0" };
    const program = runProgram(test, "main.js", [], settings);

    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(
      /^Expected METRICS_HOST and METRICS_PORT to be an available address, but there is no such host: .*\. Choose an address of this machine, .*\n$/,
    );
  });

  it("reports an address that does not belong to this machine", async (test) => {
    const program = runProgram(test, "main.js", [], { HOST: "192.0.2.1" });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toContain("this machine does not have this address");
  });
});

describe.concurrent("the log line at start", () => {
  const startLine = async (program: Program) => {
    await program.until(() => program.stdout().includes('"started"'));
    return JSON.parse(/^.*"started".*$/m.exec(program.stdout())?.[0] ?? "");
  };

  it("has the versions, the addresses and the names of changed settings, but not their values", async (test) => {
    const simulator = await useSimulator(test);
    const environment = {
      JOB_API_URL: `${simulator.url}/path`,
      BK_APP_CODE: "my-app",
      BK_APP_SECRET: "hunter22",
      LOG_LEVEL: "info",
      TRUSTED_DOCUMENTS: "test/data/trusted-documents/persisted-documents.json",
    };
    const program = runProgram(test, "main.js", [], environment);
    expect(await startLine(program)).toMatchObject({
      level: 30,
      version: VERSION,
      node: process.versions.node,
      url: await program.url(),
      upstream: new URL(simulator.url).host,
      trustedDocuments: expect.toSatisfy((count) => count > 0),
      // LOG_LEVEL has its default.
      changedSettings: ["JOB_API_URL", "BK_APP_CODE", "BK_APP_SECRET", "PORT", "TRUSTED_DOCUMENTS"],
    });
    expect(program.stdout()).not.toMatch(/hunter22|my-app|path/);
  });

  it("says that the gateway runs on the simulator", async (test) => {
    const line = await startLine(runProgram(test, "main.js"));
    expect(line).toMatchObject({ upstream: "simulator", trustedDocuments: 0, changedSettings: ["PORT"] });
  });
});

it.concurrent.for(["--help", "--version", "serve"])("main.js rejects %s", async (argument, test) => {
  const program = runProgram(test, "main.js", [argument]);
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(/^Expected no arguments\. .* run dist\/cli\.js\.$/m);
});

it.concurrent.for(["development", ""])(
  "runs in production mode even with NODE_ENV=%j",
  async (value, test) => {
    // Prints the variable at the end of the program.
    const spy = encodeURIComponent(
      'process.on("exit", () => console.error("NODE_ENV=" + process.env.NODE_ENV))',
    );
    const program = runProgram(test, "main.js", [], {
      NODE_ENV: value,
      NODE_OPTIONS: `--import data:text/javascript,${spy}`,
    });
    await program.url();
    program.process.kill("SIGTERM");
    await program.ended;
    expect(program.stderr()).toMatch(/^NODE_ENV=production$/m);
  },
);

describe.concurrent("cli.js", () => {
  it.for([[], ["serve"]])("serves with the arguments %j", async (args, test) => {
    const url = await runProgram(test, "cli.js", args).url();
    expect((await ask(url, { query: QUERY }, {})).data).toEqual(DEMO_ANSWER);
  });

  it("serves the upstream of the environment with `serve`", async (test) => {
    const simulator = await useSimulator(test);
    const url = await runProgram(test, "cli.js", ["serve"], { JOB_API_URL: simulator.url }).url();
    const headers = { "x-bkapi-authorization": '{"access_token":"mine"}' };
    await ask(url, { query: QUERY }, headers);
    expect(simulator.requests).toHaveLength(1);
  });

  it("serves the simulator with `demo`, whatever upstream the environment names", async (test) => {
    const simulator = await useSimulator(test);
    const program = runProgram(test, "cli.js", ["demo"], { JOB_API_URL: simulator.url });
    expect((await ask(await program.url(), { query: QUERY }, {})).data).toEqual(DEMO_ANSWER);
    expect(simulator.requests).toHaveLength(0);
  });

  it("prints the SDL with `schema`, and nothing else", async (test) => {
    const program = runProgram(test, "cli.js", ["schema"]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout()).toBe(readSdl());
    expect(program.stderr()).toBe("");
  });

  it("prints its version with `--version`", async (test) => {
    const program = runProgram(test, "cli.js", ["--version"]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout()).toBe(`${VERSION}\n`);
  });

  it("lists its commands with `--help`", async (test) => {
    const program = runProgram(test, "cli.js", ["--help"]);
    expect((await program.ended).code).toBe(0);
    for (const command of ["serve", "demo", "schema"]) {
      expect(program.stdout()).toMatch(new RegExp(`^ +${command} `, "m"));
    }
  });

  it.for(["serve", "demo"])("says in the help of `%s` how to choose the port", async (command, test) => {
    const program = runProgram(test, "cli.js", [command, "--help"]);
    expect((await program.ended).code).toBe(0);
    expect(program.stdout()).toMatch(/port 4000 .* PORT, for example PORT=4001\.$/m);
  });

  it.for([
    [["dmeo"], "error: unknown command 'dmeo'\n(Did you mean demo?)\n"],
    [["start", "--help"], "error: unknown command 'start'\n"],
    [["run", "secret"], "error: unknown command 'run'\n"],
  ] as const)("rejects the unknown command in %j", async ([args, message], test) => {
    const program = runProgram(test, "cli.js", args);
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr().startsWith(message)).toBe(true);
    expect(program.stderr()).not.toContain("secret");
  });

  it.for([["frobnicate"], ["serve", "more"], ["--frobnicate"]])(
    "rejects %j with its help and exits with code 1",
    async (args, test) => {
      const program = runProgram(test, "cli.js", args);
      expect(await program.ended).toEqual({ code: 1, signal: null });
      expect(program.stderr()).toMatch(/^error: [\s\S]+Usage: bk-job-graphql/);
    },
  );
});
