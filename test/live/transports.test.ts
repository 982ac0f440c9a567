/** Every transport of live state with common clients: every change exactly once, then the end. */
import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { jobQuery } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { listen } from "../support/listen.ts";
import { RECONNECTING, TRANSPORTS } from "../support/live-clients.ts";
import { createLiveJob, finished, running, subscribeAs, updatesOf, useLiveJob } from "./live-job.ts";

/** Statuses of two hosts from the start to the end of the step. */
const COURSE = [
  [5, 5],
  [7, 5],
  [7, 7],
  [9, 7],
  [9, 11],
] as const;

it.each(TRANSPORTS)("%s sends every change of a job exactly once, and completes", async (_, subscribe) => {
  const { gateway, job } = await useLiveJob();
  job.become(running({}, COURSE[0]));
  const fields = "isFinished hostSummary { pending running succeeded failed }";
  const stream = subscribeAs(gateway, "ann", fields, { subscribe });
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
  expect(updatesOf(stream)).toMatchObject([...expected, { isFinished: true, hostSummary: none }]);
  expect(stream.results).toHaveLength(expected.length + 1);
});

it.each(TRANSPORTS)("%s accepts an access token in Authorization: Bearer", async (_, subscribe) => {
  const { gateway, job } = await useLiveJob();
  const stream = subscribeAs(gateway, "", "name", {
    subscribe,
    headers: { "x-bkapi-authorization": "", authorization: "Bearer ann" },
  });
  await expect.poll(() => stream.results.length).toBe(1);
  expect(new Set(job.tokens())).toEqual(new Set(["ann"]));
  stream.stop();
});

it.each(TRANSPORTS)("%s rejects a malformed Authorization: Bearer", async (_, subscribe) => {
  const { gateway, job } = await useLiveJob();
  const stream = subscribeAs(gateway, "", "name", {
    subscribe,
    headers: { "x-bkapi-authorization": "", authorization: "Bearer a b" },
  });
  await stream.completed;
  expect(stream.results).toMatchObject([
    { errors: [{ message: expect.stringMatching(/^Malformed header Authorization\./) }] },
  ]);
  expect(job.calls()).toEqual([]);
});

/** A gateway on the simulator of another gateway. */
const startBeside = ({ simulator }: TestGateway, port = 0) =>
  startGateway({ config: { port }, upstream: { baseUrl: new URL(simulator.url) } });

/** Closes connections to a port until this many were attempted. */
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

it.each(RECONNECTING)("%s follows a job to its end across a restart of the gateway", async (_, subscribe) => {
  const beside = await useGateway();
  const job = createLiveJob(beside);
  const first = await startBeside(beside);
  const stream = subscribeAs(first, "ann", "name", { subscribe });
  await expect.poll(() => stream.results.length).toBe(1);
  await first.close();
  const port = Number(new URL(first.url).port);
  await cutOffConnections(port, 2);

  job.become(running({ name: "meanwhile" }));
  const second = await startBeside(beside, port);
  onTestFinished(second.close);
  await expect.poll(() => updatesOf(stream).at(-1)?.name).toBe("meanwhile");
  job.become({ ...finished, fields: { name: "at the end" } });
  await stream.completed;
  // The second gateway sends the state first, so nothing is missing, and the interruption is not visible.
  expect(updatesOf(stream).map((result) => result?.name)).toEqual(["job", "meanwhile", "at the end"]);
  expect(stream.results.filter(({ errors }) => errors)).toEqual([]);
});

it("answers queries in flight while it interrupts streams", async () => {
  const gateway = await startGateway();
  const job = createLiveJob(gateway);
  const stream = subscribeAs(gateway, "ann", "name");
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
