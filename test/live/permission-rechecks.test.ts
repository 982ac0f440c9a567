/** Permissions of subscribers that share polls: each one is checked at first and rechecked later. */
import { describe, expect, it, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { type TestGatewayOptions, withLive } from "../support/gateway.ts";
import {
  DENIED,
  finished,
  type LiveJob,
  running,
  subscribeAs,
  tokenOf,
  UNAVAILABLE,
  updatesOf,
  useLiveJob,
} from "./live-job.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

/** Lets the upstream return other responses for these tokens. */
const refuse = (job: LiveJob, answers: Record<string, SimulatedResponse>) =>
  job.answerWith((request) => answers[tokenOf(request)]);

const typenames = (stream: Parameters<typeof updatesOf>[0]) =>
  updatesOf(stream).map(({ __typename }) => __typename);

it("sends a job only to subscribers with permission", async () => {
  const { gateway, job } = await useLiveJob();
  refuse(job, { eve: DENIED });
  const ann = subscribeAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);

  const eve = subscribeAs(gateway, "eve");
  await eve.completed;
  job.become(running({ name: "secret" }));
  await expect.poll(() => updatesOf(ann).at(-1)?.name).toBe("secret");
  expect(typenames(eve)).toEqual(["PermissionDenied"]);
  expect(JSON.stringify(eve.results)).not.toMatch(/secret|"job"/);
  ann.stop();
});

it("sends PermissionDenied even if the permission data has another form", async () => {
  const { gateway, job } = await useLiveJob();
  const otherForm: SimulatedResponse = {
    kind: "json",
    status: 403,
    body: { error: { code: "NO_PERMISSION", message: "no", data: { actions: [[]] } } },
  };
  const ann = subscribeAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  refuse(job, { ann: otherForm, eve: otherForm });
  const eve = subscribeAs(gateway, "eve");
  await Promise.all([ann.completed, eve.completed]);
  expect(typenames(ann)).toEqual(["JobInstance", "PermissionDenied"]);
  expect(typenames(eve)).toEqual(["PermissionDenied"]);
});

it("polls with one subscriber's credentials, after a first call with each subscriber's own", async () => {
  const { gateway, job } = await useLiveJob();
  const streams = ["ann", "ben", "cat"].map((name) => subscribeAs(gateway, name));
  for (const { results } of streams) await expect.poll(() => results.length).toBe(1);
  await expect.poll(() => job.calls().length).toBeGreaterThan(8);
  const askers = Object.groupBy(job.tokens(), (name) => name);
  expect(
    Object.values(askers)
      .map((calls) => calls?.length === 1)
      .filter(Boolean),
  ).toHaveLength(2);
  for (const stream of streams) stream.stop();
});

describe("a subscriber that loses permission", () => {
  it("gets PermissionDenied within the recheck interval, and the others continue", async () => {
    const recheckMs = 400;
    const { gateway, job } = await useLiveJob(withLive({ recheckMs }));
    const waits = sleeps.record();
    const ann = subscribeAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = subscribeAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);

    refuse(job, { eve: DENIED });
    await eve.completed;
    expect(Math.max(...waits)).toBeLessThanOrEqual(recheckMs);
    expect(typenames(eve)).toEqual(["JobInstance", "PermissionDenied"]);

    job.become(running({ name: "later" }));
    await expect.poll(() => updatesOf(ann).at(-1)?.name).toBe("later");
    ann.stop();
  });

  it("gets PermissionDenied at once if its credentials are used for polling, and another's take over", async () => {
    const { gateway, job } = await useLiveJob();
    const ann = subscribeAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const ben = subscribeAs(gateway, "ben");
    await expect.poll(() => ben.results.length).toBe(1);
    refuse(job, { ann: DENIED });
    await ann.completed;
    job.become(running({ name: "later" }));
    await expect.poll(() => updatesOf(ben).at(-1)?.name).toBe("later");
    expect(job.tokens().at(-1)).toBe("ben");
    expect(typenames(ann)).toEqual(["JobInstance", "PermissionDenied"]);
    ben.stop();
  });

  it("gets PermissionDenied in all its subscriptions at once", async () => {
    const { gateway, job } = await useLiveJob();
    const subscriptions = [1, 2, 3].map(() => subscribeAs(gateway, "ann"));
    for (const { results } of subscriptions) await expect.poll(() => results.length).toBe(1);
    refuse(job, { ann: DENIED });
    const before = job.calls().length;
    for (const { completed } of subscriptions) await completed;
    expect(subscriptions.map(typenames)).toEqual(Array(3).fill(["JobInstance", "PermissionDenied"]));
    expect(job.calls().length - before).toBeLessThanOrEqual(2);
  });

  it("gets UNAUTHENTICATED after its login has expired", async () => {
    const { gateway, job } = await useLiveJob(withLive({ recheckMs: 300 }));
    const ann = subscribeAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = subscribeAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);
    refuse(job, {
      eve: { kind: "json", status: 401, body: { error: { code: "UNAUTHENTICATED", message: "who?" } } },
    });
    await eve.completed;
    expect(eve.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    ann.stop();
  });
});

