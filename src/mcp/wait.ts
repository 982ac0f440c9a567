/** Waits until a job has finished, or until a timeout. */
import { type JobState, type Outcome, WAIT_FOR_JOB } from "./documents.ts";
import type { JobSource, Variables } from "./job-source.ts";

export interface WaitOptions {
  readonly source: Pick<JobSource, "subscribe">;
  readonly ref: Variables["ref"];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with each state of a running job, and now and then while it does not change. Null: not called. */
  readonly onProgress: ((job: JobState, waitedMs: number) => void) | null;
}

/** Many clients end a call that reports no progress for 60 seconds. */
const PROGRESS_MS = 15_000;

/**
 * @returns the last outcome; null if none has arrived before the timeout
 * @throws ToolFailure
 */
export async function waitUntilFinished(options: WaitOptions): Promise<Outcome<JobState> | null> {
  const { source, ref, timeoutMs, signal, onProgress } = options;
  const startedAt = performance.now();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  let last: Outcome<JobState> | null = null;
  const report = () => {
    if (last?.__typename === "JobInstance") onProgress?.(last, performance.now() - startedAt);
  };
  const reports = onProgress === null ? undefined : setInterval(report, PROGRESS_MS);
  const ended = AbortSignal.any([signal, timeout.signal]);
  try {
    for await (const outcome of source.subscribe(WAIT_FOR_JOB, { ref }, ended)) {
      last = outcome;
      if (outcome.__typename !== "JobInstance" || outcome.isFinished) break;
      report();
    }
  } finally {
    clearTimeout(timer);
    clearInterval(reports);
  }
  return last;
}
