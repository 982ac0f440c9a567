/** The supergraph: a router in front of the gateway and a second subgraph. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, type TestContext } from "vitest";
import { AUTHORIZATION, ask } from "../support/ask.ts";
import { installExample, removeExample, startExample } from "../support/example.ts";
import { useGateway } from "../support/gateway.ts";
import { runShell } from "../support/shell.ts";

/** Where the page expects the router. */
const PAGE_URL = "http://127.0.0.1:4001";

/** Installs and starts the example. @returns its URL, and a function for the first code block of its page in a language */
async function startSupergraph(test: TestContext, gatewayUrl: string) {
  const folder = installExample("supergraph");
  test.onTestFinished(() => removeExample(folder));
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const blockOf = (language: string) =>
    new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? "";
  const { url, stop } = await startExample(folder, { environment: { GATEWAY_URL: gatewayUrl } });
  test.onTestFinished(async () => void (await stop()));
  const command = /^curl [\s\S]*?(?=```)/m.exec(readme)?.[0] ?? "false";
  return { url, command, blockOf };
}

it("answers a query over both subgraphs, with the credentials of the user", async (test) => {
  const gateway = await useGateway({ config: { federation: true } });
  const { url, blockOf } = await startSupergraph(test, gateway.url);
  const headers = { "x-bkapi-authorization": AUTHORIZATION, "x-bk-tenant-id": "t1" };
  const { data, errors } = await ask(url, { query: blockOf("graphql") }, headers);

  expect(data.deployments).toEqual([
    { id: "web", version: "2.4.0", job: expect.objectContaining({ status: "RUNNING" }) },
    {
      id: "worker",
      version: "2.4.0",
      job: { name: "日志清理", status: "FAILED", hostSummary: { failed: 9 } },
    },
    { id: "legacy", version: "1.9.7", job: null },
  ]);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["JOB_INSTANCE_NOT_FOUND"]);
  // One call for each job, all of them with the user's credentials.
  const calls = gateway.simulator.requests;
  expect(calls.map((call) => call.query.job_instance_id).toSorted()).toEqual([
    "20000000002",
    "20000000003",
    "20000000404",
  ]);
  expect(new Set(calls.map(({ headers }) => headers["x-bkapi-authorization"]))).toEqual(
    new Set([AUTHORIZATION]),
  );
  expect(new Set(calls.map(({ headers }) => headers["x-bk-tenant-id"]))).toEqual(new Set(["t1"]));
});

it("answers the command of its page as shown there, without a stack trace", async (test) => {
  const gateway = await useGateway({ config: { federation: true } });
  const { url, command, blockOf } = await startSupergraph(test, gateway.url);
  expect(command).toContain(PAGE_URL);
  expect(JSON.parse(await runShell(command.replace(PAGE_URL, url)))).toEqual(JSON.parse(blockOf("json")));
});
