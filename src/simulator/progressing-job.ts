/** A job that runs by the clock: three steps whose hosts go from waiting to running to done, and again. */
import { buildJob, FILE, SCRIPT, type StepSpec } from "./build-job.ts";
import type { JobEntry } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { host, outcome, type Say } from "./hosts.ts";
import type { Job, Row } from "./job.ts";
import { renderData } from "./render.ts";

const STEPS = [
  { type: SCRIPT, name: "检查环境" },
  { type: FILE, name: "分发补丁" },
  { type: SCRIPT, name: "安装补丁" },
] as const;
const HOSTS_PER_STEP = 6;
/** One host of the last step fails, so that the job can be retried: bk-job retries failed jobs only. */
const FAILED_HOST = 4;
const FAILURE: Say = { tag: "reboot required", exitCode: 3 };

/** One attempt: when it began, how long it takes in all, how many came before it. */
interface Attempt {
  readonly createdAt: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly retries: number;
}

/** The job as it stands `at` an instant. */
function jobAt(attempt: Attempt, at: number): Job {
  const { createdAt, startedAt, durationMs, retries } = attempt;
  const end = startedAt + durationMs;
  const isDone = at >= end;
  return buildJob({
    id: 20_000_000_003,
    name: "安全补丁",
    status: isDone ? 4 : 2,
    created: createdAt,
    ran: isDone ? [startedAt, end] : [startedAt],
    steps: STEPS.map(({ type, name }, index): StepSpec => {
      const boundary = (position: number) => startedAt + Math.round((durationMs * position) / STEPS.length);
      const [from, to] = [boundary(index), boundary(index + 1)];
      const isLast = index === STEPS.length - 1;
      const step = { id: 20_000_010_031 + index, type, name, retries };
      if (at < from) return { ...step, status: 1 };
      const rows = rowsAt(type, [from, to], at, isLast);
      if (at < to) return { ...step, status: 2, ran: [from], rows };
      return { ...step, status: isLast ? 4 : 3, ran: [from, to], rows };
    }),
  });
}

/** Hosts start one after the other in the first half of the step and take half of it each. */
function rowsAt(
  type: number,
  [from, to]: readonly [from: number, to: number],
  at: number,
  hasFailure: boolean,
): Row[] {
  return Array.from({ length: HOSTS_PER_STEP }, (_, index) => {
    const half = (to - from) / 2;
    const start = Math.round(from + (half * index) / HOSTS_PER_STEP);
    const end = Math.round(from + half + (half * (index + 1)) / HOSTS_PER_STEP);
    const fails = hasFailure && index === FAILED_HOST;
    const final = fails ? 104 : 9;
    const status = at < start ? 5 : at < end ? 7 : final;
    const say = fails && status === final ? FAILURE : {};
    return { target: { host: host(100 + index) }, outcome: outcome(type, status, [start, end], say) };
  });
}

/**
 * Starts at the first request. The first request more than `runDurationMs` after its end starts it again,
 * as a retry would: one more execution, end times cleared.
 */
export const PROGRESSING_JOB: JobEntry = {
  id: "20000000003",
  scope: "biz:1",
  title: "Running: progresses with time through 3 steps, ends failed, and is retried later",
  create: ({ runDurationMs }) => {
    let attempt: Attempt | undefined;
    let reads = 0;
    return (call) => {
      const { at } = call.request;
      attempt ??= { createdAt: at, startedAt: at, durationMs: runDurationMs, retries: 0 };
      if (at > attempt.startedAt + 2 * runDurationMs) {
        attempt = { ...attempt, startedAt: at, retries: attempt.retries + 1 };
      }
      return v4Success(call, renderData(jobAt(attempt, at), { ...call, read: reads++ }));
    };
  },
};
