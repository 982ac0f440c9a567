/** docs/mcp.md: its tools are those of the server, its configurations connect, and its answer is that of the tool. */
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, it } from "vitest";
import { AUTHORIZATION } from "../support/ask.ts";
import { pageOf, tableOf } from "../support/readme.ts";
import { CLI } from "../watch/run-watch.ts";
import { jobRef, mcpUrl, useAgent, useAgentOver, useMcpGateway } from "./mcp-client.ts";

const PAGE = pageOf("docs/mcp.md");

const blocksOf = (language: string): readonly string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );

it("lists the tools with their arguments", async () => {
  const { client } = await useAgent(await useMcpGateway());
  const { tools } = await client.listTools();
  const listed = tableOf("Tool", "Arguments", "Result").map(([name, args = ""]) => [
    name,
    [...args.matchAll(/`(\w+)`/g)].map(([, argument]) => argument),
  ]);
  expect(listed).toEqual(
    tools.map(({ name, inputSchema }) => [name, Object.keys(inputSchema.properties ?? {})]),
  );
});

it("shows what the tool answers", async () => {
  const { call } = await useAgent(await useMcpGateway());
  const { text } = await call("list_failed_hosts", { ...jobRef("20000000002"), first: 2 });
  const withoutTime = (answer: string) => answer.replace(/Observed at \S+Z/, "Observed at …");
  const [shown = "", ...others] = blocksOf("text");
  expect(others).toEqual([]);
  expect(withoutTime(shown.trimEnd())).toBe(withoutTime(text));
});

interface ServerConfiguration {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

interface Configuration {
  readonly mcpServers?: Record<string, ServerConfiguration>;
  readonly servers?: Record<string, ServerConfiguration>;
}

describe("its configurations", () => {
  const configurations = blocksOf("json").map((text): Configuration => JSON.parse(text));
  const servers = configurations.flatMap(({ mcpServers, servers }) =>
    Object.values(mcpServers ?? servers ?? {}),
  );

  it("are one for each agent", () => {
    expect(servers.map(({ url, command }) => url ?? command)).toEqual([
      ...Array(3).fill("http://127.0.0.1:4000/mcp"),
      "npx",
    ]);
  });

  it.each(servers.filter(({ url }) => url !== undefined))(
    "connect over HTTP: $headers",
    async ({ url, headers }) => {
      const gateway = await useMcpGateway();
      expect(new URL(url ?? "").pathname).toBe(mcpUrl(gateway).pathname);
      // Each agent has its own form of a variable.
      const filled = JSON.stringify(headers).replace(
        /\$\{.+?\}/g,
        JSON.stringify(AUTHORIZATION).slice(1, -1),
      );
      const { call } = await useAgent(gateway, JSON.parse(filled));
      expect((await call("get_job_status", jobRef("20000000002"))).isError).toBe(false);
    },
  );

  it("start the program", async () => {
    const gateway = await useMcpGateway({ config: { mcp: false } });
    const { args = [], env = {} } = servers.at(-1) ?? {};
    // The program of the package.
    expect(args.slice(0, 2)).toEqual(["--yes", "bk-job-graphql"]);
    const run = [CLI, ...args.slice(2).map((arg) => arg.replace(/^http:.+/, gateway.url))];
    const { call } = await useAgentOver(
      new StdioClientTransport({ command: process.execPath, args: run, env }),
    );
    expect((await call("get_job_status", jobRef("20000000002"))).isError).toBe(false);
  });
});
