/** The state of a job apart from the reading of it: what a change is. */
import type { JobInstance, StepInstance } from "./job-instance.ts";

/** What a read says of itself, not of the job. `elapsedMs` of what runs comes from it too. */
export interface JobReading {
  readonly observedAt: number;
  readonly upstreamRequestId: string | null;
}

/** The job as it would have been had `reading` found it so. */
export const asReadBy = (job: JobInstance, { observedAt, upstreamRequestId }: JobReading): JobInstance => ({
  ...job,
  observedAt,
  upstreamRequestId,
  steps: job.steps.map((step) => ({ ...step, observedAt })),
});

/** True when both reads found the job in the same state, as far as both know it: one may lack host results. */
export const isSameState = (a: JobInstance, b: JobInstance): boolean =>
  a === b ||
  (runText(a) === runText(b) &&
    a.steps.length === b.steps.length &&
    a.steps.every((step, index) => {
      const other = b.steps[index];
      return other !== undefined && isSameStep(step, other);
    }));

function isSameStep(a: StepInstance, b: StepInstance): boolean {
  if (stepText(a) !== stepText(b)) return false;
  return !a.hostResults || !b.hostResults || a.hostResults.fingerprint() === b.hostResults.fingerprint();
}

/** What jobs and steps have in common. */
const runText = (run: JobInstance | StepInstance): string =>
  JSON.stringify([
    run.name,
    run.statusCode,
    run.isFinished,
    run.createdAt,
    run.startedAt,
    run.finishedAt,
    run.durationMs,
  ]);

const stepText = (step: StepInstance): string =>
  JSON.stringify([runText(step), String(step.stepInstanceId), step.typeCode, step.retryCount]);
