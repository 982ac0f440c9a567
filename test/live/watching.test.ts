/** What a viewer is told: the state now, then every change, and nothing else. */
import { describe, expect, it, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { jobQuery } from "../support/ask.ts";
import { withLive } from "../support/gateway.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import {
  DENIED,
  finished,
  JOB,
  running,
  told,
  UNAVAILABLE,
  useWatched,
  type WatchedJob,
  watchAs,
} from "./watched-job.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

/** Until the upstream was asked so many times more. */
const polled = async (job: WatchedJob, times: number) => {
  const target = job.calls().length + times;
  await expect.poll(() => job.calls().length, { interval: 5 }).toBeGreaterThanOrEqual(target);
};

describe("a viewer", () => {
  it("is told the state at once, and then each change once", async () => {
    const { gateway, job } = await useWatched();
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => told(stream).at(-1)?.name).toBe("job");
    for (const name of ["a", "b", "c"]) {
      job.become(running({ name }));
      await expect.poll(() => told(stream).at(-1)?.name, { interval: 5 }).toBe(name);
      await polled(job, 3);
    }
    expect(told(stream).map(({ name }) => name)).toEqual(["job", "a", "b", "c"]);
    stream.stop();
  });

  it("is told nothing where what it selects has not changed", async () => {
    const { gateway, job } = await useWatched();
    const stream = watchAs(gateway, "ann", "name");
    await polled(job, 3);
    job.become(running({ status: 10 }));
    await polled(job, 3);
    expect(told(stream)).toEqual([{ __typename: "JobInstance", name: "job" }]);
    stream.stop();
  });

  it("is told nothing where only the read is new: times of reading, ids of reads, the order of rows", async () => {
    const { gateway, job } = await useWatched();
    job.become(running({}, [5, 7, 9]));
    const fields = "observedAt upstreamRequestId elapsedMs steps { elapsedMs hostResults { nodes { ip } } }";
    const stream = watchAs(gateway, "ann", fields);
    await polled(job, 5);
    expect(stream.results).toHaveLength(1);

    job.become(running({}, [7, 7, 9]));
    await polled(job, 3);
    // A change of something else is none either, though there is a new state to tell of.
    expect(stream.results).toHaveLength(1);

    job.become(running({}, [7, 7, 9, 9]));
    await expect.poll(() => stream.results.length, { interval: 5 }).toBe(2);
    const [first, second] = told(stream);
    expect(second.upstreamRequestId).not.toBe(first.upstreamRequestId);
    expect(second.elapsedMs).toBeGreaterThan(first.elapsedMs);
    stream.stop();
  });

  it("has filters, pages, groups and summaries in every event", async () => {
    const { gateway, job } = await useWatched();
    job.become(running({}, [7, 7, 9]));
    const stream = watchAs(
      gateway,
      "ann",
      `hostSummary { running succeeded failed } steps { hostGroups { status count }
       hostResults(filter: { phases: [FAILED] }, first: 1) { totalCount nodes { hostId } pageInfo { hasNextPage } } }`,
    );
    await expect.poll(() => stream.results.length).toBe(1);
    job.become(running({}, [11, 11, 9]));
    await expect.poll(() => stream.results.length).toBe(2);
    expect(told(stream)[1]).toEqual({
      __typename: "JobInstance",
      hostSummary: { running: 0, succeeded: 1, failed: 2 },
      steps: [
        {
          hostGroups: [
            { status: "SUCCEEDED", count: 1 },
            { status: "FAILED", count: 2 },
          ],
          hostResults: { totalCount: 2, nodes: [{ hostId: "1" }], pageInfo: { hasNextPage: true } },
        },
      ],
    });
    stream.stop();
  });

  it("hears no more after a finished job", async () => {
    const { gateway, job } = await useWatched();
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.become(finished);
    await stream.completed;
    expect(told(stream).map(({ status }) => status)).toEqual(["RUNNING", "SUCCEEDED"]);
    await untilNotPolled(gateway, JOB);
  });

  it("is told a job that is finished already, by one call", async () => {
    const { gateway, job } = await useWatched();
    job.become(finished);
    const stream = watchAs(gateway, "ann");
    await stream.completed;
    expect(told(stream)).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(job.calls()).toHaveLength(1);
  });

  it("is told what is, not what was kept a moment ago", async () => {
    const { gateway, job } = await useWatched({
      config: { snapshots: { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 28 } },
    });
    job.become(finished);
    const query = jobQuery(JOB);
    const ann = { "x-bkapi-authorization": '{"access_token":"ann"}' };
    await gateway.ask(query, {}, ann);
    // A retry has begun.
    job.become(running());
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => told(stream)[0]?.status).toBe("RUNNING");
    stream.stop();
  });

  it.each([
    [
      "JobInstanceNotFound",
      { kind: "json", status: 404, body: { error: { code: "NOT_FOUND", message: "gone" } } },
    ],
    ["PermissionDenied", DENIED],
  ] as const)("is told %s once, and then no more", async (typename, answer) => {
    const { gateway, job } = await useWatched();
    job.answerWith(() => answer);
    const stream = watchAs(gateway, "ann");
    await stream.completed;
    expect(told(stream)).toMatchObject([{ __typename: typename, message: expect.any(String) }]);
    expect(job.calls()).toHaveLength(1);
  });

  it("is told that a job was deleted, after it was watched", async () => {
    const { gateway, job } = await useWatched();
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.answerWith(() => ({
      kind: "json",
      status: 404,
      body: { error: { code: "NOT_FOUND", message: "gone" } },
    }));
    await stream.completed;
    expect(told(stream).at(-1)).toEqual({ __typename: "JobInstanceNotFound", message: "gone" });
  });
});

