/** Redis that is down, hangs, is full, or comes back: the gateway serves on without it, and uses it again by itself. */
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createSharedState } from "../../src/redis/shared-state.ts";
import { jobField } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { useServer } from "../support/listen.ts";
import { scrape } from "../support/prometheus.ts";
import { hasRedis, type RedisServer, useRedis } from "../support/redis-server.ts";

/** Longer than any reply takes on a busy machine. */
const TIMEOUT_MS = 10_000;

const useGatewayWith = (redis: Pick<RedisServer, "url">, timeoutMs = TIMEOUT_MS) =>
  useGateway({ config: { redis: { url: redis.url, timeoutMs, snapshots: null }, metrics: { port: null } } });

async function problemsOf({ url }: TestGateway): Promise<unknown> {
  const response = await fetch(new URL("/readyz", url));
  expect(response.status).toBe(200);
  return ((await response.json()) as { problems: unknown }).problems;
}

const UNAVAILABLE = [
  { code: "REDIS_UNAVAILABLE", message: "Redis does not answer. This instance works alone." },
];

const redisUp = async ({ url }: TestGateway) => (await scrape(url)).sum("bk_job_graphql_redis_up");

const redisLogs = ({ logs }: TestGateway) =>
  logs.map(({ msg }) => String(msg)).filter((text) => text.startsWith("Redis"));

/** A persisted query without its document, which the gateway looks up in Redis. */
async function askUnknownDocument({ url }: TestGateway, text: string): Promise<string | undefined> {
  const sha256Hash = createHash("sha256").update(text).digest("hex");
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
  const response = await fetch(`${url}?${new URLSearchParams({ extensions })}`, {
    headers: { "apollo-require-preflight": "1" },
  });
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return errors?.[0]?.extensions.code;
}

const NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND";

describe.skipIf(!hasRedis)("a gateway", () => {
  it("starts without Redis, and uses it when it is there", async () => {
    const redis = await useRedis();
    await redis.kill();
    const gateway = await useGatewayWith(redis);
    expect(await askUnknownDocument(gateway, "{ a }")).toBe(NOT_FOUND);
    await expect.poll(() => redisLogs(gateway)).toHaveLength(1);
    expect(await problemsOf(gateway)).toEqual(UNAVAILABLE);

    await redis.start();
    await expect.poll(() => redisUp(gateway)).toBe(1);
    expect(await problemsOf(gateway)).toEqual([]);
    expect(redisLogs(gateway)).toEqual([
      "Redis is unavailable (ECONNREFUSED). This instance works alone until it can use Redis. Check that Redis runs, and the host and port in REDIS_URL.",
      "Redis is available.",
    ]);
  });

  it("serves on while Redis is killed and started again", async () => {
    const redis = await useRedis();
    const gateway = await useGatewayWith(redis);
    await expect.poll(() => redisUp(gateway)).toBe(1);
    let rounds = 0;
    let isDone = false;
    const traffic = (async () => {
      while (!isDone) {
        const { errors } = await gateway.ask(`{ ${jobField("100")} }`);
        expect(errors).toBeUndefined();
        expect(await askUnknownDocument(gateway, `{ a${rounds} }`)).toBe(NOT_FOUND);
        rounds += 1;
      }
    })();
    for (let times = 0; times < 3; times += 1) {
      await redis.kill();
      await expect.poll(() => redisUp(gateway)).toBe(0);
      const before = rounds;
      await expect.poll(() => rounds).toBeGreaterThan(before + 5);
      await redis.start();
      await expect.poll(() => redisUp(gateway)).toBe(1);
    }
    isDone = true;
    await traffic;
    const expected = Array.from({ length: 3 }, () => ["Redis is unavailable", "Redis is available."]).flat();
    // Each outage can have several reasons: the connection was closed, then none could be made.
    const changes = redisLogs(gateway).map((text) => text.replace(/ \(.*/, ""));
    expect(changes.filter((text, index) => text !== changes[index - 1])).toEqual([
      "Redis is available.",
      ...expected,
    ]);
  });

  it("waits for a Redis that hangs only as long as a command may take, then skips it until it answers", async () => {
    const redis = await useRedis();
    const gateway = await useGatewayWith(redis, 300);
    await expect.poll(() => redisUp(gateway)).toBe(1);
    redis.freeze();
    expect(await askUnknownDocument(gateway, "{ a }")).toBe(NOT_FOUND);
    await expect.poll(() => redisUp(gateway)).toBe(0);
    const before = await scrape(gateway.url);
    for (let count = 0; count < 20; count += 1) {
      expect(await askUnknownDocument(gateway, `{ a${count} }`)).toBe(NOT_FOUND);
    }
    const after = await scrape(gateway.url);
    const count = (outcome: string) =>
      [before, after].map(({ sum }) => sum("bk_job_graphql_redis_commands_total", { outcome }));
    const [skippedBefore = 0, skippedAfter = 0] = count("skipped");
    expect(skippedAfter - skippedBefore).toBe(20);
    expect(count("timeout")[1]).toBe(count("timeout")[0]);
    expect(redisLogs(gateway).at(-1)).toMatch(/^Redis is unavailable \(timeout\)/);

    redis.thaw();
    await expect.poll(() => redisUp(gateway)).toBe(1);
    expect(await problemsOf(gateway)).toEqual([]);
  });

  it("skips writes while a full Redis rejects them, and still reads", async () => {
    const redis = await useRedis();
    const gateway = await useGatewayWith(redis);
    await expect.poll(() => redisUp(gateway)).toBe(1);
    const known = "{ __typename }";
    await registerDocument(gateway, known);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    await expect
      .poll(async () => {
        await registerDocument(gateway, "{ b: __typename }");
        return redisLogs(gateway).at(-1);
      })
      .toMatch(/^Redis rejects writes \(OOM\)\. This instance works without them until .*\. Raise maxmemory/);
    const other = await useGatewayWith(redis);
    await expect.poll(() => redisUp(other)).toBe(1);
    expect(await askUnknownDocument(other, known)).toBeUndefined();

    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await expect
      .poll(async () => {
        await registerDocument(gateway, "{ b: __typename }");
        return redisLogs(gateway).at(-1);
      })
      .toBe("Redis accepts writes again.");
  });

  it("does not show the password of Redis", async () => {
    const redis = await useRedis();
    const url = redis.url.replace("hunter22", "s3cr3t-wrong");
    const gateway = await useGatewayWith({ url });
    await expect.poll(() => redisLogs(gateway)).toHaveLength(1);
    expect(redisLogs(gateway)[0]).toMatch(/^Redis is unavailable \((WRONGPASS|NOAUTH|ERR)\)/);
    const ready = await (await fetch(new URL("/readyz", gateway.url))).text();
    const metrics = (await scrape(gateway.url)).text;
    const output = JSON.stringify(gateway.logs) + ready + metrics;
    expect(output).not.toContain("s3cr3t");
    expect(output).not.toContain(new URL(url).host);
  });
});

async function registerDocument({ url }: TestGateway, query: string): Promise<void> {
  const sha256Hash = createHash("sha256").update(query).digest("hex");
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash } });
  const response = await fetch(`${url}?${new URLSearchParams({ query, extensions })}`, {
    headers: { "apollo-require-preflight": "1" },
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** Needed for snapshots alone. */
const UNUSED = {
  upstream: { baseUrl: new URL("http://127.0.0.1"), maxBodyBytes: 1, timeoutMs: 1 },
  maxAges: { maxAgeRunningMs: 0, maxAgeFinishedMs: 0 },
};

it("closes at once while the first reply of a new connection is late", async () => {
  const arrived = Promise.withResolvers<void>();
  // Answers all commands of the library, but not the first one of the gateway.
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      const commands = String(bytes).match(/^\*\d+\r$/gm)?.length ?? 0;
      if (String(bytes).includes("TIME")) arrived.resolve();
      else socket.write("+OK\r\n".repeat(commands));
    });
    socket.on("error", () => {});
  });
  const port = await useServer(server);
  const quiet = { info: () => {}, warn: () => {} };
  const options = { url: `redis://127.0.0.1:${port}`, timeoutMs: 30_000, snapshots: null, ...UNUSED };
  const shared = createSharedState(options, quiet, null);
  await arrived.promise;
  await shared.close();
});

