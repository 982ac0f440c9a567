/** Detects that polling has stopped by polls of another job, without a clock. */
import { expect } from "vitest";
import { jobSubscription } from "./ask.ts";
import type { TestGateway } from "./gateway.ts";
import { subscribeByEvents } from "./live-clients.ts";

/** Never finishes: it waits for its user. */
const OTHER_JOB = "20000000004";

/** Polls of the other job. More than one, because jobs are not polled at exactly the same intervals. */
const POLLS = 5;

/** Waits until the gateway no longer polls the job while it polls another one. */
export async function untilNotPolled({ url, simulator }: TestGateway, jobInstanceId: string): Promise<void> {
  const polls = (id: string) => simulator.requests.filter(({ query }) => query.job_instance_id === id).length;
  const stream = subscribeByEvents(url, {
    query: jobSubscription(OTHER_JOB),
  });
  const pollsInBetween = async () => {
    const before = polls(jobInstanceId);
    const enough = polls(OTHER_JOB) + POLLS;
    await expect.poll(() => polls(OTHER_JOB)).toBeGreaterThanOrEqual(enough);
    return polls(jobInstanceId) - before;
  };
  try {
    await expect.poll(pollsInBetween).toBe(0);
  } finally {
    stream.stop();
  }
}
