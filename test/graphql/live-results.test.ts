/** Results of subscriptions on states: how often an operation runs for them. */
import { parse } from "graphql";
import { expect, it } from "vitest";
import { createDetachedJsonPool } from "../../src/graphql/executor/detached-rows.ts";
import { createPlainExecutor, type Executor } from "../../src/graphql/executor/executor.ts";
import { createLiveResults } from "../../src/graphql/live-results.ts";
import { createLiveRuns } from "../../src/graphql/live-runs.ts";
import { createSchema } from "../../src/graphql/schema.ts";
import { createLatestValue } from "../../src/live/latest-value.ts";
import type { JobInstance } from "../../src/model/job-instance.ts";
import { type ObservedJob, stateOf } from "../../src/model/job-state.ts";
import { createTrace } from "../../src/upstream/trace.ts";

const jobOf = (observedAt: number, name: string): JobInstance => ({
  kind: "job",
  scope: { typeRaw: "biz", id: "1" },
  jobInstanceId: 1,
  name,
  statusCode: 2,
  isFinished: false,
  createdAt: 0,
  startedAt: 0,
  finishedAt: null,
  durationMs: null,
  steps: [],
  observedAt,
  upstreamRequestId: null,
});

/** A state that nobody was told yet. */
const jobAt = (observedAt: number, name = "job"): ObservedJob => {
  const outcome = jobOf(observedAt, name);
  return { outcome, state: stateOf(outcome) };
};

function createCounted() {
  let runs = 0;
  const plain = createPlainExecutor(createSchema());
  const executor: Executor = (request) => {
    runs += 1;
    return plain(request);
  };
  const liveResults = createLiveResults(createLiveRuns(executor, createDetachedJsonPool()));
  /** A viewer with a selection. */
  const watch = (selection: string) => {
    const { put, end, stream } = createLatestValue<ObservedJob>(() => {});
    const text = `subscription { jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: "1" }) { ... on JobInstance { ${selection} } } }`;
    const document = documents.get(text) ?? parse(text);
    documents.set(text, document);
    const trace = createTrace();
    const results = liveResults({ document, operationName: null, variables: {}, states: stream }, trace);
    return { put, end, results, trace };
  };
  // As Apollo Server keeps them.
  const documents = new Map<string, ReturnType<typeof parse>>();
  return { watch, runs: () => runs };
}

const resultOf = async (results: AsyncGenerator<string, void>) => {
  const { value } = await results.next();
  return value === undefined ? undefined : JSON.parse(value).data.jobInstanceUpdated;
};

it("runs an operation once for all who ask the same of one state", async () => {
  const { watch, runs } = createCounted();
  const viewers = Array.from({ length: 20 }, () => watch("name elapsedMs"));
  const tell = async (observed: ObservedJob) => {
    for (const { put } of viewers) put(observed);
    return Promise.all(viewers.map(({ results }) => resultOf(results)));
  };
  expect(await tell(jobAt(1_000))).toEqual(Array(20).fill({ name: "job", elapsedMs: 1_000 }));
  // And once without the time, to see later whether anything but that has changed.
  expect(runs()).toBe(2);
  expect(await tell(jobAt(2_000, "later"))).toEqual(Array(20).fill({ name: "later", elapsedMs: 2_000 }));
  expect(runs()).toBe(4);
  const same = jobAt(3_000, "later");
  for (const { put, end } of viewers) {
    put(same);
    end();
  }
  expect(await Promise.all(viewers.map(({ results }) => resultOf(results)))).toEqual(
    Array(20).fill(undefined),
  );
  expect(runs()).toBe(5);
});

it("runs it for each who asks something else, and not again for a state that was told", async () => {
  const { watch, runs } = createCounted();
  const [one, two] = [watch("name"), watch("status")];
  const job = jobAt(1_000);
  for (const { put } of [one, two]) put(job);
  expect(await resultOf(one.results)).toEqual({ name: "job" });
  expect(await resultOf(two.results)).toEqual({ status: "RUNNING" });
  expect(runs()).toBe(2);
  one.put(job);
  one.end();
  expect((await one.results.next()).done).toBe(true);
  expect(runs()).toBe(2);
});

it("tells a failure in the place of the field, notes its code, and ends", async () => {
  const { watch } = createCounted();
  const { end, results, trace } = watch("name");
  end(new Error("database password"));
  const { value = "" } = await results.next();
  expect(JSON.parse(value || "null")).toEqual({
    errors: [
      expect.objectContaining({
        path: ["jobInstanceUpdated"],
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      }),
    ],
    data: { jobInstanceUpdated: null },
  });
  expect(value).not.toContain("password");
  expect(trace).toMatchObject({
    errorCodes: ["INTERNAL_SERVER_ERROR"],
    faults: [new Error("database password")],
  });
  expect((await results.next()).done).toBe(true);
});
