/** Bulk jobs: any number of hosts, with rows of several kinds. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { ROW_KINDS, type RowKind } from "../../src/simulator/bulk-rows.ts";
import { createSimulator, type Dialect, type Simulator } from "../../src/simulator/simulator.ts";
import { BOTH_FLAGS, call, callForData, column, type Fields, rowsOf } from "./call.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator();
});
afterAll(() => simulator.close());

describe("bulk jobs", () => {
  it("have their host count in their id", () => {
    expect(bulkJobId(1_000, 7)).toBe("40010000007");
  });

  it.each([0, 1, 200, 2_000, 100_000])("have %d hosts, every 20th of which failed", async (hostCount) => {
    const { step_instance_list } = await callForData(simulator, { job: bulkJobId(hostCount, 1) });
    const statuses = column(rowsOf(step_instance_list[0]), "status");
    expect(statuses).toHaveLength(hostCount);
    expect(statuses.filter((status) => status !== 9)).toHaveLength(Math.floor(hostCount / 20));
  });

  it("fail in a few groups of status, tag and exit code", async () => {
    const { step_instance_list } = await callForData(simulator, { job: bulkJobId(2_000) });
    const groups = (rowsOf(step_instance_list[0]) ?? []).map((row) =>
      [row.status, row.tag, row.exit_code].join("|"),
    );
    expect(new Set(groups)).toEqual(
      new Set([
        "9||0",
        "104|disk full|1",
        "104|port in use|98",
        "104||127",
        "13||124",
        "11|lock held|255",
        "1||0",
      ]),
    );
  });

  it("differ only in their ids", async () => {
    const [one, other] = [bulkJobId(3, 1), bulkJobId(3, 2)];
    const text = async (job: string) =>
      (await call(simulator, { job })).text.replace(/"job_request_id":.*/, "");
    expect((await text(one)).replaceAll(one, other)).toBe(await text(other));
  });

  it.each([20_000_000_006, 20_000_000_007])("share their rows with job %d", async (id) => {
    const { step_instance_list } = await callForData(simulator, { job: String(id) });
    expect(rowsOf(step_instance_list[0])).toHaveLength(id === 20_000_000_006 ? 10_000 : 50_000);
  });

  it.each([
    ["more than 100 000 hosts", { job: bulkJobId(100_001) }],
    ["another scope", { job: bulkJobId(1), scope: "biz:2" }],
  ])("do not exist with %s", async (_, options) => {
    expect((await call(simulator, options)).status).toBe(404);
  });
});