it("ends the stream of a subscriber whose rechecks fail repeatedly", async () => {
  const { gateway, job } = await useLiveJob(withLive({ recheckMs: 200, maxFailures: 3 }));
  const ann = subscribeAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  const eve = subscribeAs(gateway, "eve");
  await expect.poll(() => eve.results.length).toBe(1);
  refuse(job, { eve: UNAVAILABLE });
  await eve.completed;
  expect(eve.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] });
  expect(ann.results).toHaveLength(1);
  ann.stop();
});

describe("a recheck", () => {
  it("does not wait for first calls that hang", async () => {
    const { gateway, job } = await useLiveJob({
      ...withLive({ recheckMs: 300 }),
      upstream: { connections: 8 },
    });
    const ann = subscribeAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = subscribeAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);
    job.answerWith((request) => (tokenOf(request).startsWith("slow") ? { kind: "hang" } : undefined));
    const slow = Array.from({ length: 8 }, (_, index) => subscribeAs(gateway, `slow-${index}`));
    await expect.poll(() => job.tokens().some((name) => name.startsWith("slow"))).toBe(true);
    job.answerWith((request) =>
      tokenOf(request).startsWith("slow")
        ? { kind: "hang" }
        : tokenOf(request) === "eve"
          ? DENIED
          : undefined,
    );
    await eve.completed;
    // The limit of concurrent first calls, none of which has ended.
    expect(job.tokens().filter((name) => name.startsWith("slow"))).toHaveLength(2);
    for (const stream of [ann, ...slow]) stream.stop();
  });

  it("is delayed by at most the recheck interval, whatever Retry-After says", async () => {
    const { gateway, job } = await useLiveJob(withLive({ recheckMs: 300 }));
    const ann = subscribeAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = subscribeAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);
    const limited: SimulatedResponse = {
      kind: "raw",
      status: 429,
      headers: { "retry-after": "3600" },
      body: "",
    };
    let checks = 0;
    job.answerWith((request) => {
      if (tokenOf(request) !== "eve") return undefined;
      checks += 1;
      return checks === 1 ? limited : DENIED;
    });
    await eve.completed;
    expect(typenames(eve)).toEqual(["JobInstance", "PermissionDenied"]);
    ann.stop();
  });
});

it("polls with another subscriber's credentials if one's fail, without ending other streams", async () => {
  const { gateway, job } = await useLiveJob(withLive({ maxFailures: 3 }));
  const ann = subscribeAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  const ben = subscribeAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  refuse(job, { ann: UNAVAILABLE });
  await expect.poll(() => job.tokens().slice(-5)).toEqual(Array(5).fill("ben"));
  job.become(running({ name: "later" }));
  await expect.poll(() => updatesOf(ben).at(-1)?.name).toBe("later");
  expect(ben.results.every(({ errors }) => !errors)).toBe(true);
  for (const stream of [ann, ben]) stream.stop();
});

