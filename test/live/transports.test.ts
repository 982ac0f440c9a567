/** Every transport of live state, with clients that people use: every change exactly once, then the end. */
import { expect, it } from "vitest";
import { TRANSPORTS } from "../support/live-clients.ts";
import { finished, running, told, useWatched, watchAs } from "./watched-job.ts";

/** Statuses of two hosts, from when the step begins to when it has ended. */
const COURSE = [
  [5, 5],
  [7, 5],
  [7, 7],
  [9, 7],
  [9, 11],
] as const;

it.each(TRANSPORTS)("%s tells every change of a job exactly once, and completes", async (_, subscribe) => {
  const { gateway, job } = await useWatched();
  job.become(running({}, COURSE[0]));
  const fields = "isFinished hostSummary { pending running succeeded failed }";
  const stream = watchAs(gateway, "ann", fields, { subscribe });
  const expected = [];
  for (const statuses of COURSE) {
    job.become(running({}, statuses));
    const count = (status: number) => statuses.filter((code) => code === status).length;
    expected.push({
      isFinished: false,
      hostSummary: { pending: count(5), running: count(7), succeeded: count(9), failed: count(11) },
    });
    await expect.poll(() => stream.results.length).toBe(expected.length);
    // Each state is read several times.
    const calls = job.calls().length;
    await expect.poll(() => job.calls().length).toBeGreaterThan(calls + 2);
  }
  job.become(finished);
  await stream.completed;
  const none = { pending: 0, running: 0, succeeded: 0, failed: 0 };
  expect(told(stream)).toMatchObject([...expected, { isFinished: true, hostSummary: none }]);
  expect(stream.results).toHaveLength(expected.length + 1);
});
