/** Snapshots of one identity serve its requests on all instances that share a Redis. */
import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { useVersionedUpstream, type VersionedUpstream } from "../jobs/versioned-upstream.ts";
import { type AskHeaders, jobQuery, jobSubscription, onJob } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { jobBody } from "../support/job-payload.ts";
import { useServer } from "../support/listen.ts";
import { subscribeByWebSocket } from "../support/live-clients.ts";
import { hasRedis, type RedisServer, useRedis } from "../support/redis-server.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

interface InstanceOptions {
  readonly secret?: string;
  readonly maxBytes?: number;
  readonly cacheBytes?: number;
  readonly timeoutMs?: number;
  readonly upstream?: Pick<VersionedUpstream, "url">;
}

/** Longer than any test, so that only the order of calls counts. */
const MAX_AGE_MS = 600_000;

async function useInstance(
  redis: RedisServer,
  {
    secret = SECRET,
    maxBytes = 2 ** 20,
    cacheBytes = 2 ** 28,
    timeoutMs = 10_000,
    upstream,
  }: InstanceOptions = {},
): Promise<TestGateway> {
  const gateway = await useGateway({
    config: {
      snapshots: { maxAgeRunningMs: MAX_AGE_MS, maxAgeFinishedMs: MAX_AGE_MS, maxBytes: cacheBytes },
      redis: { url: redis.url, timeoutMs, snapshots: { secret, maxBytes } },
    },
    ...(upstream && { upstream: { baseUrl: upstream.url } }),
  });
  await expect.poll(async () => (await readiness(gateway)).problems).toEqual([]);
  return gateway;
}

async function readiness({ url }: TestGateway): Promise<{ problems: unknown }> {
  return (await (await fetch(new URL("/readyz", url))).json()) as { problems: unknown };
}

const OTHER: AskHeaders = { "x-bkapi-authorization": '{"access_token":"other"}' };
const NO_CACHE: AskHeaders = { "cache-control": "no-cache" };

/** The version of the job, which increases with each upstream call. */
async function versionOf(gateway: TestGateway, headers: AskHeaders = {}, selection = ""): Promise<unknown> {
  const { data, errors } = await gateway.ask(jobQuery("100", onJob(`name ${selection}`)), {}, headers);
  expect(errors).toBeUndefined();
  return (data as { jobInstance: { name: string } }).jobInstance.name;
}

/** The entry as bytes, for RESTORE. */
const dump = (redis: RedisServer, key: string) => redis.commandForBytes("DUMP", key);

const HOSTS = "steps { hostResults { totalCount } }";

const entriesOf = async (redis: RedisServer) =>
  (await redis.command("KEYS", "bk-job-graphql:snapshot:*")) as string[];

const hasEntry = async (redis: RedisServer) => {
  const [key = ""] = await entriesOf(redis);
  return (await redis.command("STRLEN", key)) as number;
};

/** The digits of an entry: when its call started. */
const startOf = async (redis: RedisServer) => {
  const [key = ""] = await entriesOf(redis);
  return String(await redis.command("GETRANGE", key, "0", "15"));
};

/** Asks the gateway, and waits until Redis has the result. */
async function store(redis: RedisServer, gateway: TestGateway, headers: AskHeaders = {}, selection = "") {
  const before = await startOf(redis);
  const version = await versionOf(gateway, headers, selection);
  await expect.poll(() => startOf(redis)).not.toBe(before);
  return version;
}

