/** The code on the pages compiles under `strict`, and programs print what the pages show. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CODE,
  compileRelay,
  type DocProjects,
  fileNameOf,
  runTool,
  writeDocProjects,
} from "../support/doc-projects.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { BLOCKS, type Block, PAGES } from "../support/readme.ts";
import { runScript } from "../support/shell.ts";

/** Where the pages expect the gateway. */
const PAGE_HOST = "127.0.0.1:4000";

let gateway: TestGateway;
let projects: DocProjects;
beforeAll(async () => {
  gateway = await startGateway();
  projects = writeDocProjects((text) => text.replaceAll(PAGE_HOST, new URL(gateway.url).host));
  const client = projects.folderOf("docs/client.md");
  await runTool("@graphql-codegen/cli/esm/bin.js", ["--config", "codegen.ts"], client);
  await compileRelay(projects.folderOf("docs/relay.md"));
});
afterAll(async () => {
  projects.remove();
  await gateway.close();
});

it("TypeScript compiles under `strict`", async () => {
  expect(await runTool("typescript/bin/tsc", ["--project", "tsconfig.json"], projects.folder)).toBe("");
});

it("TypeScript compiles the programs of docs/client.md with the configuration of the page", async () => {
  const page = BLOCKS[PAGES.findIndex(({ path }) => path === "docs/client.md")] ?? [];
  const folder = projects.folderOf("docs/client.md");
  writeFileSync(join(folder, "tsconfig.json"), page.find(({ language }) => language === "json")?.text ?? "");
  expect(await runTool("typescript/bin/tsc", [], folder)).toBe("");
});

describe("a program prints what its page shows:", () => {
  const programs = PAGES.flatMap(({ path: page }, index) =>
    (BLOCKS[index] ?? []).flatMap((block, at, blocks) => {
      const next = blocks[at + 1];
      return block.language === "ts" && next?.language === "text"
        ? [{ page, file: fileNameOf(block) ?? `block-${at + 1}.ts`, shown: next.text }]
        : [];
    }),
  );

  it.each(programs)("$file of $page", async ({ page, file, shown }) => {
    expect(await runScript(`${projects.folderOf(page)}/${file}`, {})).toBe(shown);
  });
});

describe("every block", () => {
  /** Languages other than those that compile, with the pages that have tests of their own for them. */
  const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
    // test/readme.test.ts has tests for all of them.
    sh: PAGES.map(({ path }) => path),
    graphql: PAGES.map(({ path }) => path),
    // test/graphql/federation.test.ts
    gql: ["docs/federation.md"],
    // test/mcp/docs.test.ts, and the compilers above.
    json: ["docs/client.md", "docs/mcp.md", "docs/relay.md"],
    // test/browser/development-page.test.ts
    html: ["docs/clients.md"],
    text: [
      // Diagrams and keys of Redis
      "docs/architecture.md",
      "docs/several-machines.md",
      // test/mcp/docs.test.ts
      "docs/mcp.md",
      // test/browser/development-page.test.ts
      "docs/client.md",
      // test/browser/docs-apps.test.ts
      "docs/apollo-client.md",
      "docs/relay.md",
      "docs/urql.md",
    ],
    // test/deploy/nginx.test.ts
    nginx: ["docs/deployment.md"],
    // test/metrics/operations-docs.test.ts
    yaml: ["docs/operations.md"],
  };

  /** Whether a test compares a block with the output of the one before it. */
  const isOutput = ({ language }: Block, previous: Block | undefined): boolean => {
    const isCommand = previous?.language === "sh" && /^(curl|npx bk-job-graphql watch) /.test(previous.text);
    if (language === "json") return isCommand || previous?.language === "graphql";
    return language === "text" && (isCommand || ["graphql", "ts"].includes(previous?.language ?? ""));
  };

  it("has a test", () => {
    const untested = PAGES.flatMap(({ path }, index) =>
      (BLOCKS[index] ?? []).flatMap((block, at, blocks) => {
        const isTested =
          CODE.includes(block.language) ||
          ELSEWHERE[block.language]?.includes(path) ||
          isOutput(block, blocks[at - 1]);
        return isTested ? [] : [`${path}: ${block.language}: ${block.text.slice(0, 40)}`];
      }),
    );
    expect(untested).toEqual([]);
  });

  it("has a language", () => {
    for (const { path, text } of PAGES) {
      const fences = [...text.matchAll(/^\s*```(.*)$/gm)].map(([, language]) => language);
      expect([path, fences.filter((language, index) => (language === "") === (index % 2 === 0))]).toEqual([
        path,
        [],
      ]);
    }
  });
});
