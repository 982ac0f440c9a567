/** Executions of subscriptions: how often an operation runs for a state. */
import { expect, it } from "vitest";
import { formatGraphQLError } from "../../src/graphql/errors.ts";
import type { Executor } from "../../src/graphql/executor/executor.ts";
import { createPlanExecutor } from "../../src/graphql/executor/plan-executor.ts";
import { createPlanner } from "../../src/graphql/executor/planner.ts";
import { createDocuments } from "../../src/graphql/operation/documents.ts";
import { createPrepare } from "../../src/graphql/operation/prepare.ts";
import { createRunOperation } from "../../src/graphql/operation/run.ts";
import { createSchema } from "../../src/graphql/schema.ts";
import { createRetainedMemory } from "../../src/graphql/subscription/retained-memory.ts";
import { createSharedResults } from "../../src/graphql/subscription/shared-results.ts";
import { createStartSubscription } from "../../src/graphql/subscription/subscription.ts";
import { createLatestValue } from "../../src/live/latest-value.ts";
import { jobStateOf, type ObservedJob } from "../../src/model/job-state.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";
import { jobSubscription, onJob } from "../support/ask.ts";
import { jobInstance } from "../support/job-instance.ts";
import { DOCUMENT_LIMITS } from "../support/limits.ts";

/** A new state. */
const jobAt = (observedAt: number, name = "job"): ObservedJob => {
  const outcome = jobInstance({ observedAt, name });
  return { outcome, state: jobStateOf(outcome) };
};

function createCounted() {
  let runs = 0;
  const schema = createSchema();
  const planExecutor = createPlanExecutor({ maxResponseBytes: 2 ** 20, formatError: formatGraphQLError });
  const execute: Executor = (execution) => {
    runs += 1;
    return planExecutor(execution);
  };
  const run = createRunOperation({
    documents: createDocuments(null),
    prepare: createPrepare({
      schema,
      createPlan: createPlanner(schema),
      maxBytes: 2 ** 20,
      limits: DOCUMENT_LIMITS,
    }).prepare,
    execute,
    startSubscription: createStartSubscription({
      results: createSharedResults(execute, null),
      memory: createRetainedMemory(2 ** 20),
    }),
    onLimit: null,
  });
  /** A subscriber with a selection. */
  const watch = async (selection: string) => {
    const { put, end, stream } = createLatestValue<ObservedJob>(() => {});
    const query = jobSubscription("1", onJob(selection));
    const operationLog = createOperationLog();
    const jobs = {
      load: () => Promise.reject(new Error("Expected events to be resolved from their state.")),
    };
    const result = await run(
      { query, documentId: null, operationName: null, variables: {} },
      { jobs, watch: () => stream, operationLog, signal: new AbortController().signal },
    );
    if (result.kind !== "stream") throw new Error("Expected a stream.");
    return { put, end, results: result.responses, operationLog };
  };
  return { watch, runs: () => runs };
}

const resultOf = async (results: AsyncGenerator<string, void>) => {
  const { value } = await results.next();
  return value === undefined ? undefined : JSON.parse(value).data.jobInstanceUpdated;
};

it("runs an operation once for all subscribers with the same selection", async () => {
  const { watch, runs } = createCounted();
  const subscribers = await Promise.all(Array.from({ length: 20 }, () => watch("name elapsedMs")));
  const publish = async (observed: ObservedJob) => {
    for (const { put } of subscribers) put(observed);
    return Promise.all(subscribers.map(({ results }) => resultOf(results)));
  };
  expect(await publish(jobAt(1_000))).toEqual(Array(20).fill({ name: "job", elapsedMs: 1_000 }));
  // A second run without times detects later whether anything else has changed.
  expect(runs()).toBe(2);
  expect(await publish(jobAt(2_000, "later"))).toEqual(Array(20).fill({ name: "later", elapsedMs: 2_000 }));
  expect(runs()).toBe(4);
  const same = jobAt(3_000, "later");
  for (const { put, end } of subscribers) {
    put(same);
    end();
  }
  expect(await Promise.all(subscribers.map(({ results }) => resultOf(results)))).toEqual(
    Array(20).fill(undefined),
  );
  expect(runs()).toBe(5);
});

it("runs it for each distinct selection, and not again for a state that was sent", async () => {
  const { watch, runs } = createCounted();
  const [one, two] = [await watch("name"), await watch("status")];
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

it("reports a failure at the path of the field, logs its code and ends", async () => {
  const { watch } = createCounted();
  const { end, results, operationLog } = await watch("name");
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
  expect(operationLog).toMatchObject({
    errorCodes: ["INTERNAL_SERVER_ERROR"],
    internalErrors: [new Error("database password")],
  });
  expect((await results.next()).done).toBe(true);
});
