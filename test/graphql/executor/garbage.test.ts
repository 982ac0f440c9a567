/** What an executed operation leaves behind in memory. */
import { getHeapSpaceStatistics } from "node:v8";
import { expect, it } from "vitest";
import type { GraphQLContext } from "../../../src/graphql/context.ts";
import { formatGraphQLError } from "../../../src/graphql/errors.ts";
import { createPlanExecutor } from "../../../src/graphql/executor/plan-executor.ts";
import { createPlanner } from "../../../src/graphql/executor/planner.ts";
import { createPrepare } from "../../../src/graphql/operation/prepare.ts";
import { isInvalid } from "../../../src/graphql/operation/request-errors.ts";
import { createSchema } from "../../../src/graphql/schema.ts";
import { decodeJobInstance } from "../../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../../src/upstream/json-body.ts";
import { jobQuery, onJob } from "../../support/ask.ts";
import { collectYoungGarbage } from "../../support/garbage.ts";
import { jobBytes, stepRow } from "../../support/job-payload.ts";
import { DOCUMENT_LIMITS } from "../../support/limits.ts";

const schema = createSchema();
const { prepare } = createPrepare({
  schema,
  createPlan: createPlanner(schema),
  maxBytes: 2 ** 24,
  limits: DOCUMENT_LIMITS,
});
const execute = createPlanExecutor({ maxResponseBytes: 2 ** 26, formatError: formatGraphQLError });

const body = jobBytes({
  steps: [stepRow({ step_ip_result_list: [{ bk_host_id: 1, ip: "10.0.0.1", status: 9 }] })],
});
const job = decodeJobInstance(createBodyReader()(body, "hosts"), {
  requiredData: "hosts",
  observedAt: 0,
  upstreamRequestId: null,
});

async function run(selection: string): Promise<void> {
  const prepared = prepare(jobQuery("1", onJob(selection)), null);
  if (isInvalid(prepared)) throw new Error(JSON.stringify(prepared.errors));
  const plan = prepared.planFor({});
  const context: GraphQLContext = {
    jobs: { load: async () => job },
    watch: null,
    signal: new AbortController().signal,
    examineRows: () => {},
    requiredData: plan.requiredData,
  };
  const { release } = await execute({ source: prepared, plan, variables: {}, context });
  release();
}

/** Bytes on the heap outside of the space for new objects. */
const oldBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith("new"))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);

it.each([
  ["without host results", "name status steps { name status }"],
  ["with host results", "steps { hostResults { nodes { id ip status } } hostGroups { tag count } }"],
])("leaves nothing of an operation %s that only a major garbage collection frees", async (_, selection) => {
  const operations = 500;
  // Compiled code and inline caches grow at first.
  for (let warmUp = 0; warmUp < 4 * operations; warmUp += 1) await run(selection);
  collectYoungGarbage();
  const before = oldBytes();

  for (let done = 0; done < operations; done += 1) {
    await run(selection);
    if (done % 50 === 0) collectYoungGarbage();
  }
  collectYoungGarbage();

  expect((oldBytes() - before) / operations).toBeLessThan(500);
});
