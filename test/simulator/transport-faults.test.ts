import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { ask, request } from "./ask.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator();
});
afterAll(() => simulator.close());

/** Reads until `enough` bytes have come, then leaves. */
async function readSome(response: Response, enough: number): Promise<{ bytes: number; chunks: number }> {
  let [bytes, chunks] = [0, 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    chunks += 1;
    if (bytes >= enough) break;
  }
  return { bytes, chunks };
}

describe("transport faults", () => {
  it("should answer well, but late, when slow", async () => {
    const before = performance.now();
    const reply = await ask(simulator, { job: "20000090501" });
    expect(performance.now() - before).toBeGreaterThan(1_950);
    expect(reply.json().data.finished).toBe(true);
  });

  it("should not answer when hanging", async () => {
    const signal = AbortSignal.timeout(300);
    await expect(request(simulator, { job: "20000090502", signal })).rejects.toThrow(/timeout/);
  });

  it("should send a little now and then when dripping", async () => {
    const response = await request(simulator, { job: "20000090503" });
    const before = performance.now();
    const { bytes, chunks } = await readSome(response, 4);
    expect([bytes, chunks]).toEqual([4, 4]);
    expect(performance.now() - before).toBeGreaterThan(250);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(300);
  });

  it("should reset the connection before any byte", async () => {
    await expect(request(simulator, { job: "20000090504" })).rejects.toMatchObject({
      cause: { code: "ECONNRESET" },
    });
  });

  it("should cut the body it has announced", async () => {
    const response = await request(simulator, { job: "20000090505" });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it.each([
    ["20000090506", null],
    ["20000090507", "1073741824"],
  ])("should send more than anyone wants, announcing: %s", async (job, announced) => {
    const response = await request(simulator, { job });
    expect(response.headers.get("content-length")).toBe(announced);
    expect((await readSome(response, 50_000_000)).bytes).toBeGreaterThanOrEqual(50_000_000);
  });
});
