/** What is served to an identity never becomes older, and fails only for what it asks for. */
import { describe, expect, it } from "vitest";
import { jobQuery, onJob } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { useVersionedUpstream, type VersionedUpstream } from "./versioned-upstream.ts";

const STATUS = "name";
const HOSTS = "name hostSummary { total }";
const NO_CACHE = { "cache-control": "no-cache" };

/** Nothing is evicted or expires within a test. */
const CACHED = { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 26 };

async function useOrder(snapshots: Partial<typeof CACHED> = {}) {
  const upstream = await useVersionedUpstream();
  const gateway = await useGateway({
    config: { snapshots: { ...CACHED, ...snapshots } },
    upstream: { baseUrl: upstream.url },
  });
  return { upstream, ask: createAsk(gateway), gatewayUrl: gateway.url };
}

/** Asks for the job. @returns its name, which is its version, or the code of the error. */
const createAsk =
  (gateway: TestGateway) =>
  async (fields: string, headers: Record<string, string> = {}): Promise<string> => {
    const { data, errors } = await gateway.ask(jobQuery("100", onJob(fields)), {}, headers);
    return errors?.[0]?.extensions.code ?? data.jobInstance.name;
  };

/** Resolves when the upstream has been called so many times. */
const called = ({ calls }: VersionedUpstream, times: number) =>
  expect.poll(() => calls.length, { interval: 5 }).toBe(times);

describe("a newer status", () => {
  it("replaces an older snapshot with host results, for every request that follows", async () => {
    const { upstream, ask } = await useOrder();
    expect(await ask(HOSTS)).toBe("v1");
    expect(await ask(STATUS)).toBe("v1");
    expect(await ask(STATUS, NO_CACHE)).toBe("v2");
    expect(await ask(STATUS)).toBe("v2");
    expect(await ask(HOSTS)).toBe("v3");
    expect(await ask(STATUS)).toBe("v3");
    expect(upstream.calls).toHaveLength(3);
  });

  it("is not overwritten by a slow call that was started before it", async () => {
    const { upstream, ask } = await useOrder();
    upstream.hold(true);
    const slow = ask(STATUS);
    await called(upstream, 1);
    const quick = ask(STATUS, NO_CACHE);
    await called(upstream, 2);
    upstream.calls[1]?.answer();
    expect(await quick).toBe("v2");
    upstream.calls[0]?.answer();
    // Who waited for the slow call gets the newer state as well.
    expect(await slow).toBe("v2");
    expect(await ask(STATUS)).toBe("v2");
    expect(upstream.calls).toHaveLength(2);
  });

  it("makes a request for host results ask again when it overtakes their call", async () => {
    const { upstream, ask } = await useOrder();
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    const status = ask(STATUS, NO_CACHE);
    await called(upstream, 2);
    upstream.calls[1]?.answer();
    expect(await status).toBe("v2");
    upstream.hold(false);
    upstream.calls[0]?.answer();
    expect(await hosts).toBe("v3");
    expect(await ask(STATUS)).toBe("v3");
    expect(upstream.calls.map(({ withHosts }) => withHosts)).toEqual([true, false, true]);
  });

  it("keeps others from joining a call that was started before it", async () => {
    const { upstream, ask } = await useOrder({ maxAgeFinishedMs: 0 });
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    const status = ask(STATUS, NO_CACHE);
    await called(upstream, 2);
    upstream.calls[1]?.answer();
    expect(await status).toBe("v2");
    const next = ask(STATUS);
    await called(upstream, 3);
    upstream.hold(false);
    upstream.calls[2]?.answer();
    expect(await next).toBe("v3");
    upstream.calls[0]?.answer();
    expect(await hosts).toBe("v4");
  });

  it("ends an older snapshot also where it is not cached itself", async () => {
    const { upstream, ask } = await useOrder({ maxAgeRunningMs: 0 });
    expect(await ask(STATUS)).toBe("v1");
    upstream.finish(false);
    expect(await ask(STATUS, NO_CACHE)).toBe("v2");
    expect(await ask(STATUS)).toBe("v3");
  });

  it("does not make host results wait for ever", async () => {
    const { upstream, ask } = await useOrder();
    upstream.hold(true);
    const hosts = ask(HOSTS);
    for (let round = 0; round < 3; round += 1) {
      await called(upstream, 2 * round + 1);
      const status = ask(STATUS, NO_CACHE);
      await called(upstream, 2 * round + 2);
      upstream.calls[2 * round + 1]?.answer();
      await status;
      upstream.calls[2 * round]?.answer();
    }
    expect(await hosts).toBe("v5");
    expect(await ask(STATUS)).toBe("v6");
  });
});

it("serves a request with no-cache from a call that was started after it arrived, never from an earlier one", async () => {
  const { upstream, ask } = await useOrder();
  upstream.hold(true);
  const early = ask(STATUS);
  await called(upstream, 1);
  const fresh = ask(STATUS, NO_CACHE);
  await called(upstream, 2);
  upstream.calls[0]?.answer();
  expect(await early).toBe("v1");
  upstream.calls[1]?.answer();
  expect(await fresh).toBe("v2");
});

describe("a request for the status alone that waits for a call with host results", () => {
  it("makes a call of its own when that fails, which all such requests share", async () => {
    const { upstream, ask, gatewayUrl } = await useOrder();
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    const statuses = [ask(STATUS), ask(STATUS), ask(STATUS)];
    // They have come when a later request is answered; one that has not makes its own call at once.
    await fetch(new URL("/healthz", gatewayUrl));
    upstream.hold(false);
    upstream.calls[0]?.fail();
    expect(await Promise.all(statuses)).toEqual(["v2", "v2", "v2"]);
    expect(await hosts).toBe("UPSTREAM_CONTRACT");
    expect(upstream.calls.map(({ withHosts }) => withHosts)).toEqual([true, false]);
  });

  it("makes one when that takes too long", async () => {
    const upstream = await useVersionedUpstream();
    const gateway = await useGateway({ upstream: { baseUrl: upstream.url, timeoutMs: 2_000 } });
    const ask = createAsk(gateway);
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    upstream.hold(false);
    // In time to join, as the call is under way for two seconds; late, it makes a call of its own at once.
    expect(await ask(STATUS)).toBe("v2");
    expect(await hosts).toBe("UPSTREAM_TIMEOUT");
  });
});