it("keeps a connection on which others are answered while one reply is late", async () => {
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      // Answers all commands but the reads of another document.
      for (const command of String(bytes).match(/(TIME|GETRANGE|CLIENT|SELECT|HELLO|AUTH)\r\n[^*]*/g) ?? []) {
        if (command.startsWith("TIME")) socket.write("*2\r\n$1\r\n1\r\n$1\r\n0\r\n");
        else if (!command.startsWith("GETRANGE")) socket.write("+OK\r\n");
        else if (command.includes("aaa")) socket.write("$2\r\nok\r\n");
      }
    });
    socket.on("error", () => {});
  });
  const port = await useServer(server);
  const quiet = { info: () => {}, warn: () => {} };
  const options = { url: `redis://127.0.0.1:${port}`, timeoutMs: 300, snapshots: null, ...UNUSED };
  const shared = createSharedState(options, quiet, null);
  await expect.poll(shared.isUp).toBe(true);
  // Its reply arrives after the late command was sent, so the server is not silent.
  const inTime = shared.documents.get("a".repeat(64));
  const late = shared.documents.get("b".repeat(64));
  expect(await inTime).toBe("ok");
  expect(await late).toBeNull();
  expect(shared.isUp()).toBe(true);
  await shared.close();
});

it("reports an address that cannot be used", async () => {
  const messages: string[] = [];
  const log = (text: string) => void messages.push(text);
  const options = { url: "redis://:pa%ss@127.0.0.1", timeoutMs: 50, snapshots: null, ...UNUSED };
  const shared = createSharedState(options, { info: log, warn: log }, null);
  await expect.poll(() => messages).toHaveLength(1);
  expect(messages[0]).toContain("Redis is unavailable");
  expect(messages[0]).not.toContain("pa%ss");
  await shared.close();
});

it("gives up on a server that accepts connections but never answers", async () => {
  const port = await useServer(createServer());
  const messages: string[] = [];
  const log = (text: string) => void messages.push(text);
  const shared = createSharedState(
    { url: `redis://127.0.0.1:${port}`, timeoutMs: 50, snapshots: null, ...UNUSED },
    { info: log, warn: log },
    null,
  );
  expect(await shared.documents.get("a".repeat(64))).toBeNull();
  await expect.poll(() => messages).toHaveLength(1);
  expect(messages[0]).toContain("(timeout)");
  await shared.close();
});
