/** The packed package, installed into an empty project: its files, types, client and programs. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { generate } from "@graphql-codegen/cli";
import { preset } from "@graphql-codegen/client-preset";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { build } from "esbuild";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { readSdl } from "../../src/graphql/schema.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { jobRef, useAgentOver } from "../mcp/mcp-client.ts";
import type { Program } from "../process/program.ts";
import { AUTHORIZATION, ask, jobQuery, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { scriptJob, stepRow } from "../support/job-payload.ts";
import { BLOCKS, PAGES } from "../support/readme.ts";
import { type InstalledPackage, installPackage, signalGroup } from "./installed-package.ts";

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

const FAILED = "20000000002";
const RUNNING = "30000000001";
const QUERY = jobQuery(FAILED, onJob("name"));
const CREDENTIALS = { BK_JOB_AUTHORIZATION: AUTHORIZATION };

describe("the tarball", () => {
  it("contains what runs, its types, the SDL, the pages and the documentation, and nothing else", () => {
    for (const path of [
      "dist/cli.js",
      "dist/client/index.js",
      "dist/client/index.d.ts",
      "dist/schema.graphql",
      "dist/pages/job.html",
      "dist/pages/docs/configuration.html",
      "schema/root.graphql",
      "README.md",
      "README.zh-CN.md",
      "docs/client.md",
      "LICENSE",
    ]) {
      expect(installed.files).toContain(path);
    }
    const EXPECTED =
      /^(package\.json|LICENSE|README(\.zh-CN)?\.md|docs\/[\w-]+\.(md|png|svg|json)|examples\/(?!.*(node_modules|dist)\/).+\.(md|tsx?|json|html|css)|schema\/[\w-]+\.graphql|dist\/schema\.graphql|dist\/pages\/.+\.(html|txt)|dist\/pages\/assets\/[^/]+|dist\/(?!pages\/).+\.(js|d\.ts))$/;
    // Files of earlier builds are gone after `rm -rf dist && npm run build`.
    expect(installed.files.filter((path) => !EXPECTED.test(path))).toEqual([]);
  });

  it("contains what the README links to, and the pictures of the documentation", () => {
    const linksOf = (text: string, pattern: RegExp) =>
      [...text.matchAll(pattern)].map(([, target = ""]) => target).filter((target) => !/^\w+:/.test(target));
    const targets = PAGES.flatMap(({ path, text }) =>
      linksOf(text, path === "README.md" ? /\]\(([^)#\s]+)/g : /!\[[^\]]*\]\(([^)\s]+)/g).map((target) =>
        join(dirname(path), target),
      ),
    );
    expect(targets).toEqual(expect.arrayContaining(["README.zh-CN.md", "docs/client.md", "docs/watch.svg"]));
    const isPacked = (target: string) =>
      installed.files.some((path) => path === target || path.startsWith(`${target}/`));
    expect(targets.filter((target) => !isPacked(target))).toEqual([]);
  });

  it("has no problem that publint knows", async () => {
    const { messages } = await publint({ pack: { tarball: installed.tarball.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it("has types in every module system that supports its subpaths", async () => {
    const result = await checkPackage(createPackageFromTarballData(installed.tarball), {
      // Not a module.
      excludeEntrypoints: ["./schema.graphql"],
    });
    if (!result.types) throw new Error("Expected types in the package.");
    const problems = Object.values(result.problems).filter(
      (problem) =>
        // The package has only ES modules. CommonJS modules can require them in all versions of Node.js that it supports.
        problem.kind !== "CJSResolvesToESM" &&
        // The module resolution of Node.js 10 does not know `exports`. TypeScript 6 deprecated it, TypeScript 7 has removed it.
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(problems).toEqual([]);
    expect(Object.keys(result.entrypoints).toSorted()).toEqual(["./client", "./package.json", "./schema"]);
  });

  it("has the SDL in one file", () => {
    const path = createRequire(join(installed.folder, "package.json")).resolve(
      "bk-job-graphql/schema.graphql",
    );
    expect(readFileSync(path, "utf8")).toBe(readSdl());
  });
});

/** Options of the compiler, with the types that each platform has. */
const NODE = { module: "nodenext", lib: ["es2024"], types: ["node"] };
const BROWSER = { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"] };

/** Adds a file of `consumer/` to the project, and compiles it. @returns the errors */
async function compile(name: string, options: object): Promise<string> {
  installed.write(
    `${name}/src/${name}.ts`,
    readFileSync(new URL(`consumer/${name}.ts`, import.meta.url), "utf8"),
  );
  return installed.compile(name, options);
}

/** A gateway of the installed package over a simulator. */
async function useInstalledGateway(test: TestContext) {
  const simulator = await createSimulator({ recordRequests: true });
  test.onTestFinished(simulator.close);
  const start = (port = "0") =>
    installed.run(test, "npx", ["bk-job-graphql"], { PORT: port, JOB_API_URL: simulator.url });
  const program = start();
  const url = await program.url();
  const stop = async () => {
    signalGroup(program.process.pid, "SIGTERM");
    await program.ended;
  };
  return { url, simulator, stop, restart: () => start(new URL(url).port).url() };
}

/** Runs a task of `consumer/node.ts`. */
const runTask = (test: TestContext, url: string, task: string, id: string): Program =>
  installed.run(test, "node", ["node/out/node.js", task, id], { GATEWAY_URL: url, AUTHORIZATION });

/** The output of a program that has succeeded. */
async function linesOf({ ended, stdout, stderr }: Program): Promise<readonly string[]> {
  expect(await ended, stderr()).toEqual({ code: 0, signal: null });
  return stdout().trimEnd().split("\n");
}

it("compiles in a project for browsers, under strict and with checked declarations", async () => {
  expect(await compile("browser", BROWSER)).toBe("");
});

it("is bundled in such a project without what it does not use", async () => {
  const bundleOf = async (names: string) => {
    const contents = `import { ${names} } from "bk-job-graphql/client"; console.log(${names});`;
    const stdin = { contents, resolveDir: installed.folder };
    const { outputFiles } = await build({ stdin, bundle: true, minify: true, write: false, format: "esm" });
    return outputFiles[0]?.text ?? "";
  };
  const client = await bundleOf("createJobClient");
  expect(client).toContain("jobInstanceUpdated");
  // With the printer of graphql, but without the rest of it.
  expect(client).not.toMatch(/GraphQLSchema|FragmentDefinition"\}|keyFields/);
  expect(gzipSync(client).length).toBeLessThan(10_000);
  expect(await bundleOf("HostResultsDocument")).not.toMatch(/FailedHosts|JobInstances|fetch/);
});

describe("a project for Node.js", () => {
  beforeAll(async () => {
    // Under strict, with checked declarations.
    expect(await compile("node", NODE)).toBe("");
  });

  it("queries with types", async (test) => {
    const { url } = await useInstalledGateway(test);
    const lines = await linesOf(runTask(test, url, "query", FAILED));
    expect(lines).toEqual([expect.stringMatching(/^[\d.]+ [A-Z_]+ (\d+|null)$/), expect.anything()]);
    expect(await linesOf(runTask(test, url, "queryWithMistake", FAILED))).toEqual(["BAD_USER_INPUT"]);
  });

  it("watches a job through a restart of the gateway, and waits for its end", async (test) => {
    const { url, simulator, stop, restart } = await useInstalledGateway(test);
    let isFinished = false;
    scriptJob(simulator, RUNNING, () => ({
      finished: isFinished,
      fields: { status: isFinished ? 3 : 2 },
      steps: [stepRow()],
    }));
    const programs = [runTask(test, url, "watch", RUNNING), runTask(test, url, "wait", RUNNING)];
    await Promise.all(programs.map(({ until, stdout }) => until(() => /^(RUNNING|state)$/m.test(stdout()))));
    await stop();
    await Promise.all(programs.map(({ until, stdout }) => until(() => /^lost$/m.test(stdout()))));
    isFinished = true;
    expect(await restart()).toBe(url);
    const [watched = [], waited = []] = await Promise.all(programs.map(linesOf));
    expect(watched.filter((line) => line !== "lost")).toEqual(["RUNNING", "SUCCEEDED"]);
    expect(waited.filter((line) => line !== "lost")).toEqual(["state", "state", "SUCCEEDED"]);
  });
});

describe("GraphQL Code Generator in a project", () => {
  const STATUS = `
import { createJobClient } from "bk-job-graphql/client";
import { graphql } from "./gql";

const JOB = graphql(\`
  query Job($ref: JobInstanceRef!, $first: Int = 1) {
    jobInstance(ref: $ref) {
      __typename
      ... on JobInstance { name steps { hostResults(first: $first) { nodes { ip exitCode } } } }
    }
  }
\`);
const JOB_UPDATED = graphql(\`
  subscription JobUpdated($ref: JobInstanceRef!) {
    jobInstanceUpdated(ref: $ref) { __typename ... on JobInstance { status isFinished } }
  }
\`);

export async function describeJob(url: string, authorization: string, jobInstanceId: string): Promise<string> {
  const client = createJobClient({ url, headers: { "x-bkapi-authorization": authorization } });
  const ref = { scopeId: "1", jobInstanceId };
  const job = await client.jobInstance(ref, JOB, { variables: { first: 1 } });
  if (job.__typename !== "JobInstance") throw new Error(job.__typename);
  // @ts-expect-error The document does not select it.
  void job.status;
  const [host] = job.steps.flatMap(({ hostResults }) => hostResults.nodes);
  const exitCode: number | null | undefined = host?.exitCode;
  for await (const event of client.watch(ref, JOB_UPDATED)) {
    if (event.kind === "state" && event.state.__typename === "JobInstance") {
      return \`\${job.name}: \${event.state.status}, \${exitCode}\`;
    }
  }
  throw new Error("Expected a state.");
}
`;

  it.each(["documentNode", "string"] as const)(
    "generates documents that the client sends (%s)",
    async (mode) => {
      const name = `codegen-${mode}`;
      installed.write(`${name}/src/status.ts`, STATUS);
      const source = join(installed.folder, name, "src");
      await generate(
        {
          schema: createRequire(join(installed.folder, "package.json")).resolve(
            "bk-job-graphql/schema.graphql",
          ),
          documents: `${source}/*.ts`,
          generates: {
            [`${source}/gql/`]: {
              preset,
              presetConfig: { fragmentMasking: false },
              config: { useTypeImports: true, ...(mode === "string" && { documentMode: mode }) },
            },
          },
          silent: true,
        },
        true,
      );
      expect(await installed.compile(name, BROWSER)).toBe("");

      const bundle = join(installed.folder, name, "status.mjs");
      await build({
        entryPoints: [`${source}/status.ts`],
        outfile: bundle,
        bundle: true,
        format: "esm",
        platform: "node",
      });
      const { describeJob } = await import(bundle);
      const { url } = await useGateway();
      expect(await describeJob(url, AUTHORIZATION, FAILED)).toMatch(
        /^日志清理: FAILED, (\d+|null|undefined)$/,
      );
    },
  );
});

describe("the programs, by npx", () => {
  it("serve the upstream in the environment", async (test) => {
    const { url, simulator } = await useInstalledGateway(test);
    const { data } = await ask(url, { query: QUERY }, { "x-bkapi-authorization": AUTHORIZATION });
    expect(data).toEqual({ jobInstance: { name: "日志清理" } });
    expect(simulator.requests).toHaveLength(1);
  });

  it("demonstrate the gateway with its pages, and watch a job", async (test) => {
    const url = await installed.run(test, "npx", ["bk-job-graphql", "demo"], { PORT: "0" }).url();
    expect((await ask(url, { query: QUERY })).data).toEqual({ jobInstance: { name: "日志清理" } });
    for (const path of ["/docs/configuration", "/explorer"]) {
      const page = await fetch(new URL(path, url), { headers: { accept: "text/html" } });
      expect([path, page.status, page.headers.get("content-type")]).toEqual([
        path,
        200,
        expect.stringContaining("text/html"),
      ]);
    }
    const args = ["bk-job-graphql", "watch", FAILED, "--scope", "biz:1", "--url", url, "--json"];
    const watch = installed.run(test, "npx", args, CREDENTIALS);
    // The job has failed.
    expect(await watch.ended).toEqual({ code: 1, signal: null });
    expect(JSON.parse(watch.stdout().trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ status: "FAILED" });
  });

  it("answer the program of README.md in a new project", async (test) => {
    const blocks = BLOCKS[PAGES.findIndex(({ path }) => path === "README.md")] ?? [];
    const [program, output] = blocks.slice(blocks.findIndex(({ language }) => language === "ts"));
    const url = await installed.run(test, "npx", ["bk-job-graphql", "demo"], { PORT: "0" }).url();
    installed.write("failed-hosts.mts", program?.text.replace("http://127.0.0.1:4000/graphql", url) ?? "");
    const lines = await linesOf(installed.run(test, "node", ["failed-hosts.mts"]));
    expect(lines).toEqual(output?.text.trimEnd().split("\n"));
  });

  it("serve agents", async () => {
    const { url } = await useGateway();
    const { PATH = "", HOME = "" } = process.env;
    const { call } = await useAgentOver(
      new StdioClientTransport({
        command: "npx",
        args: ["bk-job-graphql", "mcp", "--url", url],
        cwd: installed.folder,
        env: { PATH, HOME, ...CREDENTIALS },
        stderr: "pipe",
      }),
    );
    expect((await call("get_job_status", jobRef(FAILED))).result).toMatchObject({ status: "FAILED" });
  });
});
