/** Every transport of live state, with clients that people use: every change exactly once, then the end. */
import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { jobQuery } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { listen } from "../support/listen.ts";
import { RECONNECTING, TRANSPORTS } from "../support/live-clients.ts";
import { finished, running, told, useWatched, watchAs, watchedJob } from "./watched-job.ts";

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

/** A gateway that reads the jobs of another one's simulator. */
const startBeside = ({ simulator }: TestGateway, port = 0) =>
  startGateway({ config: { port }, upstream: { baseUrl: new URL(simulator.url) } });

/** A port at which nobody answers, until this many connections have been tried. */
async function cutOffConnections(port: number, attempts: number): Promise<void> {
  let tried = 0;
  const server = createServer((socket) => {
    tried += 1;
    socket.destroy();
  });
  await listen(server, port);
  await expect.poll(() => tried).toBeGreaterThanOrEqual(attempts);
  await new Promise((resolve) => server.close(resolve));
}

it.each(RECONNECTING)(
  "%s sees the end of a job whose first gateway was shut down on the way",
  async (_, subscribe) => {
    const beside = await useGateway();
    const job = watchedJob(beside);
    const first = await startBeside(beside);
    const stream = watchAs(first, "ann", "name", { subscribe });
    await expect.poll(() => stream.results.length).toBe(1);
    await first.close();
    const port = Number(new URL(first.url).port);
    await cutOffConnections(port, 2);

    job.become(running({ name: "meanwhile" }));
    const second = await startBeside(beside, port);
    onTestFinished(second.close);
    await expect.poll(() => told(stream).at(-1)?.name).toBe("meanwhile");
    job.become({ ...finished, fields: { name: "at the end" } });
    await stream.completed;
    // The second gateway tells the state first, so nothing is missing, and nobody hears of the interruption.
    expect(told(stream).map((result) => result?.name)).toEqual(["job", "meanwhile", "at the end"]);
    expect(stream.results.filter(({ errors }) => errors)).toEqual([]);
  },
);

it("finishes queries in flight while it interrupts streams", async () => {
  const gateway = await startGateway();
  const job = watchedJob(gateway);
  const stream = watchAs(gateway, "ann", "name");
  await expect.poll(() => stream.results.length).toBe(1);
  const { promise: isAsked, resolve: onAsked } = Promise.withResolvers<void>();
  gateway.simulator.script("40000000001", () => {
    onAsked();
    const body = { error: { code: "NOT_FOUND", message: "作业实例不存在" } };
    return { kind: "delayed", delayMs: 300, response: { kind: "json", status: 404, body } };
  });
  const query = gateway.ask(jobQuery("40000000001"));
  await isAsked;
  const calls = job.calls().length;
  const closed = gateway.close();
  await expect(stream.completed).rejects.toThrow("Connection closed while having active streams");
  expect((await query).data).toEqual({ jobInstance: { __typename: "JobInstanceNotFound" } });
  await closed;
  expect(job.calls().length).toBeLessThanOrEqual(calls + 1);
});
