/** Tells that polling has stopped, by what comes after it instead of by the clock. */
import { expect } from "vitest";
import { jobSubscription } from "./ask.ts";
import type { TestGateway } from "./gateway.ts";
import { subscribeByEvents } from "./live-clients.ts";

/** Waits for its user, for ever. */
const OTHER_JOB = "20000000004";

/** Polls of the other job. One of them would do, if all jobs were polled at just the same intervals. */
const POLLS = 5;

/** Waits until the gateway does not poll the job any more: it is asked for another job again and again meanwhile. */
export async function untilNotPolled({ url, simulator }: TestGateway, jobInstanceId: string): Promise<void> {
  const polls = (id: string) => simulator.requests.filter(({ query }) => query.job_instance_id === id).length;
  const stream = subscribeByEvents(url, {
    query: jobSubscription(OTHER_JOB),
  });
  const pollsMeanwhile = async () => {
    const before = polls(jobInstanceId);
    const enough = polls(OTHER_JOB) + POLLS;
    await expect.poll(() => polls(OTHER_JOB)).toBeGreaterThanOrEqual(enough);
    return polls(jobInstanceId) - before;
  };
  try {
    await expect.poll(pollsMeanwhile).toBe(0);
  } finally {
    stream.stop();
  }
}
