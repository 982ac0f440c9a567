/** The snapshot cache and the coalescing of calls. */
import { setImmediate as turn } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSnapshots, type Freshness } from "../../src/jobs/snapshots.ts";
import type { JobOutcome } from "../../src/model/job-instance.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { createCaller } from "../../src/upstream/caller.ts";
import { UpstreamError } from "../../src/upstream/upstream-error.ts";
import { useArrivals } from "../support/arrivals.ts";
import { AUTHORIZATION, jobQuery, onJob, postOperation } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { jobInstance } from "../support/job-instance.ts";
import { hostRow, jobResponse, stepRow } from "../support/job-payload.ts";
import { useRelayedGateway } from "../support/relay.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

const FINISHED = "20000000001";
const RUNNING = "20000000004";
const MISSING = "20000000404";
const FORBIDDEN = "20000000403";
const UNAVAILABLE = "20000090112";

/** Longer than a test. */
const LONG_MS = 60_000;

const SNAPSHOTS = { maxAgeRunningMs: LONG_MS, maxAgeFinishedMs: LONG_MS, maxBytes: 2 ** 28 };

const useSnapshots = (snapshots: Partial<typeof SNAPSHOTS> = {}) =>
  useGateway({ config: { snapshots: { ...SNAPSHOTS, ...snapshots } } });

const STATUS = "name observedAt";
const HOSTS = "hostSummary { total }";

const ask = (
  gateway: TestGateway,
  jobInstanceId: string,
  fields = STATUS,
  headers: Record<string, string | undefined> = {},
) =>
  gateway.ask(jobQuery(jobInstanceId, `__typename ${onJob(fields)} ... on Problem { message }`), {}, headers);

/** Holds the upstream's responses for a job until `end` is called. */
function holdAnswers({ simulator }: TestGateway, jobInstanceId: string) {
  let held = 0;
  let isHeld = true;
  simulator.script(jobInstanceId, () => {
    if (!isHeld) return undefined;
    held += 1;
    return { kind: "hang" };
  });
  return {
    count: () => held,
    end: () => {
      isHeld = false;
    },
  };
}

/** Stops the clock of snapshots for one test. @returns a function that advances it. */
function useClock(): (ms: number) => void {
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  return (ms) => {
    now += ms;
  };
}

/** Delays the responses for a job. @returns a function that releases the oldest one. */
const delayResponses = ({ simulator }: TestGateway, jobInstanceId: string) => {
  const delayMs = 400;
  const { end } = sleeps.hold();
  let isDirect = false;
  simulator.script(jobInstanceId, ({ headers, query }) => {
    if (isDirect) return undefined;
    isDirect = true;
    const hosts = query.return_ip_result === "true" ? { step_ip_result_list: [hostRow(1)] } : {};
    const name = String(headers["x-bkapi-authorization"]);
    isDirect = false;
    return { kind: "delayed", delayMs, response: jobResponse({ fields: { name }, steps: [stepRow(hosts)] }) };
  });
  return () => end(delayMs);
};

it("makes one upstream call for 20 simultaneous requests", async () => {
  const gateway = await useSnapshots({ maxAgeRunningMs: 0, maxAgeFinishedMs: 0 });
  const release = delayResponses(gateway, FINISHED);
  const arrivals = useArrivals(gateway.url);

  const asked = Promise.all(Array.from({ length: 20 }, () => ask(gateway, FINISHED)));
  await arrivals.until(20);
  await release();

  const answers = await asked;
  expect(answers.map(({ data }) => data.jobInstance.name)).toEqual(Array(20).fill(AUTHORIZATION));
  expect(gateway.simulator.requests).toHaveLength(1);
});

it("lets requests without host results join a call with host results, but not the reverse", async () => {
  const gateway = await useSnapshots({ maxAgeRunningMs: 0, maxAgeFinishedMs: 0 });
  const release = delayResponses(gateway, FINISHED);
  const arrivals = useArrivals(gateway.url);

  const withHosts = ask(gateway, FINISHED, HOSTS);
  await expect.poll(() => gateway.simulator.requests.length).toBe(1);
  const without = ask(gateway, FINISHED);
  await arrivals.until(2);
  await release();
  const answers = await Promise.all([withHosts, without]);
  expect(answers[0]?.data.jobInstance.hostSummary.total).toBe(1);
  expect(gateway.simulator.requests).toHaveLength(1);

  const status = ask(gateway, FINISHED);
  await expect.poll(() => gateway.simulator.requests.length).toBe(2);
  const hosts = ask(gateway, FINISHED, HOSTS);
  await expect.poll(() => gateway.simulator.requests.length).toBe(3);
  for (let i = 0; i < 2; i++) await release();
  await Promise.all([status, hosts]);
});

