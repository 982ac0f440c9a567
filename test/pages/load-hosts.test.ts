/** Loading of the hosts of a step in pages. */
import { expect, it, onTestFinished, vi } from "vitest";
import { createStringClient } from "../../src/client/job-client.ts";
import { createHostLoader } from "../../src/pages/job/hosts/load-hosts.ts";

const EARLIER = "2026-01-01T00:00:00.000Z";
const NOW = "2026-01-01T00:00:01.000Z";

/** A client whose gateway has a step on this number of hosts, which all have the status code of the state. */
function clientOf(total: number, state: () => { readonly statusCode: number; readonly observedAt: string }) {
  const requests: { readonly after: string | null }[] = [];
  const respond = async (_: unknown, init?: { readonly body?: unknown }) => {
    const { variables } = JSON.parse(String(init?.body));
    requests.push({ after: variables.after });
    const from = Number(variables.after ?? 0);
    const to = Math.min(total, from + variables.first);
    const { statusCode, observedAt } = state();
    const nodes = Array.from({ length: to - from }, (_, index) => ({
      statusCode,
      tag: null,
      exitCode: null,
      ip: `10.0.${(from + index) >> 8}.${(from + index) & 255}`,
      ipv6: null,
      container: null,
    }));
    const pageInfo = { hasNextPage: to < total, endCursor: String(to) };
    const step = { hostResults: { totalCount: total, pageInfo, nodes } };
    return Response.json({ data: { jobInstance: { observedAt, step } } });
  };
  const client = createStringClient({ url: "http://gateway.example/graphql", fetch: respond });
  return { client, requests };
}

const REF = { scopeId: "1", jobInstanceId: "1" };

it("loads all pages in the order of the step", async () => {
  const { client, requests } = clientOf(12_000, () => ({ statusCode: 9, observedAt: NOW }));
  const { hosts, show, stop } = createHostLoader(client, REF);
  onTestFinished(stop);
  show("7", "1", NOW);
  await expect.poll(() => hosts.get().loaded).toBe(12_000);
  expect(requests).toEqual([{ after: null }, { after: "5000" }, { after: "10000" }]);
  const { cells } = hosts.get();
  expect([0, 4_999, 5_000, 11_999].map((row) => cells.cellOf(row)?.name)).toEqual([
    "10.0.0.0",
    "10.0.19.135",
    "10.0.19.136",
    "10.0.46.223",
  ]);
});

it("loads again what the gateway has answered from its cache with an earlier state", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let state = { statusCode: 7, observedAt: EARLIER };
  const { client, requests } = clientOf(1, () => state);
  const { hosts, show, stop } = createHostLoader(client, REF);
  onTestFinished(stop);
  show("7", "1", NOW);
  await vi.waitFor(() => expect(hosts.get().cells.cellOf(0)?.phase).toBe("RUNNING"));
  state = { statusCode: 9, observedAt: NOW };
  await vi.advanceTimersByTimeAsync(10_000);
  await vi.waitFor(() => expect(hosts.get().cells.cellOf(0)?.phase).toBe("SUCCEEDED"));
  await vi.advanceTimersByTimeAsync(100_000);
  expect(requests).toHaveLength(2);
});
