/** The supergraph: a router in front of the gateway and a second subgraph. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, type TestContext } from "vitest";
import { AUTHORIZATION, ask } from "../support/ask.ts";
import { installExample, removeExample, startExample } from "../support/example.ts";
import { useGateway } from "../support/gateway.ts";

/** Installs and starts the example. @returns its URL, and the query of its page */
async function startSupergraph(test: TestContext, gatewayUrl: string) {
  const folder = installExample("supergraph");
  test.onTestFinished(() => removeExample(folder));
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const query = /```graphql\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const { url, stop } = await startExample(folder, { environment: { GATEWAY_URL: gatewayUrl } });
  test.onTestFinished(async () => void (await stop()));
  return { url, query };
}

it("answers a query over both subgraphs, with the credentials of the user", async (test) => {
  const gateway = await useGateway({ config: { federation: true } });
  const { url, query } = await startSupergraph(test, gateway.url);
  const headers = { "x-bkapi-authorization": AUTHORIZATION, "x-bk-tenant-id": "t1" };
  const { data, errors } = await ask(url, { query }, headers);

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
