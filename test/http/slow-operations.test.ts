/** Slow operations in log lines: the hash of their document. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AUTHORIZATION, jobQuery, jobSubscription } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket, TRANSPORTS } from "../support/live-clients.ts";

const QUERY = jobQuery("100", "__typename ... on JobInstance { name }");
const HASH = createHash("sha256").update(QUERY).digest("hex");

/** Every operation takes longer. */
const NO_TIME = 0.001;
/** No operation takes longer. */
const ONE_DAY = 86_400_000;

const useSlow = (slowOperationMs: number) => useGateway({ config: { slowOperationMs } });

/** The line of a request, or of an operation on a WebSocket. */
async function line({ logs }: TestGateway): Promise<Record<string, unknown>> {
  const find = () => logs.find(({ msg }) => msg === "request" || msg === "operation");
  await expect.poll(find).toBeDefined();
  return find() ?? {};
}

describe("an operation that takes longer than SLOW_OPERATION_MS", () => {
  it("has the hash of its document, but not the document", async () => {
    const gateway = await useSlow(NO_TIME);
    await gateway.ask(QUERY);
    expect(await line(gateway)).toMatchObject({ slow: true, documentHash: HASH });
    expect(JSON.stringify(gateway.logs)).not.toContain("__typename");
  });

  it("has it with a persisted query, too", async () => {
    const gateway = await useSlow(NO_TIME);
    const parameters = new URLSearchParams({
      query: QUERY,
      extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash: HASH } }),
    });
    const headers = { "apollo-require-preflight": "true", "x-bkapi-authorization": AUTHORIZATION };
    await (await fetch(`${gateway.url}?${parameters}`, { headers })).text();
    expect(await line(gateway)).toMatchObject({ method: "GET", slow: true, documentHash: HASH });
  });

  it.each([
    ["a WebSocket", subscribeByWebSocket],
    ["server-sent events", subscribeByEvents],
  ])("has it over %s", async (_, subscribe) => {
    const gateway = await useSlow(NO_TIME);
    await subscribe(gateway.url, { query: QUERY }).completed;
    expect(await line(gateway)).toMatchObject({ slow: true, documentHash: HASH });
  });

  it.each(["{", "{ nothing }"])("has it if its document is invalid: %s", async (query) => {
    const gateway = await useSlow(NO_TIME);
    await gateway.ask(query);
    const documentHash = createHash("sha256").update(query).digest("hex");
    expect(await line(gateway)).toMatchObject({ slow: true, documentHash });
  });
});

it.each([
  ["takes less time", ONE_DAY],
  ["runs without the setting", 0],
])("an operation that %s has no hash", async (_, slowOperationMs) => {
  const gateway = await useSlow(slowOperationMs);
  await gateway.ask(QUERY);
  expect(await line(gateway)).not.toHaveProperty("slow");
  expect(await line(gateway)).not.toHaveProperty("documentHash");
});

it.each(TRANSPORTS)("a subscription by %s is never slow", async (_, subscribe) => {
  const gateway = await useSlow(NO_TIME);
  await subscribe(gateway.url, { query: jobSubscription("20000000001") }).completed;
  expect(await line(gateway)).not.toHaveProperty("slow");
});

it("a request without an operation is never slow", async () => {
  const gateway = await useSlow(NO_TIME);
  await fetch(new URL("/nowhere", gateway.url));
  expect(await line(gateway)).not.toHaveProperty("slow");
});
