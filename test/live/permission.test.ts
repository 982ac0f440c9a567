/** Who shares polls still sees only what the upstream lets see: every viewer is asked for, and asked for again. */
import { describe, expect, it, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { type TestGatewayOptions, withLive } from "../support/gateway.ts";
import {
  DENIED,
  finished,
  running,
  tokenOf,
  told,
  UNAVAILABLE,
  useWatched,
  type WatchedJob,
  watchAs,
} from "./watched-job.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

/** The upstream answers these people with something else than the job. */
const refuse = (job: WatchedJob, answers: Record<string, SimulatedResponse>) =>
  job.answerWith((request) => answers[tokenOf(request)]);

const typenames = (stream: Parameters<typeof told>[0]) => told(stream).map(({ __typename }) => __typename);

it("is told to nobody who may not see it, however many may", async () => {
  const { gateway, job } = await useWatched();
  refuse(job, { eve: DENIED });
  const ann = watchAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);

  const eve = watchAs(gateway, "eve");
  await eve.completed;
  job.become(running({ name: "secret" }));
  await expect.poll(() => told(ann).at(-1)?.name).toBe("secret");
  expect(typenames(eve)).toEqual(["PermissionDenied"]);
  expect(JSON.stringify(eve.results)).not.toMatch(/secret|"job"/);
  ann.stop();
});

it("is told that permission is missing, also when what to apply for is of another form", async () => {
  const { gateway, job } = await useWatched();
  const odd: SimulatedResponse = {
    kind: "json",
    status: 403,
    body: { error: { code: "NO_PERMISSION", message: "no", data: { actions: [[]] } } },
  };
  const ann = watchAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  refuse(job, { ann: odd, eve: odd });
  const eve = watchAs(gateway, "eve");
  await Promise.all([ann.completed, eve.completed]);
  expect(typenames(ann)).toEqual(["JobInstance", "PermissionDenied"]);
  expect(typenames(eve)).toEqual(["PermissionDenied"]);
});

it("polls with one viewer's credentials, after first calls with each one's own", async () => {
  const { gateway, job } = await useWatched();
  const streams = ["ann", "ben", "cat"].map((name) => watchAs(gateway, name));
  for (const { results } of streams) await expect.poll(() => results.length).toBe(1);
  await expect.poll(() => job.calls().length).toBeGreaterThan(8);
  const askers = Object.groupBy(job.askers(), (name) => name);
  expect(
    Object.values(askers)
      .map((calls) => calls?.length === 1)
      .filter(Boolean),
  ).toHaveLength(2);
  for (const stream of streams) stream.stop();
});

describe("a viewer who loses permission", () => {
  it("is told so within the time of checks, and the others go on", async () => {
    const recheckMs = 400;
    const { gateway, job } = await useWatched(withLive({ recheckMs }));
    const waits = sleeps.record();
    const ann = watchAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = watchAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);

    refuse(job, { eve: DENIED });
    await eve.completed;
    expect(Math.max(...waits)).toBeLessThanOrEqual(recheckMs);
    expect(typenames(eve)).toEqual(["JobInstance", "PermissionDenied"]);

    job.become(running({ name: "later" }));
    await expect.poll(() => told(ann).at(-1)?.name).toBe("later");
    ann.stop();
  });

  it("by whom the job is polled, is told so at once, and another's credentials take over", async () => {
    const { gateway, job } = await useWatched();
    const ann = watchAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const ben = watchAs(gateway, "ben");
    await expect.poll(() => ben.results.length).toBe(1);
    refuse(job, { ann: DENIED });
    await ann.completed;
    job.become(running({ name: "later" }));
    await expect.poll(() => told(ben).at(-1)?.name).toBe("later");
    expect(job.askers().at(-1)).toBe("ben");
    expect(typenames(ann)).toEqual(["JobInstance", "PermissionDenied"]);
    ben.stop();
  });

  it("in all windows at once", async () => {
    const { gateway, job } = await useWatched();
    const windows = [1, 2, 3].map(() => watchAs(gateway, "ann"));
    for (const { results } of windows) await expect.poll(() => results.length).toBe(1);
    refuse(job, { ann: DENIED });
    const before = job.calls().length;
    for (const { completed } of windows) await completed;
    expect(windows.map(typenames)).toEqual(Array(3).fill(["JobInstance", "PermissionDenied"]));
    expect(job.calls().length - before).toBeLessThanOrEqual(2);
  });

  it("as the login has ended, gets that error", async () => {
    const { gateway, job } = await useWatched(withLive({ recheckMs: 300 }));
    const ann = watchAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = watchAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);
    refuse(job, {
      eve: { kind: "json", status: 401, body: { error: { code: "UNAUTHENTICATED", message: "who?" } } },
    });
    await eve.completed;
    expect(eve.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    ann.stop();
  });
});

it("ends the stream of a viewer for whom checks fail again and again", async () => {
  const { gateway, job } = await useWatched(withLive({ recheckMs: 200, maxFailures: 3 }));
  const ann = watchAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  const eve = watchAs(gateway, "eve");
  await expect.poll(() => eve.results.length).toBe(1);
  refuse(job, { eve: UNAVAILABLE });
  await eve.completed;
  expect(eve.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] });
  expect(ann.results).toHaveLength(1);
  ann.stop();
});