it("returns a cached state with its original observedAt", async () => {
  const gateway = await useSnapshots();

  const [first, second] = [await ask(gateway, FINISHED), await ask(gateway, FINISHED)];

  expect(second.data).toEqual(first.data);
  expect(gateway.simulator.requests).toHaveLength(1);
});

it("serves requests without host results from a snapshot with host results, but not the reverse", async () => {
  const gateway = await useSnapshots();

  await ask(gateway, FINISHED);
  await ask(gateway, FINISHED, HOSTS);
  expect(gateway.simulator.requests).toHaveLength(2);
  await ask(gateway, FINISHED, HOSTS);
  await ask(gateway, FINISHED);
  expect(gateway.simulator.requests).toHaveLength(2);
});

it.each([
  ["finished jobs", FINISHED, { maxAgeFinishedMs: 0 }],
  ["running jobs", RUNNING, { maxAgeRunningMs: 0 }],
  ["any job with a limit of 0 bytes", FINISHED, { maxBytes: 0 }],
])("does not cache %s if caching is disabled", async (_, jobInstanceId, options) => {
  const gateway = await useSnapshots(options);

  await ask(gateway, jobInstanceId);
  await ask(gateway, jobInstanceId);

  expect(gateway.simulator.requests).toHaveLength(2);
});

it("calls again after the maximum age", async () => {
  const gateway = await useSnapshots({ maxAgeFinishedMs: 300 });
  const advance = useClock();

  await ask(gateway, FINISHED);
  advance(299);
  await ask(gateway, FINISHED);
  expect(gateway.simulator.requests).toHaveLength(1);
  advance(2);
  await ask(gateway, FINISHED);

  expect(gateway.simulator.requests).toHaveLength(2);
});

it("calls again for a request with Cache-Control: no-cache, and caches the response", async () => {
  const gateway = await useSnapshots();

  await ask(gateway, FINISHED);
  const fresh = await ask(gateway, FINISHED, STATUS, { "cache-control": "max-age=0, no-cache" });
  expect(gateway.simulator.requests).toHaveLength(2);

  const cached = await ask(gateway, FINISHED);
  expect(cached.data).toEqual(fresh.data);
  expect(gateway.simulator.requests).toHaveLength(2);
});

it.each([
  ["JobInstanceNotFound", MISSING],
  ["PermissionDenied", FORBIDDEN],
])("caches %s for at most one second", async (typename, jobInstanceId) => {
  const gateway = await useSnapshots();
  const advance = useClock();

  await ask(gateway, jobInstanceId);
  const { data } = await ask(gateway, jobInstanceId);
  expect(data.jobInstance.__typename).toBe(typename);
  expect(gateway.simulator.requests).toHaveLength(1);

  advance(1_050);
  await ask(gateway, jobInstanceId);
  expect(gateway.simulator.requests).toHaveLength(2);
});

it("does not cache errors", async () => {
  const gateway = await useSnapshots();

  await ask(gateway, UNAVAILABLE);
  const { errors } = await ask(gateway, UNAVAILABLE);

  expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
  expect(gateway.simulator.requests).toHaveLength(2);
});

it.each([
  ["credentials", { "x-bkapi-authorization": '{"access_token":"another"}' }],
  ["tenant", { "x-bk-tenant-id": "other" }],
  ["language", { "accept-language": "en" }],
])("shares nothing with requests with different %s", async (_, headers) => {
  const gateway = await useSnapshots();

  await ask(gateway, FINISHED, HOSTS);
  await ask(gateway, FINISHED, HOSTS, headers);

  expect(gateway.simulator.requests).toHaveLength(2);
});

