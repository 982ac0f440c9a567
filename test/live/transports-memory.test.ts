/** Memory that a subscription retains of its request. */

import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { AUTHORIZATION, jobSubscription, onJob } from "../support/ask.ts";
import { heapBytes } from "../support/garbage.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { rawPost } from "../support/raw-request.ts";
import { openConnection } from "../support/raw-socket.ts";
import { createLiveJob, JOB } from "./live-job.ts";

const QUERY = jobSubscription(JOB, onJob("name"));

/** A part of the request outside of the operation, which only the transport could retain. */
const padding = (index: number) => `${index}`.padEnd(900_000, "x");

/** Subscribes, and waits for the first result. */
type Hold = (gateway: TestGateway, index: number) => Promise<void>;

/** On a raw connection, because fetch retains the body of a request until its response has ended. */
const holdByResponse =
  (path: string, accept: string): Hold =>
  async ({ url }, index) => {
    const { hostname, port } = new URL(url);
    const body = JSON.stringify({ query: QUERY, padding: padding(index) });
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(rawPost(body, { path: `/graphql${path}`, accept }));
    await new Promise<void>((resolve) => {
      socket.on("data", (data) => {
        if (String(data).includes('{"name":"job"}')) resolve();
      });
    });
  };

const holdBySocket: Hold = async ({ url }, index) => {
  const { send, next, socket } = await openConnection(url, {
    "x-bkapi-authorization": AUTHORIZATION,
    padding: padding(-index),
  });
  onTestFinished(() => socket.terminate());
  send({ id: "1", type: "subscribe", payload: { query: QUERY, padding: padding(index) } });
  expect(await next()).toMatchObject({ payload: { data: { jobInstanceUpdated: { name: "job" } } } });
};

it.each<[string, Hold]>([
  ["server-sent events", holdByResponse("/stream", "text/event-stream")],
  ["multipart", holdByResponse("", "multipart/mixed;subscriptionSpec=1.0")],
  ["WebSocket", holdBySocket],
])("%s does not retain the body of a subscription request", async (_, hold) => {
  const gateway = await useGateway();
  createLiveJob(gateway);
  // Creates everything that is created once.
  await hold(gateway, 0);
  const before = await heapBytes();
  for (let index = 1; index <= 20; index++) await hold(gateway, index);
  const grownBy = (await heapBytes()) - before;
  // The bodies are 18 MB together.
  expect(grownBy).toBeLessThan(4_000_000);
});

it("WebSocket does not retain the headers of its handshake", async () => {
  const gateway = await useGateway();
  const hold = async (padding: string) => {
    const { socket } = await openConnection(gateway.url, {}, { headers: { padding } });
    onTestFinished(() => socket.terminate());
  };
  const grownBy = async (paddingLength: number): Promise<number> => {
    const before = await heapBytes();
    for (let index = 0; index < 200; index++) await hold(`${index}`.padEnd(paddingLength, "x"));
    return (await heapBytes()) - before;
  };
  await grownBy(10);
  const [small, large] = [await grownBy(10), await grownBy(12_000)];
  // The headers are 2.4 MB together.
  expect(large - small).toBeLessThan(1_000_000);
});