describe("a check", () => {
  it("does not wait for first calls that hang", async () => {
    const { gateway, job } = await useWatched({
      ...withLive({ recheckMs: 300 }),
      upstream: { connections: 8 },
    });
    const ann = watchAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = watchAs(gateway, "eve");
    await expect.poll(() => eve.results.length).toBe(1);
    job.answerWith((request) => (tokenOf(request).startsWith("slow") ? { kind: "hang" } : undefined));
    const slow = Array.from({ length: 8 }, (_, index) => watchAs(gateway, `slow-${index}`));
    await expect.poll(() => job.askers().some((name) => name.startsWith("slow"))).toBe(true);
    job.answerWith((request) =>
      tokenOf(request).startsWith("slow")
        ? { kind: "hang" }
        : tokenOf(request) === "eve"
          ? DENIED
          : undefined,
    );
    await eve.completed;
    // As many as may be made at one time: none of them has ended yet.
    expect(job.askers().filter((name) => name.startsWith("slow"))).toHaveLength(2);
    for (const stream of [ann, ...slow]) stream.stop();
  });

  it("is put off by no longer than its time, whatever the upstream asks for", async () => {
    const { gateway, job } = await useWatched(withLive({ recheckMs: 300 }));
    const ann = watchAs(gateway, "ann");
    await expect.poll(() => ann.results.length).toBe(1);
    const eve = watchAs(gateway, "eve");
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

it("polls with another's credentials when one's own fail, so that these end nobody else's stream", async () => {
  const { gateway, job } = await useWatched(withLive({ maxFailures: 3 }));
  const ann = watchAs(gateway, "ann");
  await expect.poll(() => ann.results.length).toBe(1);
  const ben = watchAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  refuse(job, { ann: UNAVAILABLE });
  await expect.poll(() => job.askers().slice(-5)).toEqual(Array(5).fill("ben"));
  job.become(running({ name: "later" }));
  await expect.poll(() => told(ben).at(-1)?.name).toBe("later");
  expect(ben.results.every(({ errors }) => !errors)).toBe(true);
  for (const stream of [ann, ben]) stream.stop();
});

it("checks each viewer again in time, and none more often", async () => {
  const { gateway, job } = await useWatched(withLive({ recheckMs: 300, scheduleMs: [10] }));
  // Polls have the credentials of who came first.
  const ann = watchAs(gateway, "ann", "hostSummary { total }");
  await expect.poll(() => ann.results.length).toBe(1);
  const ben = watchAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  const calls = () => job.calls().filter((request) => tokenOf(request) === "ben");
  await expect.poll(() => calls().length).toBeGreaterThan(3);
  for (const [index, { at, query }] of calls().slice(1).entries()) {
    // A check comes when most of the viewer's time is over.
    expect(at - (calls()[index]?.at ?? 0)).toBeGreaterThan(300 * 0.75);
    // No host results are needed for it.
    expect(query.return_ip_result).toBeUndefined();
  }
  for (const stream of [ann, ben]) stream.stop();
});

it("is polled with another's credentials while the upstream wants no call with one's", async () => {
  const { gateway, job } = await useWatched();
  const ann = watchAs(gateway, "ann");
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
  const ben = watchAs(gateway, "ben");
  await expect.poll(() => ben.results.length).toBe(1);
  const calls = job.askers().length;
  job.become(running({ name: "later" }));
  for (const stream of [ann, ben]) await expect.poll(() => told(stream).at(-1)?.name).toBe("later");
  expect(new Set(job.askers().slice(calls))).toEqual(new Set(["ben"]));
  expect(limited).toBe(1);
  for (const stream of [ann, ben]) stream.stop();
});

describe("who shares polls", () => {
  const expectPollers = async (
    count: number,
    options: TestGatewayOptions,
    viewers: readonly (readonly [token: string, headers: Record<string, string>])[],
  ) => {
    const { gateway, job } = await useWatched(options);
    const streams = viewers.map(([token, headers]) => watchAs(gateway, token, "name", { headers }));
    for (const { results } of streams) await expect.poll(() => results.length).toBe(1);
    const before = job.calls().length;
    const polls = () => job.calls().slice(before);
    await expect.poll(() => polls().length).toBeGreaterThan(10);
    const who = () =>
      polls().map((request) => `${tokenOf(request)} ${request.headers["x-bk-tenant-id"] ?? ""}`);
    await expect.poll(() => new Set(who()).size).toBe(count);
    for (const stream of streams) stream.stop();
  };

  it("is everybody who watches the job", async () => {
    await expectPollers(1, {}, [
      ["ann", {}],
      ["ben", {}],
      ["ben", { "accept-language": "en" }],
    ]);
  });

  it("is nobody of another tenant", async () => {
    const viewers = ["one", "two"].map((tenant) => ["ann", { "x-bk-tenant-id": tenant }] as const);
    await expectPollers(2, {}, viewers);
  });

  it("is only who has the same identity, where that is set", async () => {
    const viewers = ["ann", "ben", "ann"].map((token) => [token, {}] as const);
    await expectPollers(2, withLive({ sharing: "identity" }), viewers);
  });
});

it("tells each of many identities at one time only what it may see", async () => {
  const { gateway, job } = await useWatched();
  job.answerWith((request) => (tokenOf(request).startsWith("no-") ? DENIED : undefined));
  const streams = Array.from({ length: 40 }, (_, index) => {
    const token = index % 3 === 0 ? `no-${index}` : `user-${index % 7}`;
    return { token, stream: watchAs(gateway, token) };
  });
  for (const { stream } of streams) await expect.poll(() => stream.results.length).toBeGreaterThan(0);
  job.become(finished);
  for (const { stream } of streams) await stream.completed;
  for (const { token, stream } of streams) {
    const expected = token.startsWith("no-") ? ["PermissionDenied"] : ["JobInstance", "JobInstance"];
    expect(typenames(stream)).toEqual(expected);
  }
});
