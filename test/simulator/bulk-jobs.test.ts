import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { ask, askData, column, rowsOf } from "./ask.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator();
});
afterAll(() => simulator.close());

describe("bulk jobs", () => {
  it("should name their host count in their id", () => {
    expect(bulkJobId(1_000, 7)).toBe("40010000007");
  });

  it.each([0, 1, 200, 2_000, 100_000])(
    "should have %d hosts, every 20th of them failed",
    async (hostCount) => {
      const { step_instance_list } = await askData(simulator, { job: bulkJobId(hostCount, 1) });
      const statuses = column(rowsOf(step_instance_list[0]), "status");
      expect(statuses).toHaveLength(hostCount);
      expect(statuses.filter((status) => status !== 9)).toHaveLength(Math.floor(hostCount / 20));
    },
  );

  it("should fail in a few groups of status, tag and exit code", async () => {
    const { step_instance_list } = await askData(simulator, { job: bulkJobId(2_000) });
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

  it("should differ in nothing but their ids", async () => {
    const [one, other] = [bulkJobId(3, 1), bulkJobId(3, 2)];
    const text = async (job: string) =>
      (await ask(simulator, { job })).text.replace(/"job_request_id":.*/, "");
    expect((await text(one)).replaceAll(one, other)).toBe(await text(other));
  });

  it.each([20_000_000_006, 20_000_000_007])("should lend their rows to %d", async (id) => {
    const { step_instance_list } = await askData(simulator, { job: String(id) });
    expect(rowsOf(step_instance_list[0])).toHaveLength(id === 20_000_000_006 ? 10_000 : 50_000);
  });

  it.each([
    ["more than 100 000 hosts", { job: bulkJobId(100_001) }],
    ["another scope", { job: bulkJobId(1), scope: "biz:2" }],
  ])("should not exist with %s", async (_, question) => {
    expect((await ask(simulator, question)).status).toBe(404);
  });
});
