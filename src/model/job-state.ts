/** The state of a job, without the fields that differ on every read. Only a different state is a change. */
import type { JobInstance, JobOutcome, StepInstance } from "./job-instance.ts";

/**
 * The job without the fields of the read: its time and request id. The elapsed time of a running job depends on the
 * time of the read, so it is 0.
 */
export const withoutReadFields = (job: JobInstance): JobInstance => ({
  ...job,
  observedAt: 0,
  upstreamRequestId: null,
  steps: job.steps.map((step) => ({ ...step, observedAt: 0 })),
});

/** A state to compare with others. It is small even for a large job, so that it can be retained between polls. */
export interface JobState {
  readonly status: string;
  /** Null if host results were not requested. */
  readonly hostFingerprint: string | null;
}

/** The result of one read of a job. */
export interface ObservedJob {
  readonly outcome: JobOutcome;
  /** The same object as long as the state does not change; null if the outcome is not a job. */
  readonly state: JobState | null;
}

export function jobStateOf(job: JobInstance): JobState {
  const hosts = job.steps.map(({ hostResults }) => hostResults?.fingerprint() ?? null);
  return {
    status: JSON.stringify([runState(job), job.steps.map(stepState)]),
    hostFingerprint: hosts.includes(null) ? null : hosts.join(),
  };
}

/** Whether two states are equal. Host results are compared only if both reads requested them. */
export const isSameState = (a: JobState, b: JobState): boolean =>
  a.status === b.status &&
  (a.hostFingerprint === null || b.hostFingerprint === null || a.hostFingerprint === b.hostFingerprint);

/** The common fields of jobs and steps. */
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
