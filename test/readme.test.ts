/** README.md and docs/: queries, commands and examples have the results shown, and tables match the code. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSchema, type GraphQLNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSdl } from "../src/graphql/schema.ts";
import { SETTINGS } from "../src/settings.ts";
import { ERROR_JOBS } from "../src/simulator/error-jobs.ts";
import { SCRIPTED_JOBS } from "../src/simulator/scripted-jobs.ts";
import { ENDLESS } from "./e2e/error-expectations.ts";
import { runProgram } from "./process/program.ts";
import { AUTHORIZATION, ask, jobQuery } from "./support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "./support/gateway.ts";
import { blocksOf, pairsOf, ROOT, tableOf } from "./support/readme.ts";
import { runShell } from "./support/shell.ts";

/** The gateway's URL in the commands of the pages. */
const README_URL = "http://127.0.0.1:4000/graphql";

const schema = buildSchema(readSdl());
const PACKAGE = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { federation: true } });
});
afterAll(() => gateway.close());

describe("queries", () => {
  it.each(pairsOf("graphql", "json"))("number %$ has the response shown", async (query, answer) => {
    const { data, errors } = await gateway.ask(query);
    expect({ data, ...(errors && { errors }) }).toEqual(JSON.parse(answer));
  });

  it.each(pairsOf("graphql", "text"))("%s causes exactly the upstream call shown", async (query, call) => {
    const before = gateway.simulator.requests.length;
    const { errors } = await gateway.ask(query);
    expect(errors).toBeUndefined();

    const url = new URL(call.trim().replace(/^GET /, ""), "http://upstream");
    const calls = gateway.simulator.requests.slice(before);
    expect(calls.map(({ query }) => query)).toEqual([Object.fromEntries(url.searchParams)]);
    expect(calls[0]?.path.endsWith(url.pathname)).toBe(true);
  });

  it("are all tested", () => {
    expect(pairsOf("graphql", "json").length + pairsOf("graphql", "text").length).toBe(
      blocksOf("graphql").length,
    );
  });
});

describe("commands", () => {
  const commands = blocksOf("sh").map((block) => block.trim());

  const curls = pairsOf("sh", "json").filter(([command]) => command.startsWith("curl "));
  // test/docs/bff.test.ts has the command of the backend for frontend.
  it.each(curls.filter(([command]) => !command.includes("127.0.0.1:3000")))(
    "curl command %$ prints the response shown",
    async (command, answer) => {
      expect(command).toContain(README_URL);
      const output = await runShell(command.replaceAll(README_URL, gateway.url));
      expect(JSON.parse(output)).toEqual(JSON.parse(answer));
    },
  );

  it.each(pairsOf("sh", "text").filter(([command]) => command.startsWith("curl ")))(
    "curl command %$ prints the text shown",
    async (command, answer) => {
      expect(command).toContain(README_URL);
      expect(await runShell(command.replaceAll(README_URL, gateway.url))).toBe(answer);
    },
  );

  it("`npx bk-job-graphql schema` prints the SDL", async () => {
    expect(commands).toContain("npx bk-job-graphql schema");
    const output = await runShell(`cd "${fileURLToPath(ROOT)}"\n"${process.execPath}" dist/cli.js schema`);
    expect(output).toBe(readSdl());
  });

  it("`npx bk-job-graphql demo` serves", async (test) => {
    expect(commands).toContain("npx bk-job-graphql demo");
    const url = await runProgram(test, "cli.js", ["demo"]).url();
    expect((await ask(url, { query: "{ __typename }" }, {})).status).toBe(200);
  });

  it("`npm install` names packages of the project", () => {
    const { name, version, dependencies, devDependencies } = PACKAGE;
    const known = [
      name,
      `/path/to/${name}-${version}.tgz`,
      ...Object.keys({ ...dependencies, ...devDependencies }),
    ];
    const named = commands
      .flatMap((text) => text.split("\n"))
      .filter((line) => line.startsWith("npm install "))
      .flatMap((line) => line.split(" ").slice(2))
      .filter((word) => word !== "--save-dev");
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((each) => !known.includes(each))).toEqual([]);
  });

  it("`npm run sequences` runs the given number of operations", async () => {
    const command = commands.find((text) => text.startsWith("npm run sequences -- ")) ?? "false";
    const options = command
      .replace("npm run sequences -- ", "")
      .replace("--operations 20000", "--operations 20");
    const output = await runShell(
      `cd "${fileURLToPath(ROOT)}"\n"${process.execPath}" test/sequences/main.ts ${options}`,
    );
    expect(output).toMatch(/^seed 42, 20 operations/);
  });

  it("`npm run chaos` takes these options", async () => {
    const command = commands.find((text) => text.startsWith("npm run chaos -- ")) ?? "false";
    const options = command.replace("npm run chaos -- ", "");
    const help = await runShell(
      `cd "${fileURLToPath(ROOT)}"\n"${process.execPath}" test/chaos/main.ts --help ${options}`,
    );
    expect(help).toMatch(/^Usage: npm run chaos/);
  });

  it("are tested, or start the gateway or all tests", () => {
    const others = commands
      .filter((text) => !/^(curl|npx bk-job-graphql (watch|schema)|npm run (sequences|chaos))\b/.test(text))
      // test/docs/bff.test.ts
      .filter((text) => !text.endsWith(" node bff.ts"))
      // test/deploy/ checks these.
      .filter((text) => !/^(docker|kubectl|install) /.test(text))
      // Their packages and the compiler are tested.
      .filter((text) => !/^(npm install |npx relay-compiler$|npx bk-job-graphql demo$)/.test(text));
    expect(others.toSorted()).toEqual([
      "FEDERATION=true npx bk-job-graphql demo",
      "JOB_API_URL=https://bkapi.example.com/api/bk-job/prod npm start",
      "npm ci && npm start",
      "npm ci && npm test",
    ]);
  });
});

