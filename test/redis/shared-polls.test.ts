/** A job that is watched on several gateways with one Redis is polled by one of them at a time. */
import { describe, expect, it } from "vitest";
import { useCutLink } from "../support/cut-link.ts";
import { scrape } from "../support/prometheus.ts";
import { hasRedis, type RedisServer, useRedis } from "../support/redis-server.ts";
import { namesOf, untilUp, useWatched, type Watched } from "./shared-polls.ts";

const TOKENS = ["ann", "ben", "cat"];
const HOSTS = "steps { hostResults { totalCount } }";

/** Answers the only call, and waits until all viewers have its version. @returns the name of this version */
async function shareOnePoll({ onlyCall, untilSeenByAll }: Watched): Promise<string> {
  const call = await onlyCall();
  call.answer();
  await untilSeenByAll(call.version);
  return `v${call.version}`;
}

const resultKeys = async (redis: RedisServer) =>
  ((await redis.command("KEYS", "bk-job-graphql:poll:*")) as string[]).filter(
    (key) => !key.endsWith(":turn"),
  );

const lookupsFromOthers = async ({ gateways }: Watched): Promise<number> => {
  let sum = 0;
  for (const { url } of gateways)
    sum += (await scrape(url)).sum("bk_job_graphql_job_lookups_total", { source: "shared" });
  return sum;
};

