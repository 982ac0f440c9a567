/** The job that progresses with time. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSimulator, type Simulator } from "../../src/simulator/simulator.ts";
import { callForData, column, type Fields, rowsOf } from "./call.ts";

const START = 1_800_000_000_000;
let now: number;
let simulator: Simulator;

beforeEach(async () => {
  now = START;
  simulator = await createSimulator({ now: () => now, runDurationMs: 9_000 });
});
afterEach(() => simulator.close());

const readAt = (at: number) => {
  now = at;
  return callForData(simulator, { job: "20000000003" });
};
const statuses = (steps: Fields[]) => steps.map(({ status }) => status);
const hostStatuses = (step: Fields | undefined) =>
  (column(rowsOf(step), "status") as number[]).toSorted((a, b) => a - b);

describe("the progressing job", () => {
  it("starts at its first request", async () => {
    const { finished, job_instance, step_instance_list } = await readAt(START + 500);
    expect(finished).toBe(false);
    expect(job_instance).toMatchObject({ status: 2, create_time: START + 500, start_time: START + 500 });
    expect(job_instance).not.toHaveProperty("end_time");
    expect(hostStatuses(step_instance_list[0])).toEqual([5, 5, 5, 5, 5, 7]);
  });

  it.each([
    [0, [2, 1, 1]],
    [2_999, [2, 1, 1]],
    [3_000, [3, 2, 1]],
    [6_000, [3, 3, 2]],
    [9_000, [3, 3, 4]],
  ])("has steps with the following statuses after %d ms: %j", async (elapsed, expected) => {
    await readAt(START);
    const { finished, job_instance, step_instance_list } = await readAt(START + elapsed);
    expect(statuses(step_instance_list)).toEqual(expected);
    expect(finished).toBe(elapsed === 9_000);
    expect("end_time" in job_instance).toBe(elapsed === 9_000);
    const ended = step_instance_list.map((step) => "total_time" in step);
    expect(ended).toEqual(expected.map((status) => status === 3 || status === 4));
  });

  it.each([
    [6_000, [5, 5, 5, 5, 5, 7]],
    [7_000, [5, 7, 7, 7, 7, 7]],
    [8_000, [7, 7, 7, 7, 9, 9]],
    [9_000, [9, 9, 9, 9, 9, 104]],
  ])("has hosts with the following statuses in its last step after %d ms: %j", async (elapsed, expected) => {
    await readAt(START);
    const { step_instance_list } = await readAt(START + elapsed);
    expect(hostStatuses(step_instance_list[2])).toEqual(expected);
  });

  it("is retried by the first request that arrives more than one duration after its end", async () => {
    await readAt(START);
    expect((await readAt(START + 18_000)).finished).toBe(true);
    const retried = await readAt(START + 18_001);
    expect(retried.finished).toBe(false);
    expect(retried.job_instance).toMatchObject({ create_time: START, start_time: START + 18_001 });
    expect(retried.job_instance).not.toHaveProperty("end_time");
    expect(retried.step_instance_list.map((step) => step.execute_count)).toEqual([1, 1, 1]);
  });
});