describe("the poller", () => {
  it("asks for host results only while somebody needs them", async () => {
    const { gateway, job } = await useWatched();
    job.become(running({}, [7]));
    const plain = watchAs(gateway, "ann", "status");
    await polled(job, 3);
    const wantsHosts = () => job.calls().at(-1)?.query.return_ip_result === "true";
    expect(job.calls().some(({ query }) => query.return_ip_result)).toBe(false);

    const hosts = watchAs(gateway, "ben", "hostSummary { total }");
    await expect.poll(() => hosts.results.length).toBe(1);
    await polled(job, 2);
    expect(wantsHosts()).toBe(true);
    expect(plain.results).toHaveLength(1);

    hosts.stop();
    await expect.poll(() => wantsHosts(), { interval: 5 }).toBe(false);
    await polled(job, 2);
    expect(wantsHosts()).toBe(false);
    expect(plain.results).toHaveLength(1);
    plain.stop();
  });

  it("stops when nobody watches", async () => {
    const { gateway, job } = await useWatched();
    const streams = [watchAs(gateway, "ann"), watchAs(gateway, "ben")];
    await polled(job, 4);
    for (const stream of streams) stream.stop();
    await untilNotPolled(gateway, JOB);
  });

  it("keeps to its schedule, whose last wait repeats, and goes back to its start after a change", async () => {
    const { gateway, job } = await useWatched(withLive({ scheduleMs: [30, 40, 900] }));
    const { lengths, end } = sleeps.hold();
    const stream = watchAs(gateway, "ann");
    // After each of them comes a poll, and after that the next.
    for (const wait of [30, 40, 900]) await end(wait);
    await expect.poll(lengths).toContain(900);
    job.become(running({ name: "changed" }));
    for (const wait of [900, 30, 40, 900]) await end(wait);
    // The viewer's own call, and the polls.
    await expect.poll(() => job.calls().length).toBe(8);
    stream.stop();
  });

  it("waits as long as the upstream asks for", async () => {
    const { gateway, job } = await useWatched();
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    const limited: number[] = [];
    job.answerWith(({ at }) => {
      limited.push(at);
      return limited.length > 1
        ? undefined
        : {
            kind: "json",
            status: 429,
            headers: { "retry-after": "1" },
            body: { error: { code: "RESOURCE_EXHAUSTED" } },
          };
    });
    await expect.poll(() => limited.length, { interval: 5 }).toBeGreaterThan(1);
    expect((limited[1] ?? 0) - (limited[0] ?? 0)).toBeGreaterThanOrEqual(990);
    stream.stop();
  });
});

