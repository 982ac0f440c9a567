/** RATE_LIMIT_MAX counts the operations of a caller over all instances that share a Redis. */
import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { postOperation, queryJob } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";
import { hasRedis, type RedisServer, useRedis } from "../support/redis-server.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

/** All instances have the same. No operation of these tests calls it. */
const UPSTREAM = new URL("http://127.0.0.1:9");

/** Longer than any test. */
const WINDOW_MS = 3_600_000;

interface InstanceOptions {
  readonly max: number;
  readonly windowMs?: number;
  readonly secret?: string;
  readonly timeoutMs?: number;
}

async function useInstance(
  redis: RedisServer,
  { max, windowMs = WINDOW_MS, secret = SECRET, timeoutMs = 10_000 }: InstanceOptions,
): Promise<TestGateway> {
  const gateway = await useGateway({
    config: {
      redis: { url: redis.url, timeoutMs, secret, snapshots: null },
      rateLimit: { max, windowMs },
      metrics: { port: null },
    },
    upstream: { baseUrl: UPSTREAM },
  });
  await untilUp(gateway);
  return gateway;
}

const isUp = async ({ url }: TestGateway) => (await scrape(url)).sum("bk_job_graphql_redis_up");
const untilUp = (gateway: TestGateway) => expect.poll(() => isUp(gateway)).toBe(1);
const untilDown = (gateway: TestGateway) => expect.poll(() => isUp(gateway)).toBe(0);

const callerNamed = (name: string) => ({ "x-bkapi-authorization": `{"access_token":"${name}"}` });
const ANN = callerNamed("ann-s3cr3t");

/** Starts an operation. @returns the status, and how many more the caller may start */
async function start({ url }: TestGateway, headers: Record<string, string> = ANN) {
  const response = await postOperation(url, { query: "{ __typename }" }, headers);
  await response.text();
  return [response.status, Number(response.headers.get("x-ratelimit-remaining"))];
}

const countersOf = async (redis: RedisServer) =>
  (await redis.command("KEYS", "bk-job-graphql:operations:*")) as string[];

describe.skipIf(!hasRedis)("two gateways with one Redis", () => {
  it("count the operations of a caller together", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis, { max: 3 });
    const second = await useInstance(redis, { max: 3 });
    expect(await start(first)).toEqual([200, 2]);
    expect(await start(second)).toEqual([200, 1]);
    expect(await start(first)).toEqual([200, 0]);
    expect(await start(second)).toEqual([429, 0]);
    expect(await start(first)).toEqual([429, 0]);
    expect(await start(second, callerNamed("ben"))).toEqual([200, 2]);
  });

  it("count operations of WebSockets and of callers without credentials, too", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis, { max: 2 });
    const second = await useInstance(redis, { max: 2 });
    await subscribeByWebSocket(first.url, { query: "{ __typename }" }, ANN).completed;
    expect(await start(second)).toEqual([200, 0]);
    await expect(subscribeByWebSocket(first.url, { query: "{ __typename }" }, ANN).completed).rejects.toThrow(
      "RATE_LIMITED",
    );
    expect(await start(first, {})).toEqual([200, 1]);
    expect(await start(second, {})).toEqual([200, 0]);
    expect(await start(first, {})).toEqual([429, 0]);
  });

  it("say when the window of all instances ends", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis, { max: 1 });
    const second = await useInstance(redis, { max: 1 });
    await start(first);
    const [counter = ""] = await countersOf(redis);
    await redis.command("PEXPIRE", counter, "120000");
    const { errors } = await second.ask("{ __typename }", {}, ANN);
    const retryAfterMs = Number(errors?.[0]?.extensions.retryAfterMs);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(120_000);
  });

  it("do not share counters with other secrets or windows", async () => {
    const redis = await useRedis();
    const gateways = [
      await useInstance(redis, { max: 2 }),
      await useInstance(redis, { max: 2, secret: SECRET.toUpperCase() }),
      await useInstance(redis, { max: 2, windowMs: WINDOW_MS / 2 }),
    ];
    for (const gateway of gateways) expect(await start(gateway)).toEqual([200, 1]);
    expect(await countersOf(redis)).toHaveLength(3);
  });
});

