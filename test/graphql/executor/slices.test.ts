/** Long executions run in slices: other requests run in between, and an aborted execution stops. */
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { GraphQLContext } from "../../../src/graphql/context.ts";
import { formatGraphQLError } from "../../../src/graphql/errors.ts";
import { createPlanExecutor } from "../../../src/graphql/executor/plan-executor.ts";
import { createPlanner } from "../../../src/graphql/executor/planner.ts";
import { createPrepare } from "../../../src/graphql/operation/prepare.ts";
import { isInvalid } from "../../../src/graphql/operation/request-errors.ts";
import { createSchema } from "../../../src/graphql/schema.ts";
import type { JobOutcome } from "../../../src/model/job-instance.ts";
import { createOperationLog } from "../../../src/model/operation-log.ts";
import { bulkJobId } from "../../../src/simulator/bulk-jobs.ts";
import { createSimulator } from "../../../src/simulator/simulator.ts";
import { createCaller } from "../../../src/upstream/caller.ts";
import { createUpstreamClient } from "../../../src/upstream/client.ts";
import { AUTHORIZATION, jobQuery, onJob } from "../../support/ask.ts";
import { DOCUMENT_LIMITS } from "../../support/limits.ts";

/** Number of filtered pages of an operation, each of which takes one slice. */
const PAGES = 20;

/** Longer than a slice, in milliseconds. */
const LONG_MS = 20;

const schema = createSchema();
const { prepare } = createPrepare({
  schema,
  createPlan: createPlanner(schema),
  maxBytes: 2 ** 24,
  limits: DOCUMENT_LIMITS,
});
const execute = createPlanExecutor({ maxResponseBytes: 2 ** 26, formatError: formatGraphQLError });

let job: JobOutcome;
/** Iterations of the event loop since the start of the test. */
let iteration = 0;

beforeAll(async () => {
  const simulator = await createSimulator({});
  const upstream = createUpstreamClient({
    baseUrl: new URL(simulator.url),
    timeoutMs: 60_000,
    maxBodyBytes: 2 ** 24,
    connections: 1,
    maxQueue: 1,
    proxy: null,
    retries: null,
    circuitBreaker: null,
  });
  job = await upstream.getJobInstance({
    ref: { scope: { typeRaw: "biz", id: "1" }, jobInstanceId: bulkJobId(200) },
    requiredData: "hosts",
    caller: createCaller({ authorization: AUTHORIZATION, tenantId: null, language: null }),
    operationLog: createOperationLog(),
    signal: new AbortController().signal,
  });
  await upstream.close();
  await simulator.close();
});

beforeEach(() => {
  iteration = 0;
  // Every call of the clock advances it past the end of a slice.
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    now += LONG_MS;
    return now;
  });
  let isCounting = true;
  const count = () => {
    iteration += 1;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  return () => {
    isCounting = false;
    clock.mockRestore();
  };
});

/** Runs an operation. @param onPage called when the execution reaches a page. */
function run(signal: AbortSignal, onPage: () => void) {
  const pages = Array.from(
    { length: PAGES },
    (_, index) => `p${index}: hostResults(filter: { ipContains: "1" }) { nodes { ip hostId } }`,
  );
  const query = jobQuery("1", onJob(`steps { ${pages.join(" ")} }`));
  const prepared = prepare(query, null);
  if (isInvalid(prepared)) throw new Error(JSON.stringify(prepared.errors));
  const plan = prepared.planFor({});
  const context: GraphQLContext = {
    jobs: { load: async () => job },
    watch: null,
    signal,
    examineRows: onPage,
    requiredData: plan.requiredData,
  };
  return execute({ source: prepared, plan, variables: {}, context });
}

const unaborted = () => new AbortController().signal;

describe("several long executions at once", () => {
  it("continue one at a time, each in a separate iteration of the event loop", async () => {
    const executions = [1, 2, 3, 4, 5];
    /** The iteration of each page. */
    const iterations: number[] = [];
    await Promise.all(executions.map(() => run(unaborted(), () => void iterations.push(iteration))));
    expect(iterations).toHaveLength(executions.length * PAGES);
    expect(new Set(iterations).size).toBe(iterations.length);
  });

  it("take turns, so that none waits for the end of another", async () => {
    const order: string[] = [];
    await Promise.all(["a", "b"].map((name) => run(unaborted(), () => void order.push(name))));
    expect(order.join("")).toBe("ab".repeat(PAGES));
  });
});

describe("an execution whose client has aborted", () => {
  const reason = new Error("client aborted");

  it("examines no more rows", async () => {
    const client = new AbortController();
    let pages = 0;
    const execution = run(client.signal, () => {
      pages += 1;
      if (pages === 3) client.abort(reason);
    });
    await expect(execution).rejects.toBe(reason);
    expect(pages).toBe(3);
    // A later execution has as many turns.
    await run(unaborted(), () => {});
    expect(pages).toBe(3);
  });

  it("writes no more rows", async () => {
    const client = new AbortController();
    let pages = 0;
    const execution = run(client.signal, () => {
      pages += 1;
      // Rows are written after all pages are computed, one page per iteration.
      if (pages === PAGES) setImmediate(() => setImmediate(() => client.abort(reason)));
    });
    await expect(execution).rejects.toBe(reason);
    expect(pages).toBe(PAGES);
  });
});
