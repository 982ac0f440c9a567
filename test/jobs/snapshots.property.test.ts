/**
 * Random sequences of requests, upstream responses, aborts and waits. No request gets an older state than before, data
 * of another identity, or an error for data that it did not select.
 */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSnapshots, type Freshness, type SnapshotOptions } from "../../src/jobs/snapshots.ts";
import type { JobOutcome, RequiredData } from "../../src/model/job-instance.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";
import { type Caller, createCaller } from "../../src/upstream/caller.ts";
import type { Lookup } from "../../src/upstream/client.ts";
import {
  NO_ERROR_DETAILS,
  UpstreamError,
  type UpstreamErrorCode,
} from "../../src/upstream/upstream-error.ts";
import { jobInstance } from "../support/job-instance.ts";

const IDENTITIES = 2;
const JOBS = 3;

const OPTIONS: fc.Arbitrary<SnapshotOptions> = fc.record({
  maxAgeRunningMs: fc.constantFrom(30, 30, 0),
  maxAgeFinishedMs: fc.constantFrom(80, 80, 0),
  // Enough for three outcomes without steps, by the estimate of the cache.
  maxBytes: fc.constantFrom(6_500, 6_500, 0),
  staleIfErrorMs: fc.constantFrom(0, 300),
});
const MAX_CACHED = 3;

/** Calls after which a request is served despite a newer status. */
const MAX_CALLS = 3;

type Step =
  | {
      readonly do: "ask";
      readonly who: number;
      readonly job: number;
      readonly requiredData: RequiredData;
      readonly accept: Freshness;
      readonly acceptsStale: boolean;
    }
  | { readonly do: "answer"; readonly index: number; readonly kind: "running" | "finished" | "notFound" }
  | { readonly do: "fail"; readonly index: number; readonly code: UpstreamErrorCode }
  | { readonly do: "abort"; readonly index: number }
  | { readonly do: "wait"; readonly ms: number };

const index = fc.nat(20);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      who: fc.nat(IDENTITIES - 1),
      // Mostly one job, so that requests interact.
      job: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(JOBS - 1)),
      requiredData: fc.constantFrom<RequiredData>("status", "hosts"),
      accept: fc.constantFrom<Freshness>("cached", "cached", "inFlight", "fresh"),
      acceptsStale: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      index,
      kind: fc.constantFrom("running" as const, "finished" as const, "notFound" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      index,
      code: fc.constantFrom<UpstreamErrorCode>(
        "UPSTREAM_TIMEOUT",
        "UPSTREAM_UNAVAILABLE",
        "UPSTREAM_CONTRACT",
        "RATE_LIMITED",
        "UNAUTHENTICATED",
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), index }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(5, 40, 100, 2_000) }),
  },
);

/** An upstream call in flight. Its version is its start time. */
interface Call {
  readonly lookup: Lookup;
  readonly version: number;
  readonly answer: (outcome: JobOutcome) => void;
  readonly fail: (error: Error) => void;
}

/** The call that an outcome comes from. */
interface Origin {
  readonly who: string;
  readonly job: string;
  readonly requiredData: RequiredData;
  readonly version: number;
  readonly answeredAt: number;
}

interface Request {
  readonly who: string;
  readonly job: string;
  readonly requiredData: RequiredData;
  readonly accept: Freshness;
  readonly arrivedAt: number;
  readonly controller: AbortController;
  /** The outcome is stale. */
  isStale: boolean;
}

