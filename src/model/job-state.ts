/** The state of a job apart from the reading of it: what a change is. */
import type { JobInstance, JobOutcome, StepInstance } from "./job-instance.ts";

/**
 * The job without what a read says of itself: when it was, and its id. What runs has no elapsed time then, as that goes
 * to the time of the read.
 */
export const withoutReadFields = (job: JobInstance): JobInstance => ({
  ...job,
  observedAt: 0,
  upstreamRequestId: null,
  steps: job.steps.map((step) => ({ ...step, observedAt: 0 })),
});

/** A state to compare with others: small, however large the job, so that it can be kept for as long as it holds. */
export interface JobState {
  readonly status: string;
  /** Null when host results were not asked for. */
  readonly hostFingerprint: string | null;
}

/** What was found in one read of a job. */
export interface ObservedJob {
  readonly outcome: JobOutcome;
  /** The same object for as long as the state is the same; null for what is no job. */
  readonly state: JobState | null;
}

export function jobStateOf(job: JobInstance): JobState {
  const hosts = job.steps.map(({ hostResults }) => hostResults?.fingerprint() ?? null);
  return {
    status: JSON.stringify([runState(job), job.steps.map(stepState)]),
    hostFingerprint: hosts.includes(null) ? null : hosts.join(),
  };
}

/** True when two reads found the job in one state, as far as both know it. */
export const isSameState = (a: JobState, b: JobState): boolean =>
  a.status === b.status &&
  (a.hostFingerprint === null || b.hostFingerprint === null || a.hostFingerprint === b.hostFingerprint);

/** What jobs and steps have in common. */
const runState = (run: JobInstance | StepInstance): unknown[] => [
  run.name,
  run.statusCode,
  run.isFinished,
  run.createdAt,
  run.startedAt,
  run.finishedAt,
  run.durationMs,
];

const stepState = (step: StepInstance): unknown[] => [
  runState(step),
  String(step.stepInstanceId),
  step.typeCode,
  step.retryCount,
];
