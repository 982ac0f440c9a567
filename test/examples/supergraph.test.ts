import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, type TestContext } from "vitest";
import { AUTHORIZATION, ask } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { ROOT } from "../support/readme.ts";

const FOLDER = new URL("examples/supergraph/", ROOT);

/** The query of the example's page. */
const QUERY = /```graphql\n([\s\S]*?)```/.exec(readFileSync(new URL("README.md", FOLDER), "utf8"))?.[1] ?? "";

/** Starts the example. @returns its URL */
async function startSupergraph(test: TestContext, gatewayUrl: string): Promise<string> {
  const program = spawn(process.execPath, [fileURLToPath(new URL("main.ts", FOLDER))], {
    env: { ...process.env, GATEWAY_URL: gatewayUrl, PORT: "0", NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  test.onTestFinished(() => void program.kill("SIGKILL"));
  for await (const line of createInterface(program.stdout)) {
    const url = /^Supergraph: (\S+)$/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error(`Expected the URL of the supergraph, got exit code ${(await once(program, "exit"))[0]}.`);
}

it("answers a query over both subgraphs, with the credentials of the user", async (test) => {
  const gateway = await useGateway({ config: { federation: true } });
  const url = await startSupergraph(test, gateway.url);
  const headers = { "x-bkapi-authorization": AUTHORIZATION, "x-bk-tenant-id": "t1" };
  const { data, errors } = await ask(url, { query: QUERY }, headers);

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
  expect(calls.map(({ query }) => query.job_instance_id).toSorted()).toEqual([
    "20000000002",
    "20000000003",
    "20000000404",
  ]);
  expect(new Set(calls.map(({ headers }) => headers["x-bkapi-authorization"]))).toEqual(
    new Set([AUTHORIZATION]),
  );
  expect(new Set(calls.map(({ headers }) => headers["x-bk-tenant-id"]))).toEqual(new Set(["t1"]));
});

it("has the versions that the tests run with", () => {
  const versionsOf = (path: URL): Record<string, string> => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(path, "utf8"));
    return { ...devDependencies, ...dependencies };
  };
  expect(versionsOf(new URL("package.json", ROOT))).toMatchObject(
    versionsOf(new URL("package.json", FOLDER)),
  );
});