describe("bulk jobs with rows of a kind", () => {
  let contract: Simulator;
  beforeAll(async () => {
    contract = await createSimulator({ dialect: "contract" });
  });
  afterAll(() => contract.close());

  const simulatorOf = (dialect: Dialect) => (dialect === "contract" ? contract : simulator);
  const readRows = async (dialect: Dialect, kind: RowKind, share: "some" | "all" = "all") => {
    const job = bulkJobId(1_000, 3, { kind, share });
    const { step_instance_list } = await callForData(simulatorOf(dialect), { job });
    return rowsOf(step_instance_list[0]) ?? [];
  };
  const readText = async (dialect: Dialect, kind: RowKind, share: "some" | "all" = "all") =>
    (await call(simulatorOf(dialect), { job: bulkJobId(200, 3, { kind, share }), query: BOTH_FLAGS })).text;
  const hostOf = (row: Fields): Fields =>
    ((row.execute_object as Fields | undefined)?.host as Fields | undefined) ?? row;

  it("have kind, share and host count in their id", () => {
    expect(bulkJobId(1_000, 7, { kind: "untidy", share: "all" })).toBe("50110010000007");
    expect(bulkJobId(1_000, 7, { kind: "escape", share: "some" })).toBe("50300010000007");
  });

  it("do not exist for an unknown kind", async () => {
    expect((await call(simulator, { job: "59910010000007" })).status).toBe(404);
  });

  it.each(["contract", "release"] as const)("have all hosts in every kind (%s)", async (dialect) => {
    for (const kind of ROW_KINDS) {
      for (const share of ["some", "all"] as const) {
        expect(await readRows(dialect, kind, share), `${kind}, ${share}`).toHaveLength(1_000);
      }
    }
  });

  it.each(["contract", "release"] as const)(
    "are as untidy as the rows of real servers (%s)",
    async (dialect) => {
      const rows = await readRows(dialect, "untidy");
      const tags = column(rows, "tag");
      const count = (isWanted: (row: Fields) => boolean) => rows.filter(isWanted).length;
      expect(tags.filter((tag) => /["\\\n\t]/.test(String(tag)))).toHaveLength(21);
      expect(tags.filter((tag) => /[^\0-\x7f]/.test(String(tag))).length).toBeGreaterThan(100);
      expect(count((row) => !("tag" in row))).toBe(10);
      expect(count((row) => row.exit_code == null)).toBeGreaterThanOrEqual(4);
      expect(count((row) => row.status === 7 && row.end_time == null)).toBe(2);
      expect(count((row) => row.exit_code === null)).toBe(dialect === "contract" ? 2 : 0);
      expect(
        count(
          (row) => hostOf(row) !== undefined && !("container" in hostOf(row)) && hostOf(row).ip === undefined,
        ),
      ).toBe(dialect === "contract" ? 4 : 6);
      expect(count((row) => (row.execute_object as Fields | undefined)?.type === 2)).toBe(
        dialect === "contract" ? 0 : 2,
      );
    },
  );

  it("have their keys in the order of released servers", async () => {
    const text = await readText("release", "tidy");
    expect(text).toMatch(
      /"step_execute_object_result_list":\[\{"status":9,"tag":"","execute_object":\{"type":1,"host":\{"bk_host_id":\d+,"bk_cloud_id":0,"bk_cloud_name":"Default Area","ip":"[\d.]+","bk_agent_id":"\w+","alive":1\},"resource_id":"\d+"\},"exit_code":0,"start_time":\d+,"end_time":\d+,"total_time":\d+\},/,
    );
    expect(text).toMatch(
      /"job_instance":\{"bk_biz_id":1,"bk_scope_type":"biz","bk_scope_id":"1","job_instance_id":/,
    );
  });

  it("have their keys in the order of the documentation's example", async () => {
    const text = await readText("contract", "tidy");
    expect(text).toMatch(
      /"step_ip_result_list":\[\{"bk_host_id":\d+,"ip":"[\d.]+","bk_cloud_id":0,"status":9,"tag":"","exit_code":0,"error_code":0,"start_time":\d+,"end_time":\d+,"total_time":\d+\},/,
    );
    expect(text).toMatch(/"step_instance_list":\[\{"status":4,"total_time":\d+,"name":/);
  });

  it.each([
    ["escape", /"tag":"[^"\\]*\\/g],
    ["non-ascii", /"tag":"[^"]*[^\0-\x7f]/g],
    ["large-id", /"bk_host_id":90071992547\d{5}/g],
    ["extra-field", /"labels":\{"zone":\["a",\{"rack":null\}\],"weight":-0.0015,"isSpare":false\}/g],
    ["null", /"tag":null,/g],
    ["exponent", /"total_time":[\d.]+e3/g],
    ["key-order", /\{"total_time":/g],
    ["container", /"execute_object":\{"type":2,"container":/g],
  ] as const)("have one irregularity, in some rows or in all rows: %s", async (kind, pattern) => {
    const count = async (share: "some" | "all") =>
      [...(await readText("release", kind, share)).matchAll(pattern)].length;
    expect(await count("some")).toBe(2);
    expect(await count("all")).toBe(200);
  });

  it("leave fields out if that is the irregularity", async () => {
    const rows = await readRows("release", "absent", "some");
    const irregular = rows.filter((row) => !("tag" in row));
    expect(irregular).toHaveLength(10);
    for (const name of ["exit_code", "end_time", "total_time"]) expect(irregular[0]).not.toHaveProperty(name);
  });

  it.each(["contract", "release"] as const)("have white space between all tokens (%s)", async (dialect) => {
    const [spaced, tidy] = [await readText(dialect, "white-space"), await readText(dialect, "tidy")];
    const withoutId = (text: string) => {
      const { data } = JSON.parse(text);
      return { ...data, job_instance: { ...data.job_instance, job_instance_id: 0 } };
    };
    expect(spaced.match(/\n +"status": \d+,\n/g)?.length).toBeGreaterThan(200);
    const [a, b] = [withoutId(spaced), withoutId(tidy)];
    const sorted = ({ step_instance_list: [step] }: typeof a) =>
      (rowsOf(step) ?? []).map((row) => JSON.stringify(row)).sort();
    expect(sorted(a)).toEqual(sorted(b));
  });
});
