/** Persisted queries are known to all instances that share a Redis. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createPersistedQueries } from "../../src/graphql/persisted-queries.ts";
import { createSharedDocuments } from "../../src/redis/shared-documents.ts";
import { AUTHORIZATION } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { hasRedis, useRedis } from "../support/redis-server.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const QUERY = "{ __typename }";

async function post({ url }: TestGateway, parameters: { query?: string; sha256Hash: string }) {
  const { query, sha256Hash } = parameters;
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION },
    body: JSON.stringify({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } }),
  });
  return (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
}

const codeOf = async (...args: Parameters<typeof post>) => (await post(...args)).errors?.[0]?.extensions.code;

const DATA = { data: { __typename: "Query" } };
const NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND";

describe.skipIf(!hasRedis)("two gateways with one Redis", () => {
  it("run a document that was registered with the other one", async () => {
    const redis = await useRedis();
    const config = { redis: { url: redis.url, timeoutMs: 10_000, snapshots: null } };
    const [first, second] = [await useGateway({ config }), await useGateway({ config })];
    expect(await codeOf(second, { sha256Hash: sha256(QUERY) })).toBe(NOT_FOUND);

    await expect
      .poll(async () => {
        await post(first, { query: QUERY, sha256Hash: sha256(QUERY) });
        return await post(second, { sha256Hash: sha256(QUERY) });
      })
      .toEqual(DATA);

    // The second one keeps it.
    await redis.kill();
    expect(await post(second, { sha256Hash: sha256(QUERY) })).toEqual(DATA);
  });

  it("store documents with an expiry", async () => {
    const redis = await useRedis();
    const gateway = await useGateway({
      config: { redis: { url: redis.url, timeoutMs: 10_000, snapshots: null } },
    });
    const key = `bk-job-graphql:apq:${sha256(QUERY)}`;
    const ttl = async () => {
      await post(gateway, { query: QUERY, sha256Hash: sha256(QUERY) });
      return await redis.command("TTL", key);
    };
    await expect.poll(ttl).toBeGreaterThan(3_500);
    expect(await redis.command("TTL", key)).toBeLessThanOrEqual(3_600);
  });

  it("do not run another document that is stored under a hash", async () => {
    const redis = await useRedis();
    const gateway = await useGateway({
      config: { redis: { url: redis.url, timeoutMs: 10_000, snapshots: null } },
    });
    const hash = sha256(QUERY);
    await redis.command("SET", `bk-job-graphql:apq:${hash}`, "{ poisoned: __typename }");
    await expect.poll(() => isConnected(gateway)).toBe(true);
    expect(await codeOf(gateway, { sha256Hash: hash })).toBe(NOT_FOUND);

    await redis.command("SET", `bk-job-graphql:apq:${hash}`, QUERY);
    expect(await post(gateway, { sha256Hash: hash })).toEqual(DATA);
  });

  it("do not share very long documents", async () => {
    const redis = await useRedis();
    const gateway = await useGateway({
      config: { redis: { url: redis.url, timeoutMs: 10_000, snapshots: null } },
    });
    await expect.poll(() => isConnected(gateway)).toBe(true);
    const long = `${QUERY}${" ".repeat(16 * 1024)}`;
    expect(await post(gateway, { query: long, sha256Hash: sha256(long) })).toEqual(DATA);
    expect(await post(gateway, { sha256Hash: sha256(long) })).toEqual(DATA);
    await post(gateway, { query: QUERY, sha256Hash: sha256(QUERY) });
    await expect.poll(() => redis.command("EXISTS", `bk-job-graphql:apq:${sha256(QUERY)}`)).toBe(1);
    expect(await redis.command("DBSIZE")).toBe(1);
  });
});

async function isConnected({ url }: TestGateway): Promise<boolean> {
  const response = await fetch(new URL("/readyz", url));
  const { problems } = (await response.json()) as { problems: readonly unknown[] };
  return problems.length === 0;
}

it("does not ask the shared cache for something that is not a hash", async () => {
  const asked: string[] = [];
  const cache = createPersistedQueries({
    get: async (hash) => {
      asked.push(hash);
      return null;
    },
    set: (hash) => void asked.push(hash),
  });
  await cache.set("apq:x\r\nFLUSHALL", QUERY);
  expect(await cache.get("apq:x\r\nFLUSHALL")).toBe(QUERY);
  expect(await cache.get("apq:*")).toBeUndefined();
  expect(asked).toEqual([]);
});

it("stores a bounded number of documents, whoever registers them", () => {
  let stored = 0;
  const documents = createSharedDocuments({
    send: async () => {
      stored += 1;
      return null;
    },
  });
  const startedAt = performance.now();
  for (let count = 0; count < 10_000; count += 1) documents.set(sha256(String(count)), QUERY);
  expect(stored).toBeGreaterThanOrEqual(1_000);
  expect(stored).toBeLessThanOrEqual(1_001 + (performance.now() - startedAt) / 1_000);
});
