/** Many subscribers, slow subscribers, and cleanup after they have left. */

import { request as httpRequest, ServerResponse } from "node:http";
import { connect } from "node:net";
import { queryObjects } from "node:v8";
import { expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { AUTHORIZATION, jobSubscription, onJob } from "../support/ask.ts";
import { type TestGateway, useGateway, withLive } from "../support/gateway.ts";
import { subscribeByEvents, subscribeByWebSocket, TRANSPORTS } from "../support/live-clients.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { rawPost } from "../support/raw-request.ts";
import { openConnection } from "../support/raw-socket.ts";
import { createLiveJob, finished, JOB, running, subscribeAs, updatesOf } from "./live-job.ts";

const query = jobSubscription(JOB, onJob("name"));

it("serves 200 subscribers with one poll at a time, after one first call each", async () => {
  const gateway = await useGateway(withLive({ scheduleMs: [100] }));
  const job = createLiveJob(gateway);
  const streams = Array.from({ length: 200 }, (_, index) =>
    subscribeAs(gateway, `user-${index}`, "name", {
      subscribe: index % 2 === 0 ? subscribeByWebSocket : subscribeByEvents,
    }),
  );
  for (const { results } of streams) await expect.poll(() => results.length).toBe(1);
  expect(new Set(job.tokens()).size).toBe(200);

  const allAdmittedAt = performance.now();
  const before = job.calls().length;
  job.become(running({ name: "later" }));
  for (const stream of streams) await expect.poll(() => updatesOf(stream).length).toBe(2);
  await expect.poll(() => job.calls().length - before).toBeGreaterThanOrEqual(3);
  const polls = job.calls().length - before;
  expect(polls).toBeLessThanOrEqual((performance.now() - allAdmittedAt) / 100 + 1);
  expect(new Set(job.tokens().slice(before)).size).toBe(1);

  job.become(finished);
  for (const { completed } of streams) await completed;
});

it.each([
  ["all subscribers", { maxSubscriptions: 2 }, ["ann", "ben"], "cat", "ann"],
  ["subscribers with one identity", { maxSubscriptionsPerIdentity: 2 }, ["ann", "ann"], "ann", "ben"],
] as const)(
  "limits %s, and accepts the next one after one has left",
  async (_, limits, tokens, refused, other) => {
    const gateway = await useGateway(withLive(limits));
    createLiveJob(gateway);
    const streams = tokens.map((token) => subscribeAs(gateway, token));
    for (const { results } of streams) await expect.poll(() => results.length).toBe(1);

    const beyond = subscribeAs(gateway, refused);
    await beyond.completed;
    expect(beyond.results).toMatchObject([
      {
        errors: [
          {
            message: expect.stringMatching(/^Too many subscriptions .*maximum 2/),
            extensions: { code: "TOO_MANY_OPERATIONS" },
          },
        ],
      },
    ]);
    streams[0]?.stop();
    await expect
      .poll(async () => {
        const next = subscribeAs(gateway, "maxSubscriptions" in limits ? other : refused);
        await expect.poll(() => next.results.length).toBe(1);
        next.stop();
        return next.results[0]?.errors;
      })
      .toBeUndefined();
    streams[1]?.stop();
  },
);

/** A name that makes every event a large one. */
const largeName = (change: number) => `${change} ${"x".repeat(200_000)}`;

/** A client that subscribes and does not read until the test lets it. */
type Stuck = (gateway: TestGateway) => Promise<{ readonly read: () => void; readonly text: () => string }>;

const stuckEvents: Stuck = async ({ url }) => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  socket.pause();
  const body = JSON.stringify({ query });
  socket.write(rawPost(body, { path: "/graphql/stream", accept: "text/event-stream" }));
  return { read: () => socket.resume(), text: () => text };
};

