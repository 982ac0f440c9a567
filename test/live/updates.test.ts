/** Updates of a subscription: the current state, then every change, and nothing else. */
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
  type LiveJob,
  running,
  subscribeAs,
  UNAVAILABLE,
  updatesOf,
  useLiveJob,
} from "./live-job.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

/** Waits for this number of further calls. */
const polled = async (job: LiveJob, times: number) => {
  const target = job.calls().length + times;
  await expect.poll(() => job.calls().length, { interval: 5 }).toBeGreaterThanOrEqual(target);
};

describe("a subscriber", () => {
  it("gets the current state at once, then each change once", async () => {
    const { gateway, job } = await useLiveJob();
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => updatesOf(stream).at(-1)?.name).toBe("job");
    for (const name of ["a", "b", "c"]) {
      job.become(running({ name }));
      await expect.poll(() => updatesOf(stream).at(-1)?.name, { interval: 5 }).toBe(name);
      await polled(job, 3);
    }
    expect(updatesOf(stream).map(({ name }) => name)).toEqual(["job", "a", "b", "c"]);
    stream.stop();
  });

  it("gets no update if its selected fields do not change", async () => {
    const { gateway, job } = await useLiveJob();
    const stream = subscribeAs(gateway, "ann", "name");
    await polled(job, 3);
    job.become(running({ status: 10 }));
    await polled(job, 3);
    expect(updatesOf(stream)).toEqual([{ __typename: "JobInstance", name: "job" }]);
    stream.stop();
  });

  it("gets no update if only observedAt, upstreamRequestId, elapsed times or the order of rows change", async () => {
    const { gateway, job } = await useLiveJob();
    job.become(running({}, [5, 7, 9]));
    const fields = "observedAt upstreamRequestId elapsedMs steps { elapsedMs hostResults { nodes { ip } } }";
    const stream = subscribeAs(gateway, "ann", fields);
    await polled(job, 5);
    expect(stream.results).toHaveLength(1);

    job.become(running({}, [7, 7, 9]));
    await polled(job, 3);
    // A change of other fields does not cause an update, although the state is new.
    expect(stream.results).toHaveLength(1);

    job.become(running({}, [7, 7, 9, 9]));
    await expect.poll(() => stream.results.length, { interval: 5 }).toBe(2);
    const [first, second] = updatesOf(stream);
    expect(second.upstreamRequestId).not.toBe(first.upstreamRequestId);
    expect(second.elapsedMs).toBeGreaterThan(first.elapsedMs);
    stream.stop();
  });

  it("gets filters, pages, groups and summaries in every update", async () => {
    const { gateway, job } = await useLiveJob();
    job.become(running({}, [7, 7, 9]));
    const stream = subscribeAs(
      gateway,
      "ann",
      `hostSummary { running succeeded failed } steps { hostGroups { status count }
       hostResults(filter: { phases: [FAILED] }, first: 1) { totalCount nodes { hostId } pageInfo { hasNextPage } } }`,
    );
    await expect.poll(() => stream.results.length).toBe(1);
    job.become(running({}, [11, 11, 9]));
    await expect.poll(() => stream.results.length).toBe(2);
    expect(updatesOf(stream)[1]).toEqual({
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

  it("gets no update after a finished job", async () => {
    const { gateway, job } = await useLiveJob();
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.become(finished);
    await stream.completed;
    expect(updatesOf(stream).map(({ status }) => status)).toEqual(["RUNNING", "SUCCEEDED"]);
    await untilNotPolled(gateway, JOB);
  });

  it("gets a finished job with one call", async () => {
    const { gateway, job } = await useLiveJob();
    job.become(finished);
    const stream = subscribeAs(gateway, "ann");
    await stream.completed;
    expect(updatesOf(stream)).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(job.calls()).toHaveLength(1);
  });

  it("gets the current state, not a cached one", async () => {
    const { gateway, job } = await useLiveJob({
      config: { snapshots: { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 28 } },
    });
    job.become(finished);
    const query = jobQuery(JOB);
    const ann = { "x-bkapi-authorization": '{"access_token":"ann"}' };
    await gateway.ask(query, {}, ann);
    // A retry has started.
    job.become(running());
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => updatesOf(stream)[0]?.status).toBe("RUNNING");
    stream.stop();
  });

  it.each([
    [
      "JobInstanceNotFound",
      { kind: "json", status: 404, body: { error: { code: "NOT_FOUND", message: "deleted" } } },
    ],
    ["PermissionDenied", DENIED],
  ] as const)("gets %s once, then the stream ends", async (typename, answer) => {
    const { gateway, job } = await useLiveJob();
    job.answerWith(() => answer);
    const stream = subscribeAs(gateway, "ann");
    await stream.completed;
    expect(updatesOf(stream)).toMatchObject([{ __typename: typename, message: expect.any(String) }]);
    expect(job.calls()).toHaveLength(1);
  });

  it("gets JobInstanceNotFound if the job is deleted later", async () => {
    const { gateway, job } = await useLiveJob();
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.answerWith(() => ({
      kind: "json",
      status: 404,
      body: { error: { code: "NOT_FOUND", message: "deleted" } },
    }));
    await stream.completed;
    expect(updatesOf(stream).at(-1)).toEqual({ __typename: "JobInstanceNotFound", message: "deleted" });
  });
});

describe("the poller", () => {
  it("requests host results only while a subscriber requires them", async () => {
    const { gateway, job } = await useLiveJob();
    job.become(running({}, [7]));
    const plain = subscribeAs(gateway, "ann", "status");
    await polled(job, 3);
    const lastWantsHosts = () => job.calls().at(-1)?.query.return_ip_result === "true";
    expect(job.calls().some(({ query }) => query.return_ip_result)).toBe(false);

    const hosts = subscribeAs(gateway, "ben", "hostSummary { total }");
    await expect.poll(() => hosts.results.length).toBe(1);
    await polled(job, 2);
    expect(lastWantsHosts()).toBe(true);
    expect(plain.results).toHaveLength(1);

    hosts.stop();
    await expect.poll(() => lastWantsHosts(), { interval: 5 }).toBe(false);
    await polled(job, 2);
    expect(lastWantsHosts()).toBe(false);
    expect(plain.results).toHaveLength(1);
    plain.stop();
  });

  it("stops without subscribers", async () => {
    const { gateway, job } = await useLiveJob();
    const streams = [subscribeAs(gateway, "ann"), subscribeAs(gateway, "ben")];
    await polled(job, 4);
    for (const stream of streams) stream.stop();
    await untilNotPolled(gateway, JOB);
  });

  it("follows its schedule, repeats the last interval, and restarts after a change", async () => {
    const { gateway, job } = await useLiveJob(withLive({ scheduleMs: [30, 40, 900] }));
    const { lengths, end } = sleeps.hold();
    const stream = subscribeAs(gateway, "ann");
    // After each wait there is a poll, then the next wait.
    for (const wait of [30, 40, 900]) await end(wait);
    await expect.poll(lengths).toContain(900);
    job.become(running({ name: "changed" }));
    for (const wait of [900, 30, 40, 900]) await end(wait);
    // The first call and the polls.
    await expect.poll(() => job.calls().length).toBe(8);
    stream.stop();
  });

  it("waits for the time of Retry-After", async () => {
    const { gateway, job } = await useLiveJob();
    const stream = subscribeAs(gateway, "ann");
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

describe("upstream errors", () => {
  it("are not sent if they are temporary, and a later change is sent once", async () => {
    const { gateway, job } = await useLiveJob(withLive({ maxFailures: 100 }));
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    job.answerWith(() => UNAVAILABLE);
    await polled(job, 10);
    job.become(running({ name: "later" }));
    job.answerWith(() => undefined);
    await expect.poll(() => updatesOf(stream).map(({ name }) => name)).toEqual(["job", "later"]);
    stream.stop();
  });

  it("end the stream with one error after too many in a row", async () => {
    const { gateway, job } = await useLiveJob(withLive({ maxFailures: 3 }));
    const stream = subscribeAs(gateway, "ann");
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

  it("never end a stream if they are occasional", async () => {
    const { gateway, job } = await useLiveJob(withLive({ maxFailures: 2 }));
    let call = 0;
    job.answerWith(() => (call++ % 2 === 1 ? UNAVAILABLE : undefined));
    const stream = subscribeAs(gateway, "ann");
    await polled(job, 12);
    job.become(finished);
    await stream.completed;
    expect(stream.results.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  });

  it("before the first state are retried as often as later", async () => {
    const { gateway, job } = await useLiveJob(withLive({ maxFailures: 4 }));
    job.answerWith(() => UNAVAILABLE);
    const failing = subscribeAs(gateway, "ann");
    await failing.completed;
    expect(failing.results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] }]);
    expect(job.calls()).toHaveLength(4);

    let left = 3;
    job.answerWith(() => (left-- > 0 ? UNAVAILABLE : undefined));
    const recovering = subscribeAs(gateway, "ann");
    await expect.poll(() => updatesOf(recovering)[0]?.name).toBe("job");
    recovering.stop();
  });

  it("include timeouts, with one call at a time", async () => {
    const { gateway, job } = await useLiveJob({
      ...withLive({ maxFailures: 3 }),
      upstream: { timeoutMs: 3_000 },
    });
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => stream.results.length).toBe(1);
    const hung: number[] = [];
    job.answerWith(({ at }) => {
      hung.push(at);
      return { kind: "hang" };
    });
    await stream.completed;
    expect(hung).toHaveLength(3);
    // Each call starts after the timeout of the previous one; the clocks of timers and requests differ slightly.
    for (const [index, at] of hung.slice(1).entries()) expect(at - (hung[index] ?? 0)).toBeGreaterThan(2_950);
    expect(stream.results.at(-1)).toMatchObject({ errors: [{ extensions: { code: "UPSTREAM_TIMEOUT" } }] });
  });

  it("about credentials end the stream at once", async () => {
    const { gateway, job } = await useLiveJob();
    job.answerWith(() => ({
      kind: "json",
      status: 401,
      body: { error: { code: "UNAUTHENTICATED", message: "who?" } },
    }));
    const stream = subscribeAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] }]);
    expect(job.calls()).toHaveLength(1);
  });
});

describe("errors of host results", () => {
  const wantsHosts = ({ query }: SimulatedRequest) => query.return_ip_result === "true";
  const HOSTS = "name hostSummary { total }";
  const BROKEN: SimulatedResponse = { kind: "raw", status: 200, body: "[]" };

  /** A subscriber to the status and one to host results, both of which have received their first state. */
  const useBoth = async (maxFailures: number) => {
    const options = { ...withLive({ maxFailures }), upstream: { timeoutMs: 3_000 } };
    const { gateway, job } = await useLiveJob(options);
    job.become(running({}, [7]));
    const status = subscribeAs(gateway, "ann", "name");
    const hosts = subscribeAs(gateway, "ben", HOSTS);
    for (const { results } of [status, hosts]) await expect.poll(() => results.length).toBe(1);
    const failHosts = (answer: SimulatedResponse | undefined) =>
      job.answerWith((request) => (wantsHosts(request) ? answer : undefined));
    return { job, status, hosts, failHosts };
  };

  it.each<[string, SimulatedResponse]>([
    ["UPSTREAM_CONTRACT", BROKEN],
    ["UPSTREAM_TIMEOUT", { kind: "hang" }],
    ["UPSTREAM_UNAVAILABLE", UNAVAILABLE],
  ])(
    "with %s end only the streams that require host results after too many in a row",
    async (code, answer) => {
      const { job, status, hosts, failHosts } = await useBoth(3);
      failHosts(answer);
      const before = job.calls().length;
      await expect.poll(() => hosts.results.length).toBe(2);
      await hosts.completed;
      expect(hosts.results.at(-1)).toMatchObject({ errors: [{ extensions: { code } }] });
      const failed = job.calls().slice(before).filter(wantsHosts);
      // One call can have been in flight with the last valid response.
      expect(failed.length).toBeLessThanOrEqual(4);

      job.become(running({ name: "later" }));
      await expect.poll(() => updatesOf(status).at(-1)?.name).toBe("later");
      expect(status.results.every(({ errors }) => !errors)).toBe(true);
      status.stop();
    },
  );

  it("do not delay other streams, and one poll serves all streams afterwards", async () => {
    const { job, status, hosts, failHosts } = await useBoth(1_000);
    failHosts(BROKEN);
    job.become(running({ name: "changed" }, [7, 7]));
    await expect.poll(() => updatesOf(status).at(-1)?.name).toBe("changed");
    expect(updatesOf(hosts).at(-1)?.name).toBe("job");

    failHosts(undefined);
    await expect.poll(() => updatesOf(hosts).at(-1)?.hostSummary.total).toBe(2);
    // A poll for the status may still be in flight.
    await polled(job, 2);
    const before = job.calls().length;
    await polled(job, 5);
    expect(job.calls().slice(before).every(wantsHosts)).toBe(true);
    job.become(running({ name: "later" }, [7, 7]));
    for (const stream of [status, hosts]) {
      await expect.poll(() => updatesOf(stream).at(-1)?.name).toBe("later");
      stream.stop();
    }
    expect(updatesOf(status).map(({ name }) => name)).toEqual(["job", "changed", "later"]);
  });

  it("cause no status polls if all streams require host results", async () => {
    const { gateway, job } = await useLiveJob(withLive({ maxFailures: 3 }));
    const hosts = subscribeAs(gateway, "ben", HOSTS);
    await expect.poll(() => hosts.results.length).toBe(1);
    job.answerWith(() => BROKEN);
    await hosts.completed;
    expect(job.calls().every(wantsHosts)).toBe(true);
  });

  it("do not fail the first call of a stream that requires only the status", async () => {
    const { gateway, job } = await useLiveJob({
      upstream: { timeoutMs: 3_000 },
      ...withLive({ maxFailures: 2 }),
    });
    job.answerWith((request) => (wantsHosts(request) ? { kind: "hang" } : undefined));
    const hosts = subscribeAs(gateway, "ann", HOSTS);
    await expect.poll(() => job.calls().length).toBe(1);
    const status = subscribeAs(gateway, "ann", "name");
    await expect.poll(() => updatesOf(status)[0]?.name).toBe("job");
    await hosts.completed;
    expect(hosts.results).toMatchObject([{ errors: [{ extensions: { code: "UPSTREAM_TIMEOUT" } }] }]);
    status.stop();
  });
});

describe("a first call that is rate-limited", () => {
  const limited = (seconds: number): SimulatedResponse => ({
    kind: "json",
    status: 429,
    headers: { "retry-after": String(seconds) },
    body: { error: { code: "RESOURCE_EXHAUSTED", message: "quota" } },
  });

  it("ends the stream with RATE_LIMITED if Retry-After is long", async () => {
    const { gateway, job } = await useLiveJob();
    job.answerWith(() => limited(3_600));
    const stream = subscribeAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([
      { errors: [{ extensions: { code: "RATE_LIMITED", retryAfterMs: 3_600_000 } }] },
    ]);
    expect(job.calls()).toHaveLength(1);
  });

  it("ends the stream with RATE_LIMITED if several waits become too long", async () => {
    const { gateway, job } = await useLiveJob(withLive({ recheckMs: 1_500 }));
    job.answerWith(() => limited(1));
    const stream = subscribeAs(gateway, "ann");
    await stream.completed;
    expect(stream.results).toMatchObject([{ errors: [{ extensions: { code: "RATE_LIMITED" } }] }]);
    expect(job.calls().length).toBeLessThanOrEqual(2);
  });

  it("is retried if Retry-After is short", async () => {
    const { gateway, job } = await useLiveJob();
    const calledAt: number[] = [];
    job.answerWith(({ at }) => (calledAt.push(at) === 1 ? limited(1) : undefined));
    const stream = subscribeAs(gateway, "ann");
    await expect.poll(() => updatesOf(stream)[0]?.name).toBe("job");
    expect((calledAt[1] ?? 0) - (calledAt[0] ?? 0)).toBeGreaterThanOrEqual(990);
    stream.stop();
  });
});
