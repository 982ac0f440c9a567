/** Every scripted job of the simulator in both dialects, with every field of the SDL selected. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DIALECT_NAMES, type Dialect } from "../../src/simulator/render.ts";
import { SCRIPTED_JOBS } from "../../src/simulator/scripted-jobs.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { wholeSelection } from "./whole-selection.ts";

const QUERY = `query Whole($ref: JobInstanceRef!) {
  jobInstance(ref: $ref) ${wholeSelection("JobInstanceResult")}
}`;

const SCOPE_TYPES: Readonly<Record<string, string>> = { biz: "BIZ", biz_set: "BIZ_SET" };

function refOf({ id, scope }: { readonly id: string; readonly scope: string }) {
  const [type = "", scopeId] = scope.split(":");
  return { scopeType: SCOPE_TYPES[type], scopeId, jobInstanceId: id };
}

/** Number of host results over all steps in the documented dialect, and in the released one if it has more. */
const HOST_RESULTS: Readonly<Record<string, readonly [contract: number, release?: number]>> = {
  100: [1],
  20000000001: [12],
  20000000002: [12],
  20000000003: [6],
  20000000004: [2],
  20000000005: [1, 4],
  20000000006: [10_000],
  20000000007: [50_000],
  20000000008: [33],
  20000000009: [14],
  20000000010: [0],
  20000000011: [9],
  20000000012: [0],
  20000000013: [1],
  20000000014: [2],
  20000000015: [2],
  20000000016: [2],
  "9007199254740993": [3],
};

const OTHERS: Readonly<Record<string, string>> = {
  20000000403: "PermissionDenied",
  20000000404: "JobInstanceNotFound",
};

it("has expectations for every scripted job", () => {
  const known = [...Object.keys(HOST_RESULTS), ...Object.keys(OTHERS)];
  expect(known.toSorted()).toEqual(SCRIPTED_JOBS.map(({ id }) => id).toSorted());
});

describe.each(Object.keys(DIALECT_NAMES) as Dialect[])("in the dialect «%s»", (dialect) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ simulator: { dialect } });
  });
  afterAll(() => gateway.close());

  it.each(SCRIPTED_JOBS)("$id is returned without an error: $title", async (job) => {
    const before = gateway.simulator.requests.length;

    const { data, errors } = await gateway.ask(QUERY, { ref: refOf(job) });

    expect(errors).toBeUndefined();
    expect(data.jobInstance.__typename).toBe(OTHERS[job.id] ?? "JobInstance");
    expect(gateway.simulator.requests.length - before).toBe(1);
    const [contract, release = contract] = HOST_RESULTS[job.id] ?? [];
    expect(data.jobInstance.hostSummary?.total).toBe(dialect === "contract" ? contract : release);
  });
});
