/** The state served to an identity never becomes older, and a request fails only for data that it selects. */
import { describe, expect, it } from "vitest";
import type { RetryOptions } from "../../src/upstream/retries.ts";
import { jobQuery, onJob } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { useVersionedUpstream, type VersionedUpstream } from "./versioned-upstream.ts";

const STATUS = "name";
const HOSTS = "name hostSummary { total }";
const NO_CACHE = { "cache-control": "no-cache" };

/** Nothing expires or is evicted within a test. */
const CACHED = { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 26 };

async function useOrder(snapshots: Partial<typeof CACHED> = {}, retries: RetryOptions | null = null) {
  const upstream = await useVersionedUpstream();
  const gateway = await useGateway({
    config: { snapshots: { ...CACHED, ...snapshots } },
    upstream: { baseUrl: upstream.url, retries },
  });
  return { upstream, ask: createAsk(gateway), gatewayUrl: gateway.url };
}

/** Queries the job. @returns its name, which is its version, or the error code. */
const createAsk =
  (gateway: TestGateway) =>
  async (fields: string, headers: Record<string, string> = {}): Promise<string> => {
    const { data, errors } = await gateway.ask(jobQuery("100", onJob(fields)), {}, headers);
    return errors?.[0]?.extensions.code ?? data.jobInstance.name;
  };

/** Resolves when the upstream has been called this number of times. */
const called = ({ calls }: VersionedUpstream, times: number) =>
  expect.poll(() => calls.length, { interval: 5 }).toBe(times);

describe("a newer status", () => {
  it("replaces an older snapshot with host results for all later requests", async () => {
    const { upstream, ask } = await useOrder();
    expect(await ask(HOSTS)).toBe("v1");
    expect(await ask(STATUS)).toBe("v1");
    expect(await ask(STATUS, NO_CACHE)).toBe("v2");
    expect(await ask(STATUS)).toBe("v2");
    expect(await ask(HOSTS)).toBe("v3");
    expect(await ask(STATUS)).toBe("v3");
    expect(upstream.calls).toHaveLength(3);
  });

  it("is not overwritten by a slow call that started earlier", async () => {
    const { upstream, ask } = await useOrder();
    upstream.hold(true);
    const slow = ask(STATUS);
    await called(upstream, 1);
    const quick = ask(STATUS, NO_CACHE);
    await called(upstream, 2);
    upstream.calls[1]?.answer();
    expect(await quick).toBe("v2");
    upstream.calls[0]?.answer();
    // The request that waited for the slow call gets the newer state, too.
    expect(await slow).toBe("v2");
    expect(await ask(STATUS)).toBe("v2");
    expect(upstream.calls).toHaveLength(2);
  });

  it("makes a request for host results call again if it overtakes their call", async () => {
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

  it("is as new as the last attempt of its call", async () => {
    const { upstream, ask } = await useOrder({}, { maxRetries: 2, backoffMs: 1, budgetPercent: 100 });
    upstream.hold(true);
    const status = ask(STATUS);
    await called(upstream, 1);
    const hosts = ask(HOSTS);
    await called(upstream, 2);
    upstream.calls[0]?.becomeUnavailable();
    await called(upstream, 3);
    upstream.calls[2]?.answer();
    expect(await status).toBe("v3");
    upstream.hold(false);
    upstream.calls[1]?.answer();
    expect(await hosts).toBe("v4");
  });

  it("prevents requests from joining a call that started earlier", async () => {
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

  it("invalidates an older snapshot even if it is not cached itself", async () => {
    const { upstream, ask } = await useOrder({ maxAgeRunningMs: 0 });
    expect(await ask(STATUS)).toBe("v1");
    upstream.finish(false);
    expect(await ask(STATUS, NO_CACHE)).toBe("v2");
    expect(await ask(STATUS)).toBe("v3");
  });

  it("does not delay host results indefinitely", async () => {
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

it("serves a request with no-cache only from a call that started after its arrival", async () => {
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

describe("a request for the status that waits for a call with host results", () => {
  it("makes a call that all such requests share if that one fails", async () => {
    const { upstream, ask, gatewayUrl } = await useOrder();
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    const statuses = [ask(STATUS), ask(STATUS), ask(STATUS)];
    // They have arrived when a later request is answered; a late one would make its own call at once.
    await fetch(new URL("/healthz", gatewayUrl));
    upstream.hold(false);
    upstream.calls[0]?.fail();
    expect(await Promise.all(statuses)).toEqual(["v2", "v2", "v2"]);
    expect(await hosts).toBe("UPSTREAM_CONTRACT");
    expect(upstream.calls.map(({ withHosts }) => withHosts)).toEqual([true, false]);
  });

  it("makes a call if that one takes too long", async () => {
    const upstream = await useVersionedUpstream();
    const gateway = await useGateway({ upstream: { baseUrl: upstream.url, timeoutMs: 5_000 } });
    const ask = createAsk(gateway);
    upstream.hold(true);
    const hosts = ask(HOSTS);
    await called(upstream, 1);
    upstream.hold(false);
    // Joins the call, which lasts five seconds; if it is late, it makes its own call at once.
    expect(await ask(STATUS)).toBe("v2");
    expect(await hosts).toBe("UPSTREAM_TIMEOUT");
  });
});