describe.skipIf(!hasRedis)("two gateways with one Redis", () => {
  it("call the upstream once for one identity", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    expect(await store(redis, first)).toBe("v1");
    expect(await versionOf(second)).toBe("v1");
    expect(upstream.calls).toHaveLength(1);
    // The second one keeps it.
    await redis.kill();
    expect(await versionOf(second)).toBe("v1");
    expect(upstream.calls).toHaveLength(1);
  });

  it("share snapshots if only one of them has a slash at the end of the upstream's URL", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const base = new URL("/base", upstream.url);
    const first = await useInstance(redis, { upstream: { url: base } });
    const second = await useInstance(redis, { upstream: { url: new URL(`${base.href}/`) } });
    expect(await store(redis, first)).toBe("v1");
    expect(await versionOf(second)).toBe("v1");
  });

  it("serve the same response, with host results, from the snapshot of the other one", async () => {
    const redis = await useRedis();
    const first = await useInstance(redis);
    const { simulator } = first;
    const upstream = { url: new URL(simulator.url) };
    const sharing = await useInstance(redis, { upstream });
    const query = jobQuery(
      "40010000007",
      onJob(`name status observedAt upstreamRequestId
        steps { name hostResults(first: 50, orderBy: { field: IP }) { totalCount nodes { ip exitCode } } }`),
    );
    const direct = await first.ask(query);
    expect(direct.errors).toBeUndefined();
    await expect.poll(() => hasEntry(redis)).toBeGreaterThan(100);
    const calls = simulator.requests.length;
    expect(JSON.stringify(direct)).toContain('"totalCount":1000');
    expect((await sharing.ask(query)).data).toEqual(direct.data);
    expect(simulator.requests).toHaveLength(calls);
  });

  it("never serve a snapshot to another identity, nor the other way round", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    await store(redis, first);
    expect(await versionOf(second, OTHER)).toBe("v2");
    expect(await versionOf(second, { "x-bk-tenant-id": "tenant" })).toBe("v3");
    expect(await versionOf(second, { "accept-language": "en" })).toBe("v4");
    expect(await versionOf(second)).toBe("v1");
  });

  it("do not share host results that the snapshot does not contain", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    await store(redis, first);
    expect(await store(redis, second, {}, HOSTS)).toBe("v2");
    expect(upstream.calls.map(({ withHosts }) => withHosts)).toEqual([false, true]);
    const third = await useInstance(redis, { upstream });
    expect(await versionOf(third)).toBe("v2");
    expect(await versionOf(third, {}, HOSTS)).toBe("v2");
  });

  it("call the upstream for a request with no-cache", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    await store(redis, first);
    expect(await store(redis, second, NO_CACHE)).toBe("v2");
    // It replaces the older one.
    const third = await useInstance(redis, { upstream });
    expect(await versionOf(third)).toBe("v2");
  });

  it("do not replace a snapshot by one whose call started earlier", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    upstream.hold(true);
    const slow = versionOf(first);
    await expect.poll(() => upstream.calls.length).toBe(1);
    upstream.hold(false);
    expect(await store(redis, second, NO_CACHE)).toBe("v2");
    const start = await startOf(redis);
    const monitored = await redis.monitor();
    upstream.calls[0]?.answer();
    expect(await slow).toBe("v1");
    await expect.poll(() => monitored.some((line) => line.includes("EVAL"))).toBe(true);
    expect(await startOf(redis)).toBe(start);
  });

  it("do not serve a snapshot that is older than what they have served", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    // It caches nothing, but knows what it has served.
    const second = await useInstance(redis, { upstream, cacheBytes: 0 });
    await store(redis, first);
    const [key = ""] = await entriesOf(redis);
    const older = await dump(redis, key);
    expect(await versionOf(second)).toBe("v1");
    expect(await store(redis, second, NO_CACHE)).toBe("v2");
    await redis.command("RESTORE", key, "600000", older, "REPLACE");
    expect(await versionOf(second)).toBe("v3");
  });

  it("do not use a snapshot after a newer call with a result that is not shared", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream, maxBytes: 1 });
    await store(redis, first);
    expect(await store(redis, second, NO_CACHE)).toBe("v2");
    const third = await useInstance(redis, { upstream });
    expect(await hasEntry(redis)).toBe(16);
    expect(await versionOf(third)).toBe("v3");
  });

  it("ignore entries that were changed, moved, or written with another secret", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    await store(redis, first);
    const [key = ""] = await entriesOf(redis);
    const entry = await dump(redis, key);
    const length = await hasEntry(redis);
    // Its last byte, its start, and a length of nearly nothing.
    for (const [offset, bytes] of [
      [length - 1, "\x00\x01"],
      [0, "9"],
      [17, "x"],
    ] as const) {
      await redis.command("RESTORE", key, "0", entry, "REPLACE");
      await redis.command("SETRANGE", key, String(offset), bytes);
      const fresh = await useInstance(redis, { upstream });
      expect(await versionOf(fresh)).not.toBe("v1");
      await redis.command("DEL", key);
    }
    await redis.command("RESTORE", key, "0", entry, "REPLACE");
    const otherSecret = await useInstance(redis, { upstream, secret: SECRET.toUpperCase() });
    expect(await versionOf(otherSecret)).not.toBe("v1");

    // Under the key of another identity.
    const moved = await useInstance(redis, { upstream });
    const known = await entriesOf(redis);
    await versionOf(moved, OTHER);
    await expect.poll(async () => (await entriesOf(redis)).length).toBe(known.length + 1);
    const [otherKey = ""] = (await entriesOf(redis)).filter((each) => !known.includes(each));
    await redis.command("RESTORE", otherKey, "0", entry, "REPLACE");
    const last = await useInstance(redis, { upstream });
    expect(await versionOf(last, OTHER)).not.toBe("v1");
    // The entry itself is good.
    await redis.command("RESTORE", key, "0", entry, "REPLACE");
    expect(await versionOf(await useInstance(redis, { upstream }))).toBe("v1");
  });

  it("store no credentials, identities, job ids or contents in the clear", async () => {
    const redis = await useRedis();
    const commands = await redis.monitor();
    const first = await useInstance(redis);
    const secrets: AskHeaders = { "x-bkapi-authorization": '{"access_token":"demo"}' };
    const { data } = await first.ask(jobQuery("100", onJob("name scope { id } steps { name }")), {}, secrets);
    const { name } = (data as { jobInstance: { name: string } }).jobInstance;
    await expect.poll(() => hasEntry(redis)).toBeGreaterThan(100);
    const [key = ""] = await entriesOf(redis);
    const stored = commands.join("\n") + key + (await dump(redis, key)).toString("latin1");
    expect(stored).toContain("EVAL");
    for (const text of ["demo", "access_token", "biz/", SECRET, "job_instance", name]) {
      expect(stored).not.toContain(text);
    }
    expect(Number(await redis.command("PTTL", key))).toBeGreaterThan(0);
  });

  it("do not use a snapshot after the upstream has rejected the credentials", async () => {
    const redis = await useRedis();
    let isRejecting = false;
    const body = JSON.stringify(jobBody({ fields: { job_instance_id: 100, name: "v1" } }));
    const server = createServer((_request, response) =>
      response.writeHead(isRejecting ? 401 : 200, { "content-type": "application/json" }).end(body),
    );
    const upstream = { url: new URL(`http://127.0.0.1:${await useServer(server)}`) };
    const first = await useInstance(redis, { upstream });
    expect(await store(redis, first)).toBe("v1");
    isRejecting = true;
    const before = await startOf(redis);
    const rejected = await first.ask(jobQuery("100"), {}, NO_CACHE);
    expect(rejected.errors?.[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED" });
    await expect.poll(() => startOf(redis)).not.toBe(before);
    const second = await useInstance(redis, { upstream });
    const { errors } = await second.ask(jobQuery("100"));
    expect(errors?.[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("serve on with their own calls while Redis is down", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const first = await useInstance(redis, { upstream });
    const second = await useInstance(redis, { upstream });
    await redis.kill();
    expect(await versionOf(first)).toBe("v1");
    expect(await versionOf(second)).toBe("v2");
    await redis.start();
    for (const gateway of [first, second]) {
      await expect.poll(async () => (await readiness(gateway)).problems).toEqual([]);
    }
    expect(await store(redis, first, NO_CACHE)).toBe("v3");
    const third = await useInstance(redis, { upstream });
    expect(await versionOf(third)).toBe("v3");
  });

  it("do not store what only a subscription has polled", async () => {
    const redis = await useRedis();
    const upstream = await useVersionedUpstream();
    const gateway = await useInstance(redis, { upstream });
    const viewer = subscribeByWebSocket(gateway.url, { query: jobSubscription("100") });
    await expect.poll(() => viewer.results.length).toBeGreaterThan(0);
    // Instances write in order, so the entry of another identity's query comes after that of the subscription, if any.
    await store(redis, gateway, OTHER);
    expect(await entriesOf(redis)).toHaveLength(1);
    viewer.stop();
  });

  it("do not wait for Redis beyond the deadline of a request", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { timeoutMs: 600_000 });
    redis.freeze();
    onTestFinished(() => redis.thaw());
    const { errors } = await gateway.ask(jobQuery("100"), {}, { "x-request-deadline-ms": "50" });
    expect(errors?.[0]?.extensions.code).toBe("UPSTREAM_TIMEOUT");
  });

  it("do not share snapshots without a common secret, and say so", async () => {
    const redis = await useRedis();
    const gateway = await useInstance(redis, { secret: "" });
    await gateway.ask(jobQuery("100"));
    expect(gateway.logs.map(({ msg }) => msg)).toContain(
      "Redis: snapshots and polls are not shared without IDENTITY_KEY.",
    );
    expect(await entriesOf(redis)).toEqual([]);
  });
});
