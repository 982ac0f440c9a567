/** Start, end, duration and observation of jobs and steps. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { CREATED, scriptJob, stepRow } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ask = (jobInstanceId: string, selection: string) => readJob(gateway, jobInstanceId, selection);

const FAILED = "20000000002";
const SKIPPED_AND_IGNORED = "20000000011";
const RESTARTED_CONFIRMATION = "20000000012";

describe("times", () => {
  const FIELDS = "startedAt finishedAt durationMs elapsedMs";
  const NEVER = { startedAt: null, finishedAt: null, durationMs: null, elapsedMs: null };
  const at = (ms: number) => new Date(ms).toISOString();
  const start = CREATED + 1_000;
  const end = CREATED + 4_500;

  /** The same times on a job and on its step. */
  async function read(finished: boolean, status: number, times: object) {
    scriptJob(gateway.simulator, "1", {
      finished,
      fields: { status, ...times },
      steps: [stepRow({ status, ...times })],
    });
    const { steps, ...job } = await ask("1", `${FIELDS} observedAt steps { ${FIELDS} }`);
    return { job, step: steps[0] };
  }

  it("are those of the upstream after the end", async () => {
    const { job, step } = await read(true, 3, { start_time: start, end_time: end, total_time: 3_499 });

    // The upstream's total may differ from the difference of its times.
    const expected = { startedAt: at(start), finishedAt: at(end), durationMs: 3_499, elapsedMs: 3_500 };
    expect(job).toMatchObject(expected);
    expect(step).toEqual(expected);
  });

  it("are null before the start", async () => {
    const { job, step } = await read(false, 1, {});

    expect(job).toMatchObject(NEVER);
    expect(step).toEqual(NEVER);
  });

  it("of a running job include the time until its observation", async () => {
    const { job, step } = await read(false, 2, { start_time: start });

    const elapsedMs = Date.parse(job.observedAt) - start;
    expect(job).toMatchObject({ ...NEVER, startedAt: at(start), elapsedMs });
    expect(step).toEqual({ ...NEVER, startedAt: at(start), elapsedMs });
  });

  it("with a start in the future have an elapsed time of 0", async () => {
    const ahead = Date.now() + 3_600_000;
    const { job, step } = await read(false, 2, { start_time: ahead });

    expect(job.elapsedMs).toBe(0);
    expect(step.elapsedMs).toBe(0);
  });

  it("are not invented for a finished job without an end", async () => {
    const { job, step } = await read(true, 4, { start_time: start });

    expect(job).toMatchObject({ ...NEVER, startedAt: at(start) });
    expect(step).toEqual({ ...NEVER, startedAt: at(start) });
  });

  it("of a skipped step include an end but no duration", async () => {
    const { steps } = await ask(SKIPPED_AND_IGNORED, `steps(filter: { statuses: [SKIPPED] }) { ${FIELDS} }`);

    expect(steps).toEqual([
      {
        startedAt: "2026-03-09T06:30:09.100Z",
        finishedAt: "2026-03-09T06:30:30.000Z",
        durationMs: null,
        elapsedMs: 20_900,
      },
    ]);
  });

  it("of a restarted confirmation do not include the end of its last run", async () => {
    const { steps, ...job } = await ask(
      RESTARTED_CONFIRMATION,
      `isFinished ${FIELDS} observedAt steps { ${FIELDS} }`,
    );

    const startedAt = "2026-03-09T06:30:00.000Z";
    const elapsedMs = Math.max(0, Date.parse(job.observedAt) - Date.parse(startedAt));
    const running = { ...NEVER, startedAt, elapsedMs };
    expect(job).toMatchObject({ isFinished: false, ...running });
    expect(steps).toEqual([running, NEVER]);
  });

  it("can exceed 2^31 milliseconds", async () => {
    const month = 30 * 24 * 3_600_000;
    const { job } = await read(true, 3, { start_time: start, end_time: start + month, total_time: month });

    expect(job).toMatchObject({ durationMs: month, elapsedMs: month });
  });

  it("of observation are between request and response", async () => {
    const before = Date.now();
    const { observedAt } = await ask(FAILED, "observedAt");

    expect(Date.parse(observedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(observedAt)).toBeLessThanOrEqual(Date.now());
  });
});
