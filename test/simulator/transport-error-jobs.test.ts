import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { call, send } from "./call.ts";

const sleeps = await vi.hoisted(async () => (await import("../support/sleeps.ts")).createSleeps());
vi.mock("node:timers/promises", async (original) => sleeps.mock(await original()));

let simulator: Simulator;
beforeAll(async () => {
  simulator = await createSimulator({ recordRequests: true });
});
afterAll(() => simulator.close());

/** Id of the job that was asked for last. */
const lastRequest = () => simulator.requests.at(-1)?.query.job_instance_id;

/** Reads until `enough` bytes have come, then leaves. */
async function readSome(response: Response, enough: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes >= enough) break;
  }
  return bytes;
}

describe("transport faults", () => {
  it("should answer well, but late, when slow", async () => {
    const { end } = sleeps.hold();
    const answered: string[] = [];
    const answer = async (job: string) => {
      const reply = await call(simulator, { job });
      answered.push(job);
      return reply;
    };
    const slow = answer("20000090501");
    await expect.poll(lastRequest).toBe("20000090501");
    await answer("100");
    await end(2_000);
    expect((await slow).json().data.finished).toBe(true);
    expect(answered).toEqual(["100", "20000090501"]);
  });

  it("should not answer when hanging", async () => {
    const client = new AbortController();
    let isAnswered = false;
    const hanging = send(simulator, { job: "20000090502", signal: client.signal }).then(() => {
      isAnswered = true;
    });
    await expect.poll(lastRequest).toBe("20000090502");
    // Asked later, answered before.
    await call(simulator, { job: "100" });
    expect(isAnswered).toBe(false);
    client.abort();
    await expect(hanging).rejects.toThrow(/aborted/);
  });

  it("should send a byte every 100 ms when dripping", async () => {
    const { end } = sleeps.hold();
    const { body, headers } = await send(simulator, { job: "20000090503" });
    expect(Number(headers.get("content-length"))).toBeGreaterThan(300);
    const reader = body?.getReader();
    for (let bytes = 0; bytes < 4; bytes++) {
      expect((await reader?.read())?.value).toHaveLength(1);
      await end(100);
    }
    await reader?.cancel();
  });

  it("should reset the connection before any byte", async () => {
    await expect(send(simulator, { job: "20000090504" })).rejects.toMatchObject({
      cause: { code: "ECONNRESET" },
    });
  });

  it("should cut the body it has announced", async () => {
    const response = await send(simulator, { job: "20000090505" });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it.each([
    ["20000090506", null],
    ["20000090507", "1073741824"],
  ])("should send more than anyone wants, announcing: %s", async (job, announced) => {
    const response = await send(simulator, { job });
    expect(response.headers.get("content-length")).toBe(announced);
    expect(await readSome(response, 50_000_000)).toBeGreaterThanOrEqual(50_000_000);
  });
});