function createWorld(options: SnapshotOptions) {
  const inFlight = new Set<Call>();
  const started: Call[] = [];
  const snapshots = createSnapshots(
    {
      getJobInstance: (lookup) =>
        new Promise((resolve, reject) => {
          const call = { lookup, version: performance.now(), answer: resolve, fail: reject };
          inFlight.add(call);
          started.push(call);
          lookup.signal.addEventListener("abort", () => {
            inFlight.delete(call);
            reject(lookup.signal.reason);
          });
        }),
    },
    options,
  );
  const callers = Array.from({ length: IDENTITIES }, (_, who) =>
    createCaller({ authorization: `user-${who}`, tenantId: null, language: null }),
  );
  const pending = new Set<Request>();
  /** The newest version served, by identity and job. */
  const served = new Map<string, number>();

  const check = (request: Request, outcome: JobOutcome) => {
    const origin: Origin = JSON.parse(outcome.upstreamRequestId ?? "");
    expect([origin.who, origin.job]).toEqual([request.who, request.job]);
    if (request.requiredData === "hosts" && outcome.kind === "job") expect(origin.requiredData).toBe("hosts");
    if (request.accept === "fresh") expect(origin.version).toBeGreaterThanOrEqual(request.arrivedAt);
    if (request.accept === "inFlight") expect(origin.answeredAt).toBeGreaterThanOrEqual(request.arrivedAt);
    const maxAge = Math.max(options.maxAgeRunningMs, options.maxAgeFinishedMs);
    if (request.isStale) {
      expect(outcome.kind).toBe("job");
      expect(origin.version).toBeGreaterThanOrEqual(performance.now() - (options.staleIfErrorMs ?? 0));
    } else expect(origin.answeredAt).toBeGreaterThanOrEqual(request.arrivedAt - maxAge);
    const key = `${request.who} ${request.job}`;
    const ownCalls = started.filter(
      ({ lookup, version }) =>
        lookup.caller.authorization === request.who &&
        lookup.ref.jobInstanceId === request.job &&
        lookup.requiredData === request.requiredData &&
        version >= request.arrivedAt,
    );
    if (ownCalls.length < MAX_CALLS - 1) {
      expect(origin.version, "the state served never becomes older").toBeGreaterThanOrEqual(
        served.get(key) ?? 0,
      );
    }
    served.set(key, Math.max(served.get(key) ?? 0, origin.version));
  };

  const checkFailure = (request: Request, error: unknown) => {
    if (request.controller.signal.aborted) return expect(error).toBe(request.controller.signal.reason);
    if (!(error instanceof UpstreamError)) throw error;
    const [who, job, requiredData] = error.message.split(" ");
    expect([who, job]).toEqual([request.who, request.job]);
    if (requiredData !== request.requiredData) {
      expect([requiredData, error.code]).toEqual([
        "hosts",
        expect.stringMatching(/RATE_LIMITED|UNAUTHENTICATED/),
      ]);
    }
  };

  const errors: unknown[] = [];
  const ask = (
    caller: Caller,
    job: string,
    requiredData: RequiredData,
    accept: Freshness,
    acceptsStale: boolean,
  ) => {
    const controller = new AbortController();
    const who = caller.authorization ?? "";
    const arrivedAt = performance.now();
    const request: Request = { who, job, requiredData, accept, arrivedAt, controller, isStale: false };
    const onStale = () => {
      request.isStale = true;
    };
    pending.add(request);
    const ref = { scope: { typeRaw: "biz", id: "1" }, jobInstanceId: job };
    const { signal } = controller;
    snapshots
      .get({
        ref,
        requiredData,
        caller,
        operationLog: createOperationLog(),
        signal,
        accept,
        onStale: acceptsStale && accept === "cached" ? onStale : null,
      })
      .then(
        (outcome) => check(request, outcome),
        (error: unknown) => checkFailure(request, error),
      )
      .catch((error: unknown) => errors.push(error))
      .finally(() => pending.delete(request));
  };

  const pick = <T>(items: Iterable<T>, at: number): T | undefined => {
    const list = [...items];
    return list[at % list.length];
  };

  const run = (step: Step) => {
    const call = "index" in step ? pick(inFlight, step.index) : undefined;
    if (step.do === "ask") {
      const caller = callers[step.who];
      if (caller) ask(caller, String(step.job), step.requiredData, step.accept, step.acceptsStale);
    } else if (step.do === "wait") {
      vi.advanceTimersByTime(step.ms);
    } else if (step.do === "abort") {
      pick(pending, step.index)?.controller.abort();
    } else if (call && inFlight.delete(call)) {
      if (step.do === "answer") call.answer(outcomeOf(call, step.kind));
      else call.fail(errorOf(call, step.code));
    }
  };

  return { run, ask, callers, inFlight, pending, errors };
}

function outcomeOf({ lookup, version }: Call, kind: "running" | "finished" | "notFound"): JobOutcome {
  const origin: Origin = {
    who: lookup.caller.authorization ?? "",
    job: lookup.ref.jobInstanceId,
    requiredData: lookup.requiredData,
    version,
    answeredAt: performance.now(),
  };
  const upstreamRequestId = JSON.stringify(origin);
  if (kind === "notFound") return { kind, message: "", upstreamRequestId };
  return jobInstance({ scope: lookup.ref.scope, isFinished: kind === "finished", upstreamRequestId });
}

const errorOf = ({ lookup }: Call, code: UpstreamErrorCode) =>
  new UpstreamError(
    code,
    `${lookup.caller.authorization} ${lookup.ref.jobInstanceId} ${lookup.requiredData}`,
    NO_ERROR_DETAILS,
  );

/** Lets all pending promises settle. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("serves every sequence of requests correctly", async () => {
  await fc.assert(
    fc.asyncProperty(OPTIONS, fc.array(STEP, { minLength: 1, maxLength: 60 }), async (options, steps) => {
      const world = createWorld(options);
      const { run, inFlight, pending, errors } = world;
      for (const step of steps) {
        run(step);
        await settle();
        expect(errors).toEqual([]);
        // No two events happen at the same instant, so that the order of calls is well defined.
        vi.advanceTimersByTime(1);
      }
      const half = [...pending].filter((_, place) => place % 2 === 0);
      for (const { controller } of half) controller.abort();
      await settle();
      // Every request is answered.
      for (let round = 0; pending.size > 0; round += 1) {
        expect(round, "requests are served once their calls are answered").toBeLessThan(20);
        run({ do: "answer", index: 0, kind: "finished" });
        await settle();
        vi.advanceTimersByTime(1);
      }
      expect(errors).toEqual([]);
      // A call without waiting requests is aborted.
      expect(inFlight.size).toBe(0);
      await expectBounded(world);
    }),
    { numRuns: 1_500 },
  );
});

/** The cache stays within its limit, whatever was requested before. */
async function expectBounded({ ask, run, callers, inFlight, pending }: ReturnType<typeof createWorld>) {
  const askAll = async () => {
    for (const caller of callers) {
      for (let job = 0; job < JOBS; job += 1) ask(caller, String(job), "status", "cached", false);
    }
    await settle();
    return callers.length * JOBS - inFlight.size;
  };
  await askAll();
  while (inFlight.size > 0) run({ do: "answer", index: 0, kind: "finished" });
  await settle();
  expect(await askAll()).toBeLessThanOrEqual(MAX_CACHED);
  for (const { controller } of pending) controller.abort();
  await settle();
}