describe.skipIf(!hasRedis)("three gateways with viewers of one job", () => {
  it("make one poll per interval, whose result all viewers get", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS });
    await watched.untilShared();
    await shareOnePoll(watched);
    const before = await lookupsFromOthers(watched);
    const received = watched.viewers.map((viewer) => namesOf(viewer).length);
    const made: string[] = [];
    for (let polls = 0; polls < 5; polls += 1) made.push(await shareOnePoll(watched));
    await watched.onlyCall();
    for (const [index, viewer] of watched.viewers.entries())
      expect(namesOf(viewer).slice(received[index])).toEqual(made);
    expect(await lookupsFromOthers(watched)).toBe(before + 2 * made.length);
  });

  it("notify those with slower schedules, which deliver the result at once", async () => {
    const watched = await useWatched(await useRedis(), {
      tokens: TOKENS,
      liveOf: (token) => ({ scheduleMs: [token === "ann" ? 20 : 600_000] }),
    });
    await watched.untilShared();
    for (let polls = 0; polls < 3; polls += 1) await shareOnePoll(watched);
  });

  it("poll with another one as soon as the one that polls is no longer watching", async () => {
    const redis = await useRedis();
    const watched = await useWatched(redis, { tokens: TOKENS, upstreamTimeoutMs: 600_000 });
    await watched.untilShared();
    const { token } = await watched.onlyCall();
    // Its call is aborted, and the turn ends long before the lease.
    const left = TOKENS.indexOf(token);
    watched.viewers[left]?.stop();
    await expect.poll(() => watched.open().map((call) => call.token === token)).toEqual([false]);
    const next = await watched.onlyCall();
    next.answer();
    for (const [index, viewer] of watched.viewers.entries())
      if (index !== left) await expect.poll(() => namesOf(viewer).at(-1)).toBe(`v${next.version}`);

    // Nothing is left of those that no longer watch.
    for (const viewer of watched.viewers) viewer.stop();
    await expect.poll(() => redis.command("PUBSUB", "CHANNELS")).toEqual([]);
    await expect.poll(() => redis.command("KEYS", "bk-job-graphql:poll:*:turn")).toEqual([]);
  });

  it("poll with another one when the one that polls has lost its connection", async () => {
    const redis = await useRedis();
    const link = await useCutLink(Number(new URL(redis.url).port));
    const linked = new URL(redis.url);
    linked.port = String(link.port);
    const watched = await useWatched(redis, {
      tokens: TOKENS,
      redisUrlOf: (token) => (token === "ann" ? linked.href : redis.url),
      upstreamTimeoutMs: 1_000,
    });
    const { upstream, open, viewers } = watched;
    await watched.untilShared();
    // Until it is the one that polls: the calls of others fail.
    await expect
      .poll(() => {
        for (const call of open()) if (call.token !== "ann") call.fail();
        return open().map(({ token }) => token);
      })
      .toEqual(["ann"]);
    link.cut();
    const known = upstream.calls.length;
    const takenOver = () => {
      for (const call of open()) if (call.token !== "ann") call.answer();
      const others = upstream.calls.slice(known).filter(({ token }) => token !== "ann");
      return others.some(({ version }) =>
        viewers.slice(1).every((viewer) => namesOf(viewer).includes(`v${version}`)),
      );
    };
    await expect.poll(takenOver).toBe(true);
    // It works alone meanwhile.
    await expect.poll(() => open().some(({ token }) => token === "ann")).toBe(true);
    link.mend();
    await watched.untilShared();
  });

  it("let others poll after a failure, one at a time", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS });
    await watched.untilShared();
    const failing = new Set<string>();
    while (failing.size < 2) {
      const call = await watched.onlyCall();
      failing.add(call.token);
      call.fail();
    }
    let call = await watched.onlyCall();
    while (failing.has(call.token)) {
      call.fail();
      call = await watched.onlyCall();
    }
    call.answer();
    await watched.untilSeenByAll(call.version);
    await shareOnePoll(watched);
  });

  it("end a viewer whose poll is denied, and no other", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS });
    await watched.untilShared();
    const { token, deny } = await watched.onlyCall();
    deny();
    const denied = TOKENS.indexOf(token);
    await watched.viewers[denied]?.completed;
    expect(watched.viewers[denied]?.results.at(-1)?.data.jobInstanceUpdated).toEqual({
      __typename: "PermissionDenied",
    });
    const next = await watched.onlyCall();
    expect(next.token).not.toBe(token);
    next.answer();
    for (const [index, viewer] of watched.viewers.entries())
      if (index !== denied) await expect.poll(() => namesOf(viewer).at(-1)).toBe(`v${next.version}`);
  });

  it("end all subscriptions when the job is finished", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS });
    await watched.untilShared();
    const call = await watched.onlyCall();
    watched.upstream.finish(true);
    call.answer();
    for (const viewer of watched.viewers) {
      await viewer.completed;
      expect(namesOf(viewer).at(-1)).toBe(`v${call.version}`);
    }
  });

  it("check the permission of each viewer with its own credentials", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS, live: { recheckMs: 300 } });
    const { upstream, viewers } = watched;
    const revoked = viewers[1];
    await expect
      .poll(() => {
        for (const call of upstream.calls) {
          if (!call.isOpen()) continue;
          if (call.token === "ben") call.deny();
          else call.answer();
        }
        return revoked?.results.at(-1)?.data.jobInstanceUpdated;
      })
      .toEqual({ __typename: "PermissionDenied" });
    await revoked?.completed;
  });

  it("poll alone if the results are too large to be shared", async () => {
    const watched = await useWatched(await useRedis(), { tokens: TOKENS, maxBytes: 1 });
    const { upstream, viewers, open } = watched;
    const known = upstream.calls.length;
    await expect
      .poll(() => {
        for (const call of open()) call.answer();
        return Math.min(...viewers.map((viewer) => namesOf(viewer).length));
      })
      .toBeGreaterThan(5);
    for (const [index, viewer] of viewers.entries()) {
      const own = upstream.calls.filter(({ token }) => token === TOKENS[index]);
      const seen = namesOf(viewer).filter((name) => Number(name.slice(1)) > known);
      expect(own.map(({ version }) => `v${version}`)).toEqual(expect.arrayContaining(seen));
    }
    expect(await lookupsFromOthers(watched)).toBe(0);
  });

  it("share host results with viewers of the status, which do not replace them", async () => {
    const watched = await useWatched(await useRedis(), {
      tokens: TOKENS,
      selectionOf: (token) => (token === "ben" ? HOSTS : ""),
    });
    const { upstream, viewers, open } = watched;
    const [ann, ben] = viewers;
    const shared = () => {
      for (const call of open()) call.answer();
      const withHosts = upstream.calls.filter((call) => call.withHosts).map(({ version }) => `v${version}`);
      return withHosts.filter((name) => ann && namesOf(ann).includes(name));
    };
    await expect.poll(() => shared().length).toBeGreaterThan(5);
    // Never without host results.
    const polls = upstream.calls.filter((call) => call.withHosts).map(({ version }) => `v${version}`);
    expect(polls).toEqual(expect.arrayContaining(ben ? namesOf(ben) : []));
    expect(ben?.results.every(({ errors }) => errors === undefined)).toBe(true);
  });

  it("share only polls of the same identity if configured", async () => {
    const watched = await useWatched(await useRedis(), {
      tokens: ["ann", "ben", "ann"],
      live: { sharing: "identity" },
    });
    const { upstream, viewers, open } = watched;
    const [first, ben, second] = viewers.map((viewer) => () => namesOf(viewer));
    const versionsOf = (token: string) =>
      upstream.calls.filter((call) => call.token === token).map(({ version }) => `v${version}`);
    const common = () => {
      for (const call of open()) call.answer();
      return first?.().filter((name) => second?.().includes(name)).length;
    };
    await expect.poll(common).toBeGreaterThan(5);
    for (const names of [first, second])
      expect(versionsOf("ann")).toEqual(expect.arrayContaining(names?.() ?? []));
    expect(versionsOf("ben")).toEqual(expect.arrayContaining(ben?.() ?? []));
  });
});

const OUTAGES: readonly [
  what: string,
  options: { readonly redisTimeoutMs?: number },
  begin: (redis: RedisServer) => Promise<unknown>,
  end: (redis: RedisServer) => Promise<unknown>,
][] = [
  ["is down", {}, (redis) => redis.kill(), (redis) => redis.start()],
  ["hangs", { redisTimeoutMs: 300 }, async (redis) => redis.freeze(), async (redis) => redis.thaw()],
  [
    "is full",
    {},
    (redis) => redis.command("CONFIG", "SET", "maxmemory", "1"),
    (redis) => redis.command("CONFIG", "SET", "maxmemory", "0"),
  ],
  [
    "is read-only",
    {},
    (redis) => redis.command("REPLICAOF", "127.0.0.1", "1"),
    (redis) => redis.command("REPLICAOF", "NO", "ONE"),
  ],
];

