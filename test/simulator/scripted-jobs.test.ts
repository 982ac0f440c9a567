/** The scripted jobs of the simulator. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOST_STATUSES } from "../../src/model/status.ts";
import { SCRIPTED_JOBS } from "../../src/simulator/scripted-jobs.ts";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { BOTH_FLAGS, call, callForData, column, type Fields, rowsOf } from "./call.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator({ dialect: "contract" });
});
afterAll(() => simulator.close());

const ascending = (values: unknown[]) => (values as number[]).toSorted((a, b) => a - b);

describe("every scripted job", () => {
  it("has a unique id", () => {
    expect(new Set(SCRIPTED_JOBS.map(({ id }) => id)).size).toBe(SCRIPTED_JOBS.length);
  });

  it.each(SCRIPTED_JOBS.filter(({ id }) => id !== "20000000403" && id !== "20000000404"))(
    "is found by its id in its scope: $id",
    async ({ id, scope }) => {
      const reply = await call(simulator, { job: id, scope });
      expect(reply.status).toBe(200);
      expect(reply.text).toContain(`"job_instance_id":${id},`);
    },
  );

  it.each(SCRIPTED_JOBS)("is not found in another scope: $id", async ({ id }) => {
    const reply = await call(simulator, { job: id, scope: "biz:2" });
    expect(reply.status).toBe(404);
    expect(reply.json().error.details?.[0]?.code).toBe("1244006");
  });
});

/** Job, then its steps, as `[type, status]`. */
const SHAPES: [id: string, finished: boolean, status: number, steps: [number, number][]][] = [
  [
    "20000000001",
    true,
    3,
    [
      [1, 3],
      [2, 3],
      [1, 3],
    ],
  ],
  [
    "20000000002",
    true,
    4,
    [
      [1, 4],
      [1, 1],
    ],
  ],
  [
    "20000000003",
    false,
    2,
    [
      [1, 2],
      [2, 1],
      [1, 1],
    ],
  ],
  [
    "20000000004",
    false,
    7,
    [
      [1, 3],
      [3, 7],
      [1, 1],
    ],
  ],
  ["20000000005", true, 4, [[1, 4]]],
  ["20000000006", true, 4, [[1, 4]]],
  ["20000000007", true, 4, [[1, 4]]],
  [
    "20000000008",
    false,
    2,
    [
      [1, 6],
      [2, 2],
    ],
  ],
  [
    "20000000009",
    true,
    4,
    [
      [1, 3],
      [2, 4],
    ],
  ],
  ["20000000010", false, 1, [[1, 1]]],
  [
    "20000000011",
    true,
    3,
    [
      [1, 6],
      [2, 5],
      [2, 3],
    ],
  ],
  [
    "20000000012",
    false,
    7,
    [
      [3, 7],
      [1, 1],
    ],
  ],
  ["20000000013", false, 99, [[9, 42]]],
  ["20000000014", true, 3, [[1, 3]]],
  [
    "20000000016",
    false,
    2,
    [
      [1, 2],
      [1, 1],
    ],
  ],
];

describe("a scripted job", () => {
  it.each(SHAPES)("%s has isFinished %s and status %d", async (job, finished, status, steps) => {
    const { data } = (await call(simulator, { job })).json();
    expect(data.finished).toBe(finished);
    expect(data.job_instance.status).toBe(status);
    expect(data.step_instance_list.map((step) => [step.type, step.status])).toEqual(steps);
  });

  it("is in its scope", async () => {
    const businessSet = await callForData(simulator, { job: "20000000015", scope: "biz_set:9991001" });
    expect(businessSet.job_instance).toMatchObject({ bk_scope_type: "biz_set", bk_scope_id: "9991001" });
    expect(businessSet.job_instance).not.toHaveProperty("bk_biz_id");
    const tenantSet = await callForData(simulator, { job: "20000000014" });
    expect(tenantSet.job_instance.bk_scope_type).toBe("tenant_set");
  });

  it("has a request id in body and header, different for each call", async () => {
    const [first, second] = [
      await call(simulator, { job: "20000000001" }),
      await call(simulator, { job: "20000000001" }),
    ];
    expect(first.headers.get("x-bk-job-request-id")).toBe(first.json().job_request_id);
    expect(second.json().job_request_id).not.toBe(first.json().job_request_id);
  });
});

