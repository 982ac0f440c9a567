/** Fields of jobs and steps. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobQuery, onJob, readJob } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ask = (jobInstanceId: string, selection: string) => readJob(gateway, jobInstanceId, selection);

const FAILED = "20000000002";
const WAITING_FOR_CONFIRMATION = "20000000004";
const SKIPPED_AND_IGNORED = "20000000011";
const BIG_IDS = "9007199254740993";

describe("url", () => {
  const FIELDS = "url steps { url }";

  it.each(["https://job.example.com/bk", "https://job.example.com/bk/"])(
    "is the page of BlueKing Job at %s",
    async (site) => {
      const { ask } = await useGateway({ config: { jobSiteUrl: new URL(site) } });
      const { data, errors } = await ask(jobQuery(BIG_IDS, onJob(FIELDS)));
      expect(errors).toBeUndefined();
      expect(data).toEqual({
        jobInstance: {
          url: "https://job.example.com/bk/api_execute/9007199254740993",
          steps: [{ url: "https://job.example.com/bk/api_execute_step/9007199254740993/9007199254740995" }],
        },
      });
    },
  );

  it("is null without a site", async () => {
    expect(await ask(BIG_IDS, FIELDS)).toEqual({ url: null, steps: [{ url: null }] });
  });
});

describe("steps", () => {
  const namesOf = async (filter: string) =>
    (await ask(SKIPPED_AND_IGNORED, `steps${filter} { name }`)).steps.map(
      ({ name }: { name: string }) => name,
    );
  const [IGNORED, SKIPPED, SUCCEEDED] = ["预检（忽略错误）", "下发旧版配置", "下发新版配置"];

  it.each([
    ["", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: null)", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: {})", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: { types: null })", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: { types: [SCRIPT] })", [IGNORED]],
    ["(filter: { types: [SCRIPT, FILE] })", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: { statuses: [SKIPPED, ERROR_IGNORED] })", [IGNORED, SKIPPED]],
    ["(filter: { phases: [SUCCEEDED] })", [IGNORED, SKIPPED, SUCCEEDED]],
    ["(filter: { phases: [FAILED] })", []],
    ["(filter: { statuses: [SKIPPED], types: [FILE] })", [SKIPPED]],
    ["(filter: { statuses: [SKIPPED], types: [SCRIPT] })", []],
    ["(filter: { types: [] })", []],
    ["(filter: { statuses: [], types: [FILE] })", []],
  ])("%s are those that match every condition, in the upstream's order", async (filter, expected) => {
    expect(await namesOf(filter)).toEqual(expected);
  });

  it("can be filtered by unknown values", async () => {
    scriptJob(gateway.simulator, "1", {
      steps: [stepRow({ step_instance_id: 1, type: 9 }), stepRow({ step_instance_id: 2, status: 42 })],
    });

    expect(
      await ask(
        "1",
        `types: steps(filter: { types: [UNRECOGNIZED] }) { stepInstanceId }
         statuses: steps(filter: { statuses: [UNRECOGNIZED] }) { stepInstanceId }
         phases: steps(filter: { phases: [UNKNOWN] }) { stepInstanceId }`,
      ),
    ).toEqual({
      types: [{ stepInstanceId: "1" }],
      statuses: [{ stepInstanceId: "2" }],
      phases: [{ stepInstanceId: "2" }],
    });
  });

  it("are empty for a job without steps", async () => {
    scriptJob(gateway.simulator, "1", { steps: [] });

    expect(
      await ask("1", "steps { name } currentStep { name } stepSummary { total } hostSummary { total }"),
    ).toEqual({ steps: [], currentStep: null, stepSummary: { total: 0 }, hostSummary: { total: 0 } });
  });
});

describe("step", () => {
  it("is the step with the id, given as a string or as a number", async () => {
    const { asText, asNumber } = await ask(
      FAILED,
      `asText: step(stepInstanceId: "20000010022") { name }
       asNumber: step(stepInstanceId: 20000010022) { name }`,
    );

    expect(asText).toEqual({ name: "上报磁盘用量" });
    expect(asNumber).toEqual(asText);
  });

  it.each(["20000010011", "0", "", "first", "020000010022"])(
    "is null if the job has no step %j",
    async (id) => {
      expect(await ask(FAILED, `step(stepInstanceId: "${id}") { name }`)).toEqual({ step: null });
    },
  );
});

describe("currentStep", () => {
  it("is the step that waits for its user", async () => {
    expect(await ask(WAITING_FOR_CONFIRMATION, "currentStep { name status hostSummary { total } }")).toEqual({
      currentStep: { name: "DBA 确认", status: "WAITING_USER", hostSummary: { total: 0 } },
    });
  });

  it.each([
    ["running", [3, 2, 1], "2"],
    ["stopping", [3, 10, 1], "2"],
    ["waiting for its user", [7, 1], "1"],
    ["the first of two", [2, 7], "1"],
    ["none while a job waits to start", [1, 1], null],
    ["none between rolling batches", [3, 15], null],
    ["none when all steps have ended", [3, 4, 5, 6, 8, 9, 11, 13, 14], null],
    ["none if the status is unknown", [42], null],
  ])("is %s", async (_case, statuses, expected) => {
    scriptJob(gateway.simulator, "1", {
      steps: statuses.map((status, index) => stepRow({ step_instance_id: index + 1, status })),
    });

    const { currentStep } = await ask("1", "currentStep { stepInstanceId }");

    expect(currentStep?.stepInstanceId ?? null).toBe(expected);
  });
});

it("stepSummary counts steps by phase and by status", async () => {
  const statuses = [3, 15, 2, 1, 7, 10, 4, 5, 6, 11, 3, 42, 14];
  scriptJob(gateway.simulator, "1", {
    steps: statuses.map((status, index) => stepRow({ step_instance_id: index + 1, status })),
  });

  const { stepSummary } = await ask(
    "1",
    `stepSummary {
      total pending running waitingUser succeeded failed stopped unknown
      byStatus { status statusCode count }
    }`,
  );

  expect(stepSummary).toEqual({
    total: 13,
    pending: 2,
    running: 2,
    waitingUser: 1,
    succeeded: 4,
    failed: 2,
    stopped: 1,
    unknown: 1,
    byStatus: [
      { status: "PENDING", statusCode: 1, count: 1 },
      { status: "RUNNING", statusCode: 2, count: 1 },
      { status: "SUCCEEDED", statusCode: 3, count: 2 },
      { status: "FAILED", statusCode: 4, count: 1 },
      { status: "SKIPPED", statusCode: 5, count: 1 },
      { status: "ERROR_IGNORED", statusCode: 6, count: 1 },
      { status: "WAITING_USER", statusCode: 7, count: 1 },
      { status: "STOPPING", statusCode: 10, count: 1 },
      { status: "STOPPED", statusCode: 11, count: 1 },
      { status: "ABANDONED", statusCode: 14, count: 1 },
      { status: "ROLLING_WAITING", statusCode: 15, count: 1 },
      { status: "UNRECOGNIZED", statusCode: 42, count: 1 },
    ],
  });
});

describe("isFinished", () => {
  it.each([true, false])("of a job is the upstream's value, whatever the status: %s", async (finished) => {
    for (const status of [2, 3, 42]) {
      scriptJob(gateway.simulator, "1", { finished, fields: { status } });
      expect(await ask("1", "isFinished")).toEqual({ isFinished: finished });
    }
  });

  it("of a step is whether its phase is terminal", async () => {
    const statuses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 42];
    scriptJob(gateway.simulator, "1", {
      steps: statuses.map((status, index) => stepRow({ step_instance_id: index + 1, status })),
    });

    const { steps } = await ask("1", "steps { statusCode phase isFinished }");

    for (const { phase, isFinished } of steps) {
      expect([phase, isFinished]).toEqual([phase, ["SUCCEEDED", "FAILED", "STOPPED"].includes(phase)]);
    }
    expect(steps.filter(({ isFinished }: { isFinished: boolean }) => isFinished)).toHaveLength(9);
  });
});

it("retryCount is the number of retries of a step", async () => {
  const { steps } = await ask(FAILED, "steps { retryCount }");

  expect(steps).toEqual([{ retryCount: 1 }, { retryCount: 0 }]);
});

it("ids are unique among jobs and steps, and stable", async () => {
  const read = async (id: string) => ask(id, "id steps { id }");
  const first = [await read(FAILED), await read(WAITING_FOR_CONFIRMATION)];

  expect([await read(FAILED), await read(WAITING_FOR_CONFIRMATION)]).toEqual(first);
  const ids = first.flatMap(({ id, steps }) => [id, ...steps.map((step: { id: string }) => step.id)]);
  expect(new Set(ids).size).toBe(ids.length);
});

it("upstreamRequestId is the request id of the response with the state", async () => {
  scriptJob(gateway.simulator, "1", {});

  expect(await ask("1", "upstreamRequestId")).toEqual({ upstreamRequestId: "request-1" });
});