describe.skipIf(!hasRedis)("while Redis", () => {
  it.each(OUTAGES)("%s, each gateway polls alone, and they share again afterwards", async (...outage) => {
    const [, options, begin, end] = outage;
    const redis = await useRedis();
    // The turn of the instance that polls cannot be ended in all cases, so it has to expire.
    const watched = await useWatched(redis, { tokens: TOKENS, upstreamTimeoutMs: 1_000, ...options });
    const { upstream, open, viewers, gateways } = watched;
    await watched.untilShared();
    await begin(redis);
    const known = upstream.calls.length;
    const havePolledAlone = () => {
      for (const call of open()) call.answer();
      return viewers.every((viewer, index) => {
        const own = upstream.calls.slice(known).filter(({ token }) => token === TOKENS[index]);
        return own.some(({ version }) => namesOf(viewer).includes(`v${version}`));
      });
    };
    await expect.poll(havePolledAlone).toBe(true);
    await end(redis);
    for (const gateway of gateways) await untilUp(gateway);
    await watched.untilShared();
    for (const { results } of viewers)
      expect(results.filter(({ errors }) => errors !== undefined)).toEqual([]);
  });

  it("denies channels, each gateway polls for itself, and says so", async () => {
    const redis = await useRedis();
    const watched = await useWatched(redis, { tokens: TOKENS });
    await watched.untilShared();
    await redis.command("ACL", "SETUSER", "default", "resetchannels");
    const messages = () => watched.gateways.map(({ logs }) => logs.map(({ msg }) => msg));
    for (const index of TOKENS.keys()) {
      await expect
        .poll(() => {
          for (const call of watched.open()) call.answer();
          return messages()[index];
        })
        .toContain(
          "Redis rejects subscriptions (NOPERM). This instance works without them until Redis accepts them. Check the permissions of the Redis user.",
        );
    }
    await redis.command("ACL", "SETUSER", "default", "allchannels");
    await watched.untilShared();
  });
});

describe.skipIf(!hasRedis)("whoever can write in Redis", () => {
  it("can neither bring back an older state nor forge one", async () => {
    const redis = await useRedis();
    const watched = await useWatched(redis, { tokens: TOKENS });
    const { open, viewers } = watched;
    await watched.untilShared();
    await shareOnePoll(watched);
    const [key = ""] = await resultKeys(redis);
    const older = await redis.commandForBytes("DUMP", key);
    await shareOnePoll(watched);
    await redis.command("RESTORE", key, "30000", older, "REPLACE");
    const [channel = ""] = (await redis.command("PUBSUB", "CHANNELS")) as string[];
    for (let times = 0; times < 3; times += 1) await redis.command("PUBLISH", channel, "other status");
    await shareOnePoll(watched);

    // An entry that claims to be newer than all, under which nothing can be shared.
    await redis.command("SETRANGE", key, "0", "9");
    for (let times = 0; times < 3; times += 1) await redis.command("PUBLISH", channel, "other status");
    const seen = viewers.map((viewer) => namesOf(viewer).length);
    await expect
      .poll(() => {
        for (const call of open()) call.answer();
        return viewers.every((viewer, index) => namesOf(viewer).length > (seen[index] ?? 0) + 2);
      })
      .toBe(true);
    for (const viewer of viewers) {
      const versions = namesOf(viewer).map((name) => Number(name.slice(1)));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(versions.length);
    }
  });

  it.each([
    ["for some time, with a turn that ends much later", 1_000, ["PX", "600000"]],
    ["not at all with a turn that does not end", 60_000, []],
  ])("can delay polls %s", async (_time, upstreamTimeoutMs, expiry) => {
    const redis = await useRedis();
    const watched = await useWatched(redis, { tokens: TOKENS, upstreamTimeoutMs });
    await watched.untilShared();
    let turn = "";
    const findTurn = async () => {
      [turn = ""] = (await redis.command("KEYS", "bk-job-graphql:poll:*:turn")) as string[];
      return turn;
    };
    await expect.poll(findTurn).not.toBe("");
    await redis.command("SET", turn, "nobody", ...expiry);
    for (const call of watched.open()) call.answer();
    const known = watched.upstream.calls.length;
    await expect.poll(() => watched.upstream.calls.length).toBeGreaterThan(known);
  });

  it("sees no credentials, job or state", async () => {
    const redis = await useRedis();
    const commands = await redis.monitor();
    const tokens = TOKENS.map((name) => `access-token-of-${name}`);
    const watched = await useWatched(redis, { tokens });
    await watched.untilShared();
    const name = await shareOnePoll(watched);
    const [key = ""] = await resultKeys(redis);
    const stored = commands.join("\n") + (await redis.commandForBytes("DUMP", key)).toString("latin1");
    expect(stored).toContain("PUBLISH");
    for (const text of ["access", "biz/", "job_instance", `"${name}"`]) expect(stored).not.toContain(text);
  });
});