describe("tables", () => {
  it("list every setting with its default and meaning", () => {
    expect(tableOf("Variable", "Default", "Meaning")).toEqual(
      Object.entries(SETTINGS).map(([name, { default: value, meaning }]) => [name, value, meaning]),
    );
  });

  it("list every job of the simulator", () => {
    expect(tableOf("Job", "Scope", "Description")).toEqual(
      SCRIPTED_JOBS.map(({ id, scope, title }) => [id, scope, title]),
    );
  });

  it("list every error job of the simulator with the gateway's result", async () => {
    // Only calls that never end time out here.
    const hasty = await useGateway({ upstream: { timeoutMs: 500 } });
    const answerTo = async (jobInstanceId: string) => {
      const { data, errors } = await (ENDLESS.has(jobInstanceId) ? hasty : gateway).ask(
        `query ($ref: JobInstanceRef!) { jobInstance(ref: $ref) {
          __typename ... on JobInstance { hostSummary { total } } } }`,
        { ref: { scopeId: "1", jobInstanceId } },
      );
      return errors?.[0]?.extensions.code ?? data.jobInstance.__typename;
    };
    const actual = ERROR_JOBS.map(async ({ id, title }) => [id, title, await answerTo(id)]);
    expect(tableOf("Job", "Upstream response", "Gateway")).toEqual(await Promise.all(actual));
  });

  it("list all fields of the types with their arguments", () => {
    const rows = tableOf("Type", "Fields");
    const fieldsOf = (type: GraphQLNamedType | undefined) =>
      isObjectType(type)
        ? Object.values(type.getFields()).map(
            ({ name, args }) => name + (args.length > 0 ? `(${args.map((arg) => arg.name).join(", ")})` : ""),
          )
        : [];
    expect(rows.length).toBeGreaterThan(5);
    for (const [type = "", fields = ""] of rows) {
      expect([type, [...fields.matchAll(/`?([^`]+)`?(?: |$)/g)].map(([, field]) => field?.trim())]).toEqual([
        type,
        fieldsOf(schema.getType(type)),
      ]);
    }
  });

  const { dependencies, devDependencies, scripts } = PACKAGE;

  it("list every dependency with its purpose", () => {
    const listed = [...tableOf("At run time", "Purpose"), ...tableOf("For development", "Purpose")];
    expect(listed.map(([name]) => name)).toEqual(
      [dependencies, devDependencies].flatMap((names) => Object.keys(names)),
    );
    for (const [, reason] of listed) expect(reason).toMatch(/\w/);
  });

  it("list every script", () => {
    const names = tableOf("Script", "What it does").map(([command]) => command?.replace(/^npm (run )?/, ""));
    expect(names).toEqual(Object.keys(scripts));
  });
});

describe("error codes", () => {
  const hash = { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } };

  /** For each documented code, a request that causes it or the place of its test. */
  const REQUESTS: Record<string, object | string> = {
    BAD_USER_INPUT: { query: jobQuery("0") },
    UNAUTHENTICATED: { query: jobQuery("20000090101") },
    FORBIDDEN: { query: jobQuery("20000090102") },
    RATE_LIMITED: { query: jobQuery("20000090107") },
    UPSTREAM_TIMEOUT: "the table of error jobs above",
    UPSTREAM_UNAVAILABLE: { query: jobQuery("20000090504") },
    UPSTREAM_ERROR: { query: jobQuery("20000090005") },
    UPSTREAM_CONTRACT: { query: jobQuery("20000090301") },
    JOB_INSTANCE_NOT_FOUND: "test/graphql/federation.test.ts",
    PERMISSION_DENIED: "test/graphql/federation.test.ts",
    INTERNAL_SERVER_ERROR: "test/http/internal-errors.test.ts",
    GRAPHQL_PARSE_FAILED: { query: "{" },
    GRAPHQL_VALIDATION_FAILED: { query: "{ nothing }" },
    OPERATION_RESOLUTION_FAILURE: { query: "query A { __typename }", operationName: "B" },
    PERSISTED_QUERY_NOT_FOUND: { extensions: hash },
    UNTRUSTED_DOCUMENT: "test/http/trusted-documents.test.ts",
    BAD_REQUEST: {},
    TOO_MANY_OPERATIONS: "test/live/many-subscribers.test.ts",
    OVERLOADED: "test/http/load-shedding.test.ts",
    SHUTTING_DOWN: "test/http/draining.test.ts",
  };

  it("are exactly those listed", () => {
    const listed = [...tableOf("Code", "Meaning", "What to do"), ...tableOf("Code", "Meaning")];
    expect(listed.map(([code]) => code)).toEqual(Object.keys(REQUESTS));
  });

  const requests = Object.entries(REQUESTS).filter(([, body]) => typeof body === "object");
  it.each(requests)("%s is the code for its request", async (code, body) => {
    const { errors } = await ask(gateway.url, body, { "x-bkapi-authorization": AUTHORIZATION });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([code]);
  });
});
