/** A job that progresses with time: in each of its three steps, hosts go from waiting to running to finished. */
import { buildJob, FILE, SCRIPT, type StepSpec } from "./build-job.ts";
import type { JobEntry } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import { host, type OutcomeDetails, outcome } from "./hosts.ts";
import type { Job, Row } from "./job.ts";
import { renderData } from "./render.ts";

const STEPS = [
  { type: SCRIPT, name: "检查环境" },
  { type: FILE, name: "分发补丁" },
  { type: SCRIPT, name: "安装补丁" },
] as const;
const HOSTS_PER_STEP = 6;
/** One host of the last step fails, because bk-job retries only failed jobs. */
const FAILED_HOST = 4;
const FAILURE: OutcomeDetails = { tag: "reboot required", exitCode: 3 };

/** One attempt, and the number of attempts before it. */
interface Attempt {
  readonly createdAt: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly retries: number;
}

/** The state of the job at the time `at`. */
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

/** Hosts start one by one in the first half of the step. Each takes half the duration of the step. */
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
    const details = fails && status === final ? FAILURE : {};
    return { target: { host: host(100 + index) }, outcome: outcome(type, status, [start, end], details) };
  });
}

/**
 * Starts at the first request. The first request more than `runDurationMs` after the end starts a retry: the execution
 * count increases, and the end times are absent again.
 */
export const PROGRESSING_JOB: JobEntry = {
  id: "20000000003",
  scope: "biz:1",
  title: "Running: progresses through 3 steps, fails, and is retried later",
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