describe("absent fields", () => {
  const spanOf = (fields: Fields | undefined) =>
    ["start_time", "end_time", "total_time"].filter((name) => fields && name in fields);

  it.each([
    ["20000000001", ["start_time", "end_time", "total_time"], ["start_time", "end_time", "total_time"]],
    ["20000000002", ["start_time", "end_time", "total_time"], []],
    ["20000000004", ["start_time"], []],
    ["20000000010", [], []],
  ])("%s has only the times that the job and its last step have reached", async (job, ofJob, ofStep) => {
    const { data } = (await call(simulator, { job })).json();
    expect(spanOf(data.job_instance)).toEqual(ofJob);
    expect(spanOf(data.step_instance_list.at(-1))).toEqual(ofStep);
  });

  it("include the total time of a skipped step", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000011" });
    expect(spanOf(step_instance_list[1])).toEqual(["start_time", "end_time"]);
  });

  it("include the host list of steps that have not started and of confirmations", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000004" });
    expect(step_instance_list.map((step) => rowsOf(step)?.length)).toEqual([2, undefined, undefined]);
  });

  it("include times and exit codes that the status of a host does not have", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000008" });
    const rows = step_instance_list.flatMap((step) => rowsOf(step) ?? []);
    const byStatus = new Map(rows.map((row) => [row.status, row]));
    expect(spanOf(byStatus.get(5))).toEqual([]);
    expect(spanOf(byStatus.get(7))).toEqual(["start_time"]);
    for (const status of [2, 5, 7, 15, 18, 202]) expect(byStatus.get(status)).not.toHaveProperty("exit_code");
    expect(byStatus.get(104)).toHaveProperty("exit_code", 1);
  });

  it("are written as null, and lists as [], by old servers", async () => {
    const { data } = (await call(simulator, { job: "20000000016" })).json();
    expect(data.job_instance).toMatchObject({ end_time: null, total_time: null });
    expect(data.step_instance_list.map(rowsOf)).toEqual([[], []]);
    const { step_instance_list } = await callForData(simulator, { job: "20000000016" });
    expect(rowsOf(step_instance_list[0])).toContainEqual(
      expect.objectContaining({ bk_host_id: null, tag: null, exit_code: null, end_time: null }),
    );
    expect(step_instance_list[1]).toMatchObject({ start_time: null, step_ip_result_list: [] });
  });
});

describe("hosts", () => {
  it("fail in several ways in the failed job", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000002" });
    const rows = rowsOf(step_instance_list[0]);
    expect(ascending([...new Set(column(rows, "status"))])).toEqual([1, 9, 11, 12, 13, 104]);
    expect(new Set(column(rows, "tag"))).toEqual(new Set(["", "disk full", "port in use"]));
    expect(new Set(column(rows, "exit_code"))).toEqual(new Set([0, 1, 2, 98, 124, 127, 255]));
  });

  it("have every documented status once, and an unknown one", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000008" });
    const statuses = step_instance_list.flatMap((step) => column(rowsOf(step), "status"));
    expect(ascending(statuses)).toEqual(ascending([...HOST_STATUSES.keys(), 777]));
  });

  it("have no address if they have IPv6 only, and no id if they predate host ids", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000009" });
    const rows = rowsOf(step_instance_list[0]) ?? [];
    expect(rows.filter((row) => !("ip" in row))).toHaveLength(2);
    expect(rows.filter((row) => !("bk_host_id" in row))).toHaveLength(2);
  });

  it("have several rows in a step with several batches, with 100 ms for no measurable time", async () => {
    const { step_instance_list } = await callForData(simulator, { job: "20000000009" });
    const rows = rowsOf(step_instance_list[1]) ?? [];
    expect([rows.length, new Set(column(rows, "bk_host_id")).size]).toEqual([9, 3]);
    const instant = rows.filter((row) => row.end_time === row.start_time);
    expect(column(instant, "total_time")).toEqual([100, 100, 100]);
  });
});

describe("numbers", () => {
  it("keep every digit of ids above 2^53", async () => {
    const { text } = await call(simulator, { job: "9007199254740993", query: BOTH_FLAGS });
    const ids = [...text.matchAll(/"(?:job_instance|step_instance|bk_host)_id":(\d+)/g)].map(([, id]) => id);
    expect(ids.toSorted()).toEqual([
      "9007199254740993",
      "9007199254740995",
      "9007199254740997",
      "9007199254740999",
      "9007199254741001",
    ]);
  });

  it("exceed 31 bits for the total time of a restarted confirmation", async () => {
    const { job_instance } = await callForData(simulator, { job: "20000000012" });
    expect(job_instance.total_time).toBe(2_592_000_000);
  });
});

describe("access", () => {
  it("is denied to the forbidden job, with the permissions to apply for", async () => {
    const reply = await call(simulator, { job: "20000000403" });
    expect(reply.status).toBe(403);
    expect(reply.json().error).toMatchObject({
      code: "NO_PERMISSION",
      data: { system_id: "bk_job", actions: [{ id: "access_business" }] },
    });
  });

  it.each(["20000000404", "20000000999", "99"])("is not possible to the unknown job %s", async (job) => {
    const reply = await call(simulator, { job });
    expect(reply.status).toBe(404);
    expect(reply.json().error).toMatchObject({ code: "NOT_FOUND", details: [{ code: "1244006" }] });
  });
});