const stuckParts: Stuck = async ({ url }) => {
  let text = "";
  const body = JSON.stringify({ query });
  const headers = { accept: "multipart/mixed;subscriptionSpec=1.0", "content-type": "application/json" };
  const request = httpRequest(url, {
    method: "POST",
    headers: { ...headers, "x-bkapi-authorization": AUTHORIZATION },
  });
  onTestFinished(() => void request.destroy());
  const read = new Promise<() => void>((resolve) =>
    request.once("response", (response) => {
      response.on("data", (data) => {
        text += data;
      });
      response.pause();
      resolve(() => response.resume());
    }),
  );
  request.end(body);
  return { read: await read, text: () => text };
};

const stuckSocket: Stuck = async ({ url }) => {
  const { socket, send } = await openConnection(url, { "x-bkapi-authorization": AUTHORIZATION });
  let text = "";
  socket.on("message", (data) => {
    text += data;
  });
  send({ id: "1", type: "subscribe", payload: { query } });
  socket.pause();
  return { read: () => socket.resume(), text: () => text };
};

it.each([
  ["server-sent events", stuckEvents],
  ["multipart", stuckParts],
  ["a WebSocket", stuckSocket],
])("buffers only the latest state for a subscriber by %s that does not read", async (_, subscribe) => {
  const gateway = await useGateway();
  const job = createLiveJob(gateway);
  const { read, text } = await subscribe(gateway);
  const quick = subscribeAs(gateway, "quick", "name");
  await expect.poll(() => updatesOf(quick).length).toBe(1);
  const changes = 120;
  for (let change = 1; change <= changes; change++) {
    job.become(running({ name: largeName(change) }));
    await expect
      .poll(() => updatesOf(quick).at(-1)?.name.split(" ")[0], { interval: 5 })
      .toBe(String(change));
  }
  quick.stop();
  read();
  await expect.poll(text).toContain(`"${largeName(changes)}"`);
  const seen = [...text().matchAll(/"(\d+) x+"/g)].map(([, change]) => Number(change));
  // Sockets buffer a few megabytes; the gateway does not buffer.
  expect(seen.length).toBeLessThan(changes / 2);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(changes);
});

/** Active resources of the process, and the number of objects per connection. */
const leftovers = () => {
  const resources = process.getActiveResourcesInfo();
  const countOf = (name: string) => resources.filter((resource) => resource === name).length;
  return {
    sockets: countOf("TCPSocketWrap"),
    timers: countOf("Timeout"),
    // Counted after a full garbage collection.
    signals: queryObjects(AbortController, { format: "count" }),
    responses: queryObjects(ServerResponse, { format: "count" }),
    webSockets: queryObjects(WebSocket, { format: "count" }),
  };
};

it("releases all resources after 1 000 subscribers have left", async () => {
  const gateway = await useGateway({ config: { logLevel: "silent" } });
  const job = createLiveJob(gateway);
  const subscribeAndLeave = async (count: number) => {
    for (let index = 0; index < count; index += 50) {
      const streams = Array.from({ length: 50 }, (_, place) => {
        const [, subscribe = subscribeByEvents] = TRANSPORTS[place % TRANSPORTS.length] ?? [];
        return subscribeAs(gateway, `user-${place % 10}`, "name", { subscribe });
      });
      // Some leave before their first state, others after it.
      await Promise.all(
        streams.map(async (stream, place) => {
          const hasState = () => stream.results.length > 0;
          if (place % 5 > 0) await vi.waitUntil(hasState);
          stream.stop();
        }),
      );
    }
    await untilNotPolled(gateway, JOB);
  };
  // Creates everything that is created once, such as connections to the upstream.
  await subscribeAndLeave(100);
  const before = leftovers();
  await subscribeAndLeave(1_000);
  expect(job.calls().length).toBeGreaterThan(300);
  const after = leftovers();
  for (const [name, count] of Object.entries(after)) {
    expect([name, count]).toEqual([
      name,
      expect.toSatisfy((most: number) => most <= before[name as keyof typeof before] + 10),
    ]);
  }
});