describe("an upstream that fails", () => {
  it("for a while, is not told, and what changed meanwhile is told once", async () => {
    const { gateway, job } = await useWatched(withLive({ maxFailures: 100 }));
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.answerWith(() => UNAVAILABLE);
    await polled(job, 10);
    job.become(running({ name: "later" }));
    job.answerWith(() => undefined);
    await expect.poll(() => told(stream).map(({ name }) => name)).toEqual(["job", "later"]);
    stream.stop();
  });

  it("too often in a row, ends the stream with one error that has its code", async () => {
    const { gateway, job } = await useWatched(withLive({ maxFailures: 3 }));
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    const before = job.calls().length;
    job.answerWith(() => UNAVAILABLE);
    await stream.completed;
    expect(stream.results).toHaveLength(2);
    expect(stream.results[1]).toMatchObject({
      data: { jobInstanceUpdated: null },
      errors: [
        {
          path: ["jobInstanceUpdated"],
          extensions: { code: "UPSTREAM_UNAVAILABLE", upstream: { httpStatus: 503 } },
        },
      ],
    });
    expect(job.calls().length - before).toBeLessThanOrEqual(4);
    await untilNotPolled(gateway, JOB);
  });

  it("now and then, never ends a stream", async () => {
    const { gateway, job } = await useWatched(withLive({ maxFailures: 2 }));
    let call = 0;
    job.answerWith(() => (call++ % 2 === 1 ? UNAVAILABLE : undefined));
    const stream = watchAs(gateway, "ann");
    await polled(job, 12);
    job.become(finished);
    await stream.completed;
    expect(stream.results.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  });

  it("before the first state, is borne as long as later", async () => {
    const { gateway, job } = await useWatched(withLive({ maxFailures: 4 }));
    job.answerWith(() => UNAVAILABLE);
    const hopeless = watchAs(gateway, "ann");
    await hopeless.completed;
    expect(hopeless.results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] }]);
    expect(job.calls()).toHaveLength(4);

    let left = 3;
    job.answerWith(() => (left-- > 0 ? UNAVAILABLE : undefined));
    const patient = watchAs(gateway, "ann");
    await expect.poll(() => told(patient)[0]?.name).toBe("job");
    patient.stop();
  });

  it("by hanging, has one call at a time, which counts as a failure when its time is over", async () => {
    const { gateway, job } = await useWatched({
      ...withLive({ maxFailures: 3 }),
      upstream: { timeoutMs: 1_000 },
    });
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    const hung: number[] = [];
    job.answerWith(({ at }) => {
      hung.push(at);
      return { kind: "hang" };
    });
    await stream.completed;
    expect(hung).toHaveLength(3);
    // Each comes when the time of the one before is over; clocks of timers and of requests differ by a bit.
    for (const [index, at] of hung.slice(1).entries()) expect(at - (hung[index] ?? 0)).toBeGreaterThan(950);
    expect(stream.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UPSTREAM_TIMEOUT" } }] });
  });

  it("for the credentials, ends their stream at once", async () => {
    const { gateway, job } = await useWatched();
    job.answerWith(() => ({
      kind: "json",
      status: 401,
      body: { error: { code: "UNAUTHENTICATED", message: "who?" } },
    }));
    const stream = watchAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }]);
    expect(job.calls()).toHaveLength(1);
  });
});

