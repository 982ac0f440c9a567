/** README.md and docs/: queries, commands and examples have the results shown, and tables match the code. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, type GraphQLNamedType, isInterfaceType, isObjectType, isUnionType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSdl } from "../src/graphql/schema.ts";
import { SETTINGS } from "../src/settings.ts";
import { ERROR_JOBS } from "../src/simulator/error-jobs.ts";
import { SCRIPTED_JOBS } from "../src/simulator/scripted-jobs.ts";
import { ENDLESS } from "./e2e/error-expectations.ts";
import { runProgram } from "./process/program.ts";
import { AUTHORIZATION, ask, jobQuery } from "./support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "./support/gateway.ts";
import { subscribeByApolloClient } from "./support/live-clients.ts";
import { blocksOf, pairsOf, ROOT, tableOf } from "./support/readme.ts";
import { runScript, runShell } from "./support/shell.ts";

/** The gateway's URL in the commands of the pages. */
const README_URL = "http://127.0.0.1:4000/graphql";

const schema = buildSchema(readSdl());
const REF = { scopeId: "1", jobInstanceId: "20000000002" };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
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

  it.each(pairsOf("sh", "json"))("curl command %$ prints the response shown", async (command, answer) => {
    expect(command).toContain(README_URL);
    const output = await runShell(command.replaceAll(README_URL, gateway.url));
    expect(JSON.parse(output)).toEqual(JSON.parse(answer));
  });

  it.each(pairsOf("sh", "text").filter(([command]) => command.startsWith("curl ")))(
    "curl command %$ prints the text shown",
    async (command, answer) => {
      expect(command).toContain(README_URL);
      expect(await runShell(command.replaceAll(README_URL, gateway.url))).toBe(answer);
    },
  );

  it("`node dist/cli.js schema` prints the SDL", async () => {
    const command = commands.find((text) => text === "node dist/cli.js schema") ?? "false";
    const output = await runShell(`cd "${fileURLToPath(ROOT)}"\n"${process.execPath}" ${command.slice(5)}`);
    expect(output).toBe(readSdl());
  });

  it("`node dist/cli.js demo` serves", async (test) => {
    expect(commands).toContain("node dist/cli.js demo");
    const url = await runProgram(test, "cli.js", ["demo"]).url();
    expect((await ask(url, { query: "{ __typename }" }, {})).status).toBe(200);
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
      .filter((text) => !/^(curl|node dist\/cli\.js|npm run (sequences|chaos)) /.test(text))
      // test/deploy/ checks these.
      .filter((text) => !/^(docker|kubectl|install) /.test(text));
    expect(others.toSorted()).toEqual([
      "JOB_API_URL=https://bkapi.example.com/api/bk-job/prod npm start",
      "npm ci && npm start",
      "npm ci && npm test",
    ]);
  });
});

describe("the example of a BFF", () => {
  it("prints the output shown, for a job, for two problems and for an error", async (test) => {
    const [pair, ...rest] = pairsOf("ts", "text");
    expect(rest).toEqual([]);
    const [source = "", output = ""] = pair ?? [];
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    test.onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "bff.ts");
    writeFileSync(path, source);

    const environment = { GATEWAY_URL: gateway.url, BK_APP_CODE: "app", BK_APP_SECRET: "secret" };
    expect(await runScript(path, environment)).toBe(output);
    expect(gateway.simulator.requests.at(-1)?.headers["x-bkapi-authorization"]).toBe(
      '{"bk_app_code":"app","bk_app_secret":"secret","bk_token":"token-from-the-cookie"}',
    );
  });
});

describe("the examples of live state", () => {
  it("print the output shown", async (test) => {
    const [pair, ...rest] = pairsOf("js", "text");
    expect(rest).toEqual([]);
    const [source = "", output = ""] = pair ?? [];
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    test.onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(fileURLToPath(new URL("node_modules", ROOT)), join(folder, "node_modules"));
    const path = join(folder, "live.mjs");
    writeFileSync(path, source);
    expect(await runScript(path, { GATEWAY_WS_URL: gateway.url.replace("http", "ws") })).toBe(output);
  });

  it("have valid subscriptions", async () => {
    const [query = "", ...rest] = operationsOf(
      blocksOf("jsx").find((block) => block.includes("useSubscription")),
    );
    expect(rest).toEqual([]);
    const { results, completed } = subscribeByApolloClient(gateway.url, { query, variables: { ref: REF } });
    await completed;
    expect(results).toMatchObject([
      { data: { jobInstanceUpdated: { stepSummary: { total: expect.any(Number) } } } },
    ]);
  });
});

/** The operations in an example. */
const operationsOf = (example = ""): string[] =>
  [...example.matchAll(/gql`([\s\S]*?)`/g)].map(([, text = ""]) => text);

describe("the example of a frontend", () => {
  const example = blocksOf("jsx").find((block) => block.includes("useQuery")) ?? "";
  const operations = operationsOf(example);

  it("has valid operations", async () => {
    expect(operations).toHaveLength(2);
    for (const operation of operations) {
      const variables = { ref: REF, stepInstanceId: "20000010021" };
      const { data, errors } = await gateway.ask(operation, variables);
      expect(errors).toBeUndefined();
      expect(data.jobInstance.id).toEqual(expect.any(String));
    }
  });

  it("pages with the cursor of the previous page", async () => {
    const operation = operations[1]?.replace("first: 50", "first: 5") ?? "";
    const variables = { ref: REF, stepInstanceId: "20000010021" };
    const pageOf = async (after: string | null) =>
      (await gateway.ask(operation, { ...variables, after })).data.jobInstance.step.hostResults;
    const first = await pageOf(null);
    const second = await pageOf(first.pageInfo.endCursor);

    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    const ids = [...first.edges, ...second.edges].map(({ node }) => node.id);
    expect(new Set(ids).size).toBe(first.totalCount);
  });

  it("states the possible types for the cache", () => {
    const stated = /possibleTypes: (\{[\s\S]*?\n {4}\})/.exec(example)?.[1] ?? "";
    const possible = Object.values(schema.getTypeMap()).filter(
      (type) => isUnionType(type) || isInterfaceType(type),
    );
    const actual = possible.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]);
    const json = stated.replace(/(\w+):/g, '"$1":').replace(/,(\s*})/g, "$1");
    expect(JSON.parse(json)).toEqual(Object.fromEntries(actual));
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

  // Tables about the package are compared with package.json.
  const { dependencies, devDependencies, scripts } = JSON.parse(
    readFileSync(new URL("package.json", ROOT), "utf8"),
  );

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
