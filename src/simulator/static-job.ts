/** Answers for a job that never changes. */
import type { Responder } from "./call.ts";
import { v4Success } from "./envelopes.ts";
import type { Job } from "./job.ts";
import { renderData } from "./render.ts";

/** Always the same job; the rows in another order on every read. */
export function createStaticJob(job: Job): Responder {
  let reads = 0;
  return (call) => v4Success(call, renderData(job, { ...call, read: reads++ }));
}