describe("host results that fail", () => {
  const asksForHosts = ({ query }: SimulatedRequest) => query.return_ip_result === "true";
  const HOSTS = "name hostSummary { total }";
  const BROKEN: SimulatedResponse = { kind: "raw", status: 200, body: "[]" };

  /** One who needs the status alone and one who needs host results, both of whom have had their first state. */
  const useBoth = async (maxFailures: number) => {
    const options = { ...withLive({ maxFailures }), upstream: { timeoutMs: 1_000 } };
    const { gateway, job } = await useWatched(options);
    job.become(running({}, [7]));
    const status = watchAs(gateway, "ann", "name");
    const hosts = watchAs(gateway, "ben", HOSTS);
    for (const { results } of [status, hosts]) await expect.poll(() => results.length).toBe(1);
    const failHosts = (answer: SimulatedResponse | undefined) =>
      job.answerWith((request) => (asksForHosts(request) ? answer : undefined));
    return { job, status, hosts, failHosts };
  };

  it.each<[string, SimulatedResponse]>([
    ["UPSTREAM_CONTRACT", BROKEN],
    ["UPSTREAM_TIMEOUT", { kind: "hang" }],
    ["UPSTREAM_UNAVAILABLE", UNAVAILABLE],
  ])("too often, with %s, end only the streams of those who need them", async (code, answer) => {
    const { job, status, hosts, failHosts } = await useBoth(3);
    failHosts(answer);
    const before = job.calls().length;
    await expect.poll(() => hosts.results.length).toBe(2);
    await hosts.completed;
    expect(hosts.results.at(-1)).toMatchObject({ errors: [{ extensions: { code } }] });
    const failed = job.calls().slice(before).filter(asksForHosts);
    // One can have been under way with the last good answer.
    expect(failed.length).toBeLessThanOrEqual(4);

    job.become(running({ name: "later" }));
    await expect.poll(() => told(status).at(-1)?.name).toBe("later");
    expect(status.results.every(({ errors }) => !errors)).toBe(true);
    status.stop();
  });

  it("for a while, keep nothing from those who do not need them, and then one poll serves all again", async () => {
    const { job, status, hosts, failHosts } = await useBoth(1_000);
    failHosts(BROKEN);
    job.become(running({ name: "changed" }, [7, 7]));
    await expect.poll(() => told(status).at(-1)?.name).toBe("changed");
    expect(told(hosts).at(-1)?.name).toBe("job");

    failHosts(undefined);
    await expect.poll(() => told(hosts).at(-1)?.hostSummary.total).toBe(2);
    // A poll for the status may have been under way still.
    await polled(job, 2);
    const before = job.calls().length;
    await polled(job, 5);
    expect(job.calls().slice(before).every(asksForHosts)).toBe(true);
    job.become(running({ name: "later" }, [7, 7]));
    for (const stream of [status, hosts]) {
      await expect.poll(() => told(stream).at(-1)?.name).toBe("later");
      stream.stop();
    }
    expect(told(status).map(({ name }) => name)).toEqual(["job", "changed", "later"]);
  });

  it("cost no status polls where nobody needs the status alone", async () => {
    const { gateway, job } = await useWatched(withLive({ maxFailures: 3 }));
    const hosts = watchAs(gateway, "ben", HOSTS);
    await expect.poll(() => hosts.results.length).toBe(1);
    job.answerWith(() => BROKEN);
    await hosts.completed;
    expect(job.calls().every(asksForHosts)).toBe(true);
  });

  it("do not fail the first call of one who needs the status alone", async () => {
    const { gateway, job } = await useWatched({
      upstream: { timeoutMs: 1_000 },
      ...withLive({ maxFailures: 2 }),
    });
    job.answerWith((request) => (asksForHosts(request) ? { kind: "hang" } : undefined));
    const hosts = watchAs(gateway, "ann", HOSTS);
    await expect.poll(() => job.calls().length).toBe(1);
    const status = watchAs(gateway, "ann", "name");
    await expect.poll(() => told(status)[0]?.name).toBe("job");
    await hosts.completed;
    expect(hosts.results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_TIMEOUT" } }] }]);
    status.stop();
  });
});

describe("a first call that the upstream asks to make later", () => {
  const limited = (seconds: number): SimulatedResponse => ({
    kind: "json",
    status: 429,
    headers: { "retry-after": String(seconds) },
    body: { error: { code: "RESOURCE_EXHAUSTED", message: "quota" } },
  });

  it("ends the stream with that error when it is too long to wait without a word", async () => {
    const { gateway, job } = await useWatched();
    job.answerWith(() => limited(3_600));
    const stream = watchAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([
      { errors: [{ extensions: { code: "RATE_LIMITED", retryAfterMs: 3_600_000 } }] },
    ]);
    expect(job.calls()).toHaveLength(1);
  });

  it("ends it also when several such waits become too long", async () => {
    const { gateway, job } = await useWatched(withLive({ recheckMs: 1_500 }));
    job.answerWith(() => limited(1));
    const stream = watchAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "RATE_LIMITED" } }] }]);
    expect(job.calls().length).toBeLessThanOrEqual(2);
  });

  it("is made then when that is soon", async () => {
    const { gateway, job } = await useWatched();
    const calledAt: number[] = [];
    job.answerWith(({ at }) => (calledAt.push(at) === 1 ? limited(1) : undefined));
    const stream = watchAs(gateway, "ann");
    await expect.poll(() => told(stream)[0]?.name).toBe("job");
    expect((calledAt[1] ?? 0) - (calledAt[0] ?? 0)).toBeGreaterThanOrEqual(990);
    stream.stop();
  });
});