it("rechecks each subscriber once per interval", async () => {
  const { gateway, job } = await useLiveJob(withLive({ recheckMs: 300, scheduleMs: [10] }));
  // Polls use the credentials of the first subscriber.
  const ann = subscribeAs(gateway, "ann", "hostSummary { total }");
  await expect.poll(() => ann.results.length).toBe(1);
  const ben = subscribeAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  const calls = () => job.calls().filter((request) => tokenOf(request) === "ben");
  await expect.poll(() => calls().length).toBeGreaterThan(3);
  for (const [index, { at, query }] of calls().slice(1).entries()) {
    // A recheck comes near the end of the interval.
    expect(at - (calls()[index]?.at ?? 0)).toBeGreaterThan(300 * 0.75);
    // No host results are needed for it.
    expect(query.return_ip_result).toBeUndefined();
  }
  for (const stream of [ann, ben]) stream.stop();
});

it("polls with another subscriber's credentials while one is rate-limited", async () => {
  const { gateway, job } = await useLiveJob();
  const ann = subscribeAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  let limited = 0;
  job.answerWith((request) => {
    if (tokenOf(request) !== "ann") return undefined;
    limited += 1;
    return {
      kind: "json",
      status: 429,
      headers: { "retry-after": "3600" },
      body: { error: { code: "RESOURCE_EXHAUSTED" } },
    };
  });
  await expect.poll(() => limited).toBe(1);
  const ben = subscribeAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  const calls = job.tokens().length;
  job.become(running({ name: "later" }));
  for (const stream of [ann, ben]) await expect.poll(() => updatesOf(stream).at(-1)?.name).toBe("later");
  expect(new Set(job.tokens().slice(calls))).toEqual(new Set(["ben"]));
  expect(limited).toBe(1);
  for (const stream of [ann, ben]) stream.stop();
});

describe("polls are shared", () => {
  const expectPollers = async (
    count: number,
    options: TestGatewayOptions,
    viewers: readonly (readonly [token: string, headers: Record<string, string>])[],
  ) => {
    const { gateway, job } = await useLiveJob(options);
    const streams = viewers.map(([token, headers]) => subscribeAs(gateway, token, "name", { headers }));
    for (const { results } of streams) await expect.poll(() => results.length).toBe(1);
    const before = job.calls().length;
    const polls = () => job.calls().slice(before);
    await expect.poll(() => polls().length).toBeGreaterThan(10);
    const who = () =>
      polls().map((request) => `${tokenOf(request)} ${request.headers["x-bk-tenant-id"] ?? ""}`);
    await expect.poll(() => new Set(who()).size).toBe(count);
    for (const stream of streams) stream.stop();
  };

  it("between all subscribers of a job", async () => {
    await expectPollers(1, {}, [
      ["ann", {}],
      ["ben", {}],
      ["ben", { "accept-language": "en" }],
    ]);
  });

  it("only within a tenant", async () => {
    const viewers = ["one", "two"].map((tenant) => ["ann", { "x-bk-tenant-id": tenant }] as const);
    await expectPollers(2, {}, viewers);
  });

  it("only within an identity if configured", async () => {
    const viewers = ["ann", "ben", "ann"].map((token) => [token, {}] as const);
    await expectPollers(2, withLive({ sharing: "identity" }), viewers);
  });
});

it("sends each of many concurrent identities only what it may see", async () => {
  const { gateway, job } = await useLiveJob();
  job.answerWith((request) => (tokenOf(request).startsWith("no-") ? DENIED : undefined));
  const streams = Array.from({ length: 40 }, (_, index) => {
    const token = index % 3 === 0 ? `no-${index}` : `user-${index % 7}`;
    return { token, stream: subscribeAs(gateway, token) };
  });
  for (const { stream } of streams) await expect.poll(() => stream.results.length).toBeGreaterThan(0);
  job.become(finished);
  for (const { stream } of streams) await stream.completed;
  for (const { token, stream } of streams) {
    const expected = token.startsWith("no-") ? ["PermissionDenied"] : ["JobInstance", "JobInstance"];
    expect(typenames(stream)).toEqual(expected);
  }
});