describe.skipIf(!hasRedis)("a gateway with Redis", () => {
  it("stores neither credentials nor addresses, and only for the window", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 5 });
    await start(gateway);
    await start(gateway, {});
    const keys = (await redis.command("KEYS", "*")) as string[];
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toMatch(/^bk-job-graphql:operations:[\w-]{43}$/);
      expect(await redis.command("GET", key)).toBe("1");
      const ttlMs = Number(await redis.command("PTTL", key));
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(WINDOW_MS);
    }
  });

  it("does not prolong a window if the clock of Redis is set back", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 5 });
    await start(gateway);
    const [counter = ""] = await countersOf(redis);
    // What a counter looks like after that.
    await redis.command("PEXPIRE", counter, String(24 * WINDOW_MS));
    await start(gateway);
    expect(Number(await redis.command("PTTL", counter))).toBeLessThanOrEqual(WINDOW_MS);
  });

  it("begins a new window when the last one has ended", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 1, windowMs: 100 });
    await start(gateway);
    await expect.poll(() => start(gateway)).toEqual([200, 0]);
  });

  it("does not ask Redis for a caller that has exceeded the limit", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 1 });
    await start(gateway);
    expect(await start(gateway)).toEqual([429, 0]);
    const page = await scrape(gateway.url);
    expect(page.sum("bk_job_graphql_redis_commands_total", { command: "count" })).toBe(1);
  });

  it("counts alone without IDENTITY_KEY, and says so", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 1, secret: "" });
    expect(await start(gateway)).toEqual([200, 0]);
    expect(await start(gateway)).toEqual([429, 0]);
    expect(await countersOf(redis)).toEqual([]);
    expect(gateway.logs).toContainEqual(
      expect.objectContaining({
        level: 40,
        msg: "Redis: rate limits are not shared without IDENTITY_KEY.",
      }),
    );
  });

  it("shares nothing and logs nothing without a rate limit", async () => {
    const redis = await useRedis();
    const gateway = await useGateway({
      config: { redis: { url: redis.url, timeoutMs: 10_000, snapshots: null } },
    });
    expect((await queryJob(gateway)).errors).toBeUndefined();
    expect(await countersOf(redis)).toEqual([]);
    expect(JSON.stringify(gateway.logs)).not.toContain("rate limits");
  });
});

describe.skipIf(!hasRedis)("while Redis fails, a gateway", () => {
  it("counts on alone from the count of all instances, and together again when Redis is back without data", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis, { max: 5 });
    const second = await useInstance(redis, { max: 5 });
    expect(await start(first)).toEqual([200, 4]);
    expect(await start(second)).toEqual([200, 3]);
    await redis.kill();
    await untilDown(first);
    await untilDown(second);
    expect(await start(second)).toEqual([200, 2]);

    await redis.start();
    await untilUp(first);
    await untilUp(second);
    // The counters of Redis are lost, but the second instance knows three operations.
    expect(await start(second)).toEqual([200, 1]);
    expect(await start(first)).toEqual([200, 0]);
    expect(await start(second)).toEqual([429, 0]);
  });

  it("still rejects a caller that had exceeded the limit", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis, { max: 1 });
    const second = await useInstance(redis, { max: 1 });
    await start(first);
    expect(await start(second)).toEqual([429, 0]);
    await redis.kill();
    await untilDown(second);
    expect(await start(second)).toEqual([429, 0]);
    expect(await start(second, callerNamed("ben"))).toEqual([200, 0]);
  });

  it("waits for a Redis that hangs only as long as a command may take", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 2, timeoutMs: 300 });
    redis.freeze();
    expect(await start(gateway)).toEqual([200, 1]);
    await untilDown(gateway);
    expect(await start(gateway)).toEqual([200, 0]);
    expect(await start(gateway)).toEqual([429, 0]);
    redis.thaw();
    await untilUp(gateway);
    expect(await start(gateway, callerNamed("ben"))).toEqual([200, 1]);
    expect(await countersOf(redis)).not.toEqual([]);
  });

  it("counts alone if Redis is full", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 2 });
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await start(gateway)).toEqual([200, 1]);
    expect(await start(gateway)).toEqual([200, 0]);
    expect(await start(gateway)).toEqual([429, 0]);
    expect(await countersOf(redis)).toEqual([]);
  });

  it("counts alone if Redis does not permit it, and still stores other things", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { max: 2 });
    await redis.command("ACL", "SETUSER", "default", "-incr");
    expect(await start(gateway)).toEqual([200, 1]);
    const query = "query Stored { __typename }";
    const persistedQuery = { version: 1, sha256Hash: hash("sha256", query) };
    await postOperation(gateway.url, { query, extensions: { persistedQuery } }, ANN);
    await expect.poll(() => redis.command("KEYS", "bk-job-graphql:apq:*")).toHaveLength(1);
    const messages = gateway.logs.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith("Redis "));
    expect(messages).toEqual(["Redis is available.", expect.stringMatching(/^Redis rejects counts \(/)]);
  });
});