it("returns to each of many concurrent identities only what it may see", async () => {
  const gateway = await useSnapshots();
  // "Permission denied" is cached for one second only.
  useClock();
  const people = Array.from({ length: 40 }, (_, index) =>
    index % 4 === 0 ? "no-permission" : `user-${index % 7}`,
  );

  const rounds = [1, 2, 3].map(() =>
    Promise.all(
      people.map(async (token) => {
        const headers = { "x-bkapi-authorization": JSON.stringify({ access_token: token }) };
        const { data } = await ask(gateway, FINISHED, HOSTS, headers);
        return [token, data.jobInstance.__typename] as const;
      }),
    ),
  );

  for (const [token, typename] of (await Promise.all(rounds)).flat()) {
    expect(typename).toBe(token === "no-permission" ? "PermissionDenied" : "JobInstance");
  }
  expect(gateway.simulator.requests).toHaveLength(new Set(people).size);
});

it("aborts an upstream call when the last waiting client aborts, not before", async () => {
  const gateway = await useRelayedGateway({ config: { snapshots: SNAPSHOTS } });
  const answers = holdAnswers(gateway, FINISHED);
  const query = jobQuery(FINISHED);
  const post = (signal: AbortSignal) =>
    postOperation(gateway.url, { query }, { "x-bkapi-authorization": AUTHORIZATION }, signal).catch(
      () => "aborted",
    );
  const [first, second] = [new AbortController(), new AbortController()];
  const arrivals = useArrivals(gateway.url);

  const one = post(first.signal);
  await expect.poll(answers.count).toBe(1);
  const two = post(second.signal);
  // The first client aborts only after both wait for the call.
  await arrivals.until(2);
  first.abort();
  await one;
  // The call continues for the second client: a third one joins it.
  const third = new AbortController();
  const three = post(third.signal);
  await arrivals.until(3);
  expect(answers.count()).toBe(1);

  second.abort();
  third.abort();
  await Promise.all([two, three]);
  // The call is aborted: a new request makes a new call.
  await expect.poll(gateway.relay.open).toBe(0);
  answers.end();
  const { data } = await ask(gateway, FINISHED);
  expect(data.jobInstance.__typename).toBe("JobInstance");
});

it("evicts the least recently used states when the cache is full", async () => {
  const gateway = await useSnapshots({ maxBytes: 2_000_000 });
  const jobs = [bulkJobId(2_000, 1), bulkJobId(2_000, 2), bulkJobId(2_000, 3)];

  // Such a job takes about 0.9 MB, so two fit.
  for (const job of jobs.slice(0, 2)) await ask(gateway, job, HOSTS);
  await ask(gateway, jobs[0] ?? "", HOSTS);
  expect(gateway.simulator.requests).toHaveLength(2);
  await ask(gateway, jobs[2] ?? "", HOSTS);
  expect(gateway.simulator.requests).toHaveLength(3);

  await ask(gateway, jobs[0] ?? "", HOSTS);
  expect(gateway.simulator.requests).toHaveLength(3);
  await ask(gateway, jobs[1] ?? "", HOSTS);
  expect(gateway.simulator.requests).toHaveLength(4);
});

it("releases expired states, whatever is requested next", async () => {
  const made: WeakRef<JobOutcome>[] = [];
  const upstream = {
    getJobInstance: async (): Promise<JobOutcome> => {
      const outcome: JobOutcome = { kind: "notFound", message: "", upstreamRequestId: null };
      made.push(new WeakRef(outcome));
      return outcome;
    },
  };
  const { get } = createSnapshots(upstream, { maxAgeRunningMs: 50, maxAgeFinishedMs: 50, maxBytes: 2 ** 28 });
  const askAs = async (authorization: string) => {
    const caller = createCaller({ authorization, tenantId: null, language: null });
    const ref = { scope: { type: "BIZ", typeRaw: "biz", id: "1" }, jobInstanceId: "1" } as const;
    const { signal } = new AbortController();
    await get({
      ref,
      caller,
      requiredData: "status",
      operationLog: createOperationLog(),
      signal,
      accept: "inFlight",
    });
  };

  for (let index = 0; index < 20; index += 1) await askAs(`user-${index}`);
  const held = async () => {
    await askAs("another");
    // A new weak reference keeps its target alive until the end of this turn.
    await turn();
    // Collects all garbage before it counts.
    queryObjects(AbortController, { format: "count" });
    return made.filter((outcome) => outcome.deref() !== undefined).length;
  };
  await expect.poll(held, { interval: 50 }).toBe(1);
});

