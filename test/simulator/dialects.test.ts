/** The documented and the released dialect of responses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulator, type Dialect, type Simulator } from "../../src/simulator/simulator.ts";
import { DOCUMENTED_EXAMPLE } from "../data/documented-example.ts";
import { call, callForData, column, type Fields, rowsOf } from "./call.ts";

const simulators = {} as Record<Dialect, Simulator>;
beforeAll(async () => {
  for (const dialect of ["contract", "release"] as const)
    simulators[dialect] = await createSimulator({ dialect });
});
afterAll(() => Promise.all(Object.values(simulators).map((simulator) => simulator.close())));

describe("the contract's dialect", () => {
  it("returns the documented example verbatim", async () => {
    const reply = await call(simulators.contract, { job: "100", query: { return_ip_result: "true" } });
    expect(reply.text).toBe(JSON.stringify(JSON.parse(DOCUMENTED_EXAMPLE)));
  });

  it("leaves out rows of containers, which it cannot express", async () => {
    const { step_instance_list } = await callForData(simulators.contract, { job: "20000000005" });
    expect(column(rowsOf(step_instance_list[0]), "ip")).toEqual(["10.0.1.44"]);
  });
});

describe("the release's dialect", () => {
  it("describes hosts and containers as execute objects", async () => {
    const { step_instance_list } = await callForData(simulators.release, { job: "20000000005" });
    const objects = column(rowsOf(step_instance_list[0]), "execute_object") as Fields[];
    expect(objects.map(({ type }) => type).toSorted()).toEqual([1, 2, 2, 2]);
    expect(objects.find(({ type }) => type === 1)).toMatchObject({
      resource_id: "2000300",
      host: {
        bk_host_id: 2_000_300,
        bk_cloud_id: 0,
        bk_cloud_name: "Default Area",
        ip: "10.0.1.44",
        alive: 1,
      },
    });
    expect(objects.find(({ resource_id }) => resource_id === "503")).toMatchObject({
      container: { id: 503, name: "order-cron", node_host_id: 2_000_300 },
    });
  });

  it("writes the resource id of a host without an id as the string null", async () => {
    const { step_instance_list } = await callForData(simulators.release, { job: "20000000009" });
    const objects = column(rowsOf(step_instance_list[0]), "execute_object") as Fields[];
    const history = objects.filter(({ resource_id }) => resource_id === "null");
    expect(history).toHaveLength(2);
    for (const { host } of history) expect(host).not.toHaveProperty("bk_host_id");
  });
});

describe.each([
  { dialect: "contract", flag: "return_ip_result", listKey: "step_ip_result_list" },
  {
    dialect: "release",
    flag: "return_execute_object_result",
    listKey: "step_execute_object_result_list",
  },
] as const)("host lists of the $dialect dialect", ({ dialect, flag, listKey }) => {
  const other = flag === "return_ip_result" ? "return_execute_object_result" : "return_ip_result";
  const stepOf = async (query: Record<string, string>) => {
    const reply = await call(simulators[dialect], { job: "20000000001", query });
    return reply.json().data.step_instance_list[0];
  };

  it.each(["true", "TRUE", "1", "on", "Yes"])("are returned for %s", async (value) => {
    expect(await stepOf({ [flag]: value })).toHaveProperty(listKey);
  });

  it.each(["false", "False", "0", "off", "NO", ""])("are left out for «%s»", async (value) => {
    expect(rowsOf(await stepOf({ [flag]: value }))).toBeUndefined();
  });

  it("are left out if only the flag of the other dialect is sent, whatever its value", async () => {
    expect(rowsOf(await stepOf({ [other]: "true" }))).toBeUndefined();
    expect(rowsOf(await stepOf({ [other]: "maybe" }))).toBeUndefined();
  });

  it("reject a flag that is not a boolean", async () => {
    const reply = await call(simulators[dialect], { job: "20000000001", query: { [flag]: "maybe" } });
    expect(reply.status).toBe(400);
    expect(reply.json().error.code).toBe("INVALID_ARGUMENT");
  });

  it.each(["20000000001", "20000000009", "40000300001"])(
    "have the same rows in a different order at the next read of %s",
    async (job) => {
      const read = async () => {
        const { step_instance_list } = await callForData(simulators[dialect], { job });
        return (rowsOf(step_instance_list[0]) ?? []).map((row) => JSON.stringify(row));
      };
      const [first, second] = [await read(), await read()];
      expect(second).not.toEqual(first);
      expect(second.toSorted()).toEqual(first.toSorted());
      expect(new Set(first).size).toBe(first.length);
    },
  );
});
