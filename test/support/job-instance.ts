/** Decoded jobs, for tests below the upstream client. */
import type { JobInstance } from "../../src/model/job-instance.ts";

/** A running job without steps. */
export const jobInstance = (fields: Partial<JobInstance> = {}): JobInstance => ({
  kind: "job",
  scope: { typeRaw: "biz", id: "1" },
  jobInstanceId: 1,
  name: "job",
  statusCode: 2,
  isFinished: false,
  createdAt: 0,
  startedAt: 0,
  finishedAt: null,
  durationMs: null,
  steps: [],
  observedAt: 0,
  upstreamRequestId: null,
  ...fields,
});