describe("after the upstream has rejected the credentials", () => {
  const REJECTED = new UpstreamError("UNAUTHENTICATED", "");

  function useJobs(staleIfErrorMs = 0) {
    const calls: PromiseWithResolvers<JobOutcome>[] = [];
    const { get } = createSnapshots(
      {
        getJobInstance: () => {
          const call = Promise.withResolvers<JobOutcome>();
          calls.push(call);
          return call.promise;
        },
      },
      { maxAgeRunningMs: 60_000, maxAgeFinishedMs: 60_000, maxBytes: 2 ** 28, staleIfErrorMs },
    );
    const caller = createCaller({ authorization: "ann", tenantId: null, language: null });
    const askFor = (jobInstanceId: string, accept: Freshness = "cached") =>
      get({
        ref: { scope: { typeRaw: "biz", id: "1" }, jobInstanceId },
        caller,
        requiredData: "status",
        operationLog: createOperationLog(),
        signal: new AbortController().signal,
        accept,
        onStale: () => {},
      });
    /** Asks in a later call. The upstream rejects the credentials. */
    const reject = async (jobInstanceId: string) => {
      const at = performance.now();
      while (performance.now() === at);
      const rejected = askFor(jobInstanceId, "fresh");
      calls.at(-1)?.reject(REJECTED);
      await expect(rejected).rejects.toBe(REJECTED);
    };
    return { calls, askFor, reject };
  }

  it.each([0, 60_000])("no job from before is served (stale if error: %d ms)", async (staleIfErrorMs) => {
    const { calls, askFor, reject } = useJobs(staleIfErrorMs);
    for (const id of ["1", "2"]) {
      const asked = askFor(id);
      calls.at(-1)?.resolve(jobInstance());
      await asked;
    }
    await reject("1");
    const outage = new UpstreamError("UPSTREAM_UNAVAILABLE", "");
    for (const id of ["1", "2"]) {
      const asked = askFor(id);
      calls.at(-1)?.reject(outage);
      await expect(asked).rejects.toBe(outage);
    }
    expect(calls).toHaveLength(5);
  });

  it("a call that started before is repeated, and a new one is used", async () => {
    const { calls, askFor, reject } = useJobs();
    const waiting = askFor("2");
    await reject("1");
    const later = askFor("2");
    calls[0]?.resolve(jobInstance({ name: "before" }));
    await expect.poll(() => calls.length).toBe(3);
    calls[2]?.resolve(jobInstance({ name: "after" }));
    expect([await waiting, await later, await askFor("2")]).toMatchObject(Array(3).fill({ name: "after" }));
    expect(calls).toHaveLength(3);
  });
});

it("a lookup does not end before its deadline", async () => {
  const upstream = { getJobInstance: () => new Promise<JobOutcome>(() => {}) };
  const { get } = createSnapshots(upstream, { maxAgeRunningMs: 0, maxAgeFinishedMs: 0, maxBytes: 0 });
  for (let index = 0; index < 20; index += 1) {
    const deadline = { ms: 3, at: performance.now() + 2.95 };
    const asked = get({
      ref: { scope: { typeRaw: "biz", id: "1" }, jobInstanceId: "1" },
      caller: createCaller({ authorization: "ann", tenantId: null, language: null }),
      requiredData: "hosts",
      operationLog: createOperationLog(),
      signal: new AbortController().signal,
      accept: "cached",
      deadline,
    });
    await expect(asked).rejects.toMatchObject({ code: "UPSTREAM_TIMEOUT" });
    expect(performance.now()).toBeGreaterThanOrEqual(deadline.at);
  }
});

it("a snapshot of another instance is not used if a newer one has been served since it was read", async () => {
  const job = jobInstance({ name: "of the call" });
  const elsewhere = {
    outcome: jobInstance({ name: "elsewhere" }),
    requiredData: "status",
    startedAt: 1,
  } as const;
  const { get } = createSnapshots({ getJobInstance: async () => job }, SNAPSHOTS, null, {
    find: async () => ({ snapshot: elsewhere, latestStart: 1, ageMs: 0 }),
    newestStart: () => 2,
    setNewest: () => {},
    invalidate: () => {},
    put: () => {},
  });
  const lookup = {
    ref: { scope: { typeRaw: "biz", id: "1" }, jobInstanceId: "1" },
    caller: createCaller({ authorization: "ann", tenantId: null, language: null }),
    requiredData: "status",
    operationLog: createOperationLog(),
    signal: new AbortController().signal,
    accept: "cached",
  } as const;
  expect(await get(lookup)).toBe(job);
});
