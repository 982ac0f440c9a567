/** Scripts, recorded requests and the lifecycle of a simulator. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import { createSimulator, type SimulatedRequest, type Simulator } from "../../src/simulator/simulator.ts";
import { call, send } from "./call.ts";

let simulator: Simulator;
beforeEach(async () => {
  simulator = await createSimulator({ recordRequests: true, now: () => 1_234 });
});
afterEach(() => simulator.close());

describe("a script", () => {
  it.each<[string, SimulatedResponse, number, string]>([
    ["json", { kind: "json", status: 418, body: { id: 2n ** 60n } }, 418, '{"id":1152921504606846976}'],
    ["raw", { kind: "raw", status: 200, body: "text" }, 200, "text"],
    ["raw in chunks", { kind: "raw", status: 200, body: ["a", Buffer.from("b")] }, 200, "ab"],
    ["delayed", { kind: "delayed", delayMs: 5, response: { kind: "raw", status: 503, body: "" } }, 503, ""],
    ["drip", { kind: "drip", status: 200, body: "滴水", chunkBytes: 2, pauseMs: 1 }, 200, "滴水"],
    ["flood", { kind: "flood", status: 200, row: "ab", bytes: 5, hasContentLength: true }, 200, "ababa"],
  ])("replaces the response: %s", async (_, answer, status, text) => {
    simulator.script("100", () => answer);
    const reply = await call(simulator, { job: "100" });
    expect([reply.status, reply.text]).toEqual([status, text]);
    expect(reply.headers.has("x-bkapi-request-id")).toBe(true);
  });

  it("receives the request, and keeps the built-in response by returning nothing", async () => {
    const inScope2 = ({ query }: SimulatedRequest): SimulatedResponse | undefined =>
      query.bk_scope_id === "2" ? { kind: "raw", status: 299, body: "" } : undefined;
    simulator.script("100", inScope2);
    expect((await call(simulator, { job: "100", scope: "biz:2" })).status).toBe(299);
    expect((await call(simulator, { job: "100" })).status).toBe(200);
    expect((await call(simulator, { job: "20000000001" })).status).toBe(200);
  });

  it("ends only the connection if it throws", async () => {
    simulator.script("100", () => {
      throw new Error("a mistake in a test");
    });
    await expect(call(simulator, { job: "100" })).rejects.toThrow("fetch failed");
    expect((await call(simulator, { job: "20000000001" })).status).toBe(200);
  });
});

describe("recorded requests", () => {
  it("are the calls of the endpoint, as received", async () => {
    await call(simulator, { job: "100", query: { flag: "a b" }, headers: { "x-bk-tenant-id": "t" } });
    await call(simulator, { path: "/other" });
    expect(simulator.requests).toHaveLength(1);
    expect(simulator.requests[0]).toMatchObject({
      method: "GET",
      path: "/api/bk-job/prod/api/v4/get_job_instance_status",
      query: { bk_scope_type: "biz", bk_scope_id: "1", job_instance_id: "100", flag: "a b" },
      headers: { "x-bk-tenant-id": "t" },
      at: 1_234,
    });
  });

  it("are not stored by default", async () => {
    const unrecorded = await createSimulator();
    await call(unrecorded, { job: "100" });
    expect(unrecorded.requests).toEqual([]);
    await unrecorded.close();
  });
});

describe("simulators", () => {
  it("share no state", async () => {
    const other = await createSimulator();
    simulator.script("100", () => ({ kind: "raw", status: 299, body: "" }));
    expect((await call(other, { job: "100" })).status).toBe(200);
    await other.close();
  });

  it("end hanging requests and refuse new ones once closed", async () => {
    const hanging = send(simulator, { job: "20000090502" });
    hanging.catch(() => undefined);
    await expect.poll(() => simulator.requests.length).toBe(1);
    await simulator.close();
    await expect(hanging).rejects.toThrow("fetch failed");
    await expect(call(simulator, { job: "100" })).rejects.toThrow("fetch failed");
  });

  it("reject if their port is taken", async () => {
    const port = Number(new URL(simulator.url).port);
    await expect(createSimulator({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
