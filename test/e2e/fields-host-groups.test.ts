/** Counts and groups of host results. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Queries a selection on every step of a job, and another on the job. */
const ask = (jobInstanceId: string, selection: string, ofJob = "") =>
  readJob(gateway, jobInstanceId, `${ofJob} steps { ${selection} }`);

const FAILED = "20000000002";
const EVERY_STATUS = "20000000008";
const EDGE_CASE_HOSTS = "20000000009";

describe("hostSummary", () => {
  const FIELDS =
    "total pending running succeeded failed stopped unknown byStatus { status statusCode count }";
  const NONE = {
    total: 0,
    pending: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    stopped: 0,
    unknown: 0,
    byStatus: [],
  };

  it("counts the results of a step, none for a step that was not reached", async () => {
    const { steps } = await ask(FAILED, `hostSummary { ${FIELDS} }`);

    expect(steps).toEqual([
      {
        hostSummary: {
          ...NONE,
          total: 12,
          succeeded: 3,
          failed: 9,
          byStatus: [
            { status: "AGENT_ABNORMAL", statusCode: 1, count: 1 },
            { status: "SUCCEEDED", statusCode: 9, count: 3 },
            { status: "FAILED", statusCode: 11, count: 1 },
            { status: "DISPATCH_FAILED", statusCode: 12, count: 1 },
            { status: "TASK_TIMEOUT", statusCode: 13, count: 1 },
            { status: "SCRIPT_NON_ZERO_EXIT", statusCode: 104, count: 5 },
          ],
        },
      },
      { hostSummary: NONE },
    ]);
  });

  it("counts the results of all steps of a job together", async () => {
    const { hostSummary, steps } = await ask(
      EVERY_STATUS,
      `hostSummary { ${FIELDS} }`,
      `hostSummary { ${FIELDS} }`,
    );

    expect(hostSummary).toMatchObject({
      total: 33,
      pending: 1,
      running: 1,
      succeeded: 2,
      failed: 27,
      stopped: 1,
      unknown: 1,
    });
    expect(hostSummary.byStatus).toHaveLength(33);
    expect(hostSummary.byStatus.at(-1)).toEqual({ status: "UNRECOGNIZED", statusCode: 777, count: 1 });
    const total = steps.reduce(
      (sum: number, step: { hostSummary: { total: number } }) => sum + step.hostSummary.total,
      0,
    );
    expect(total).toBe(33);
  });

  it("counts results, not hosts", async () => {
    const { hostSummary } = await ask(EDGE_CASE_HOSTS, "name", "hostSummary { total failed }");

    // Five hosts in one step; three hosts with three batches each in the other.
    expect(hostSummary).toEqual({ total: 14, failed: 1 });
  });
});

describe("hostGroups", () => {
  const groupsOf = async (args: string, fields: string) =>
    (await ask(FAILED, `hostGroups${args} { ${fields} count }`)).steps[0].hostGroups.map(Object.values);

  it("are by status and tag by default, with results without a tag first", async () => {
    expect(await groupsOf("", "statusCode tag exitCode")).toEqual([
      [1, null, null, 1],
      [9, null, null, 3],
      [11, null, null, 1],
      [12, null, null, 1],
      [13, null, null, 1],
      [104, null, null, 1],
      [104, "disk full", null, 3],
      [104, "port in use", null, 1],
    ]);
  });

  it.each([
    [
      "STATUS",
      [
        ["AGENT_ABNORMAL", 1, null, null, 1],
        ["SUCCEEDED", 9, null, null, 3],
        ["FAILED", 11, null, null, 1],
        ["DISPATCH_FAILED", 12, null, null, 1],
        ["TASK_TIMEOUT", 13, null, null, 1],
        ["SCRIPT_NON_ZERO_EXIT", 104, null, null, 5],
      ],
    ],
    [
      "TAG",
      [
        [null, null, null, null, 8],
        [null, null, "disk full", null, 3],
        [null, null, "port in use", null, 1],
      ],
    ],
    [
      "EXIT_CODE",
      [
        [null, null, null, 0, 5],
        [null, null, null, 1, 2],
        [null, null, null, 2, 1],
        [null, null, null, 98, 1],
        [null, null, null, 124, 1],
        [null, null, null, 127, 1],
        [null, null, null, 255, 1],
      ],
    ],
    [
      "TAG, EXIT_CODE, TAG",
      [
        [null, null, null, 0, 5],
        [null, null, null, 124, 1],
        [null, null, null, 127, 1],
        [null, null, null, 255, 1],
        [null, null, "disk full", 1, 2],
        [null, null, "disk full", 2, 1],
        [null, null, "port in use", 98, 1],
      ],
    ],
    ["", [[null, null, null, null, 12]]],
  ])("are by the given keys: [%s]", async (by, expected) => {
    expect(await groupsOf(`(by: [${by}])`, "status statusCode tag exitCode")).toEqual(expected);
  });

  it("start with results without an exit code", async () => {
    const rows = [0, undefined, -1, -2_147_483_648].map((exit_code, index) => hostRow(index, { exit_code }));
    scriptJob(gateway.simulator, "1", { steps: [stepRow({ step_ip_result_list: rows })] });

    const { steps } = await ask("1", "hostGroups(by: [EXIT_CODE]) { exitCode }");

    expect(steps[0].hostGroups.map(({ exitCode }: { exitCode: number | null }) => exitCode)).toEqual([
      null,
      -2_147_483_648,
      -1,
      0,
    ]);
  });

  it("distinguish unknown statuses by their numbers", async () => {
    const rows = [777, 42, 777].map((status, index) => hostRow(index + 1, { status }));
    scriptJob(gateway.simulator, "1", { steps: [stepRow({ step_ip_result_list: rows })] });

    const { steps } = await ask("1", "hostGroups(by: [STATUS]) { status statusCode count }");

    expect(steps[0].hostGroups).toEqual([
      { status: "UNRECOGNIZED", statusCode: 42, count: 1 },
      { status: "UNRECOGNIZED", statusCode: 777, count: 2 },
    ]);
  });

  it("contain only results that match the filter", async () => {
    const groups = (tags: string) => groupsOf(`(by: [TAG], filter: { tags: [${tags}] })`, "tag");

    expect(await groups('"disk full", null')).toEqual([
      [null, 8],
      ["disk full", 3],
    ]);
    expect(await groups('"no such tag"')).toEqual([]);
    expect(await groupsOf("(by: [], filter: { tags: [] })", "tag")).toEqual([]);
  });

  it("have their own pages and orders of results", async () => {
    const page = async (after: string | null) => {
      const { steps } = await ask(
        FAILED,
        `hostGroups(by: [TAG], filter: { tags: ["disk full"] }) {
          count
          hostResults(first: 2, after: ${JSON.stringify(after)}, orderBy: { field: IP, direction: DESC }) {
            totalCount nodes { ip tag } pageInfo { hasNextPage endCursor }
          }
        }`,
      );
      return steps[0].hostGroups[0];
    };
    const first = await page(null);
    const { endCursor } = first.hostResults.pageInfo;

    const tag = "disk full";
    expect(first).toMatchObject({
      count: 3,
      hostResults: {
        totalCount: 3,
        nodes: [
          { ip: "10.0.0.25", tag },
          { ip: "10.0.0.24", tag },
        ],
        pageInfo: { hasNextPage: true },
      },
    });
    expect(await page(endCursor)).toMatchObject({
      count: 3,
      hostResults: { totalCount: 3, nodes: [{ ip: "10.0.0.23", tag }], pageInfo: { hasNextPage: false } },
    });
  });
});
