/** Errors of the transport: slow, incomplete and oversized responses. */
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

/** Job id of the last request. */
const lastRequest = () => simulator.requests.at(-1)?.query.job_instance_id;

/** Reads until `enough` bytes have arrived, then stops. */
async function readSome(response: Response, enough: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes >= enough) break;
  }
  return bytes;
}

describe("transport errors", () => {
  it("delay a correct response", async () => {
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

  it("leave a request without a response", async () => {
    const client = new AbortController();
    let isAnswered = false;
    const hanging = send(simulator, { job: "20000090502", signal: client.signal }).then(() => {
      isAnswered = true;
    });
    await expect.poll(lastRequest).toBe("20000090502");
    // A later request is answered first.
    await call(simulator, { job: "100" });
    expect(isAnswered).toBe(false);
    client.abort();
    await expect(hanging).rejects.toThrow(/aborted/);
  });

  it("send one byte every 100 ms", async () => {
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

  it("reset the connection before the first byte", async () => {
    await expect(send(simulator, { job: "20000090504" })).rejects.toMatchObject({
      cause: { code: "ECONNRESET" },
    });
  });

  it("cut off the body", async () => {
    const response = await send(simulator, { job: "20000090505" });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it.each([
    ["20000090506", null],
    ["20000090507", "1073741824"],
  ])("send 1 GiB, with the content length %s", async (job, announced) => {
    const response = await send(simulator, { job });
    expect(response.headers.get("content-length")).toBe(announced);
    expect(await readSome(response, 50_000_000)).toBeGreaterThanOrEqual(50_000_000);
  });
});
