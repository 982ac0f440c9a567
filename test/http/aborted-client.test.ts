/** A client that aborts its request: the upstream call is aborted, and no error is logged. */
import { expect, it, onTestFinished, type TestContext, vi } from "vitest";
import type * as limits from "../../src/graphql/operation/operation-limits.ts";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, jobField, jobQuery, onJob, postOperation } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { type HeldUpstream, useHeldUpstream } from "../support/held-upstream.ts";

/** Called whenever an operation filters the rows of a page. */
const rows = vi.hoisted(() => ({ onExamine: () => {} }));

vi.mock("../../src/graphql/operation/operation-limits.ts", async (original) => {
  const actual = await original<typeof limits>();
  const createRowBudget: typeof limits.createRowBudget = () => {
    const examineRows = actual.createRowBudget();
    return (count) => {
      rows.onExamine();
      examineRows(count);
    };
  };
  return { ...actual, createRowBudget };
});

interface AbortedGateway extends TestGateway {
  readonly upstream: HeldUpstream;
}

/** A gateway whose client has just aborted, with one upstream call in flight and one waiting. */
async function useAbortedGateway(test: TestContext): Promise<AbortedGateway> {
  const upstream = await useHeldUpstream(test);
  const gateway = await useGateway({
    // Longer than the test, so that calls do not end by the timeout.
    upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000, connections: 1 },
  });
  const client = new AbortController();
  const answer = postOperation(
    gateway.url,
    { query: `{ a: ${jobField("1")} b: ${jobField("2")} }` },
    { "x-bkapi-authorization": AUTHORIZATION },
    client.signal,
  );
  await upstream.called;
  client.abort();
  await expect(answer).rejects.toThrow();
  return { ...gateway, upstream };
}

it("aborts the upstream call of a client that aborts", async (test) => {
  const { upstream } = await useAbortedGateway(test);
  await upstream.aborted;
});

it("logs no error", async (test) => {
  const { upstream, logs, ask } = await useAbortedGateway(test);
  await upstream.aborted;
  // The operation has ended once a later one has.
  await ask("{ __typename }");
  await vi.waitFor(() => expect(logs.filter(({ msg }) => msg === "request")).toHaveLength(2));
  expect(logs.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

it("stops the execution of its operation", async () => {
  const gateway = await useGateway({ config: { executor: "compiled" } });
  const pagesOf = (count: number) => {
    const pages = Array.from(
      { length: count },
      (_, index) => `p${index}: hostResults(first: 1, filter: { ipContains: "1" }) { nodes { ip } }`,
    );
    return jobQuery(bulkJobId(10_000), onJob(`steps { ${pages.join(" ")} }`));
  };
  // Each page takes a whole slice, because the clock advances with each call.
  const now = performance.now.bind(performance);
  let calls = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + 20 * calls++);
  onTestFinished(() => clock.mockRestore());
  const client = new AbortController();
  let examined = 0;
  rows.onExamine = () => {
    examined += 1;
    client.abort();
  };
  const headers = { "x-bkapi-authorization": AUTHORIZATION };
  const answer = postOperation(gateway.url, { query: pagesOf(400) }, headers, client.signal);
  await expect(answer).rejects.toThrow();
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(expect.objectContaining({ msg: "request", aborted: true }));
  const examinedForIt = examined;
  expect(examinedForIt).toBeLessThan(400);
  // Executions take turns, so an execution that continued would examine more rows.
  expect((await gateway.ask(pagesOf(10))).errors).toBeUndefined();
  expect(examined).toBe(examinedForIt + 10);
});
