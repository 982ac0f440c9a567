/** Clients that read a WebSocket slowly, and those that do not read at all. */
import { expect, it, onTestFinished, vi } from "vitest";
import { AUTHORIZATION, jobSubscription, onJob } from "../support/ask.ts";
import { useGateway, withLive } from "../support/gateway.ts";
import { openConnection } from "../support/raw-socket.ts";
import { settle, useSlowLink } from "../support/slow-link.ts";
import { JOB, running, watchedJob } from "./watched-job.ts";

/** Between pings of the gateway, which are due when a test says so. */
const PING_MS = 12_000;

const WATCH = {
  id: "1",
  type: "subscribe",
  payload: {
    query: jobSubscription(JOB, onJob("name")),
  },
};

/** A subscription to a state of this size, of which the client has got nothing yet. */
async function useUnreadState(size: number) {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  // Nothing comes after the first state.
  const gateway = await useGateway(withLive({ scheduleMs: [600_000] }));
  const name = "x".repeat(size);
  watchedJob(gateway, running({ name }));
  const link = await useSlowLink(gateway.url);
  const connection = await openConnection(link.url, { "x-bkapi-authorization": AUTHORIZATION });
  link.hold();
  connection.send(WATCH);
  await expect.poll(link.isHolding).toBe(true);
  await settle();
  /** The gateway has ended the connection. */
  const isCutOff = () => gateway.logs.some(({ msg }) => msg === "connection");
  return { ...connection, link, name, isCutOff };
}

it.each([
  ["that both operating systems hold", 3],
  ["that they do not hold", 16],
])("a client that reads 128 KB in the time of a ping gets a message of a size %s", async (_, megabytes) => {
  const { link, next, name, isCutOff } = await useUnreadState(megabytes * 2 ** 20);
  // All of the smaller message, and 5 minutes of pings.
  for (let read = 0; read < 24; read++) {
    const sent = link.sent();
    await link.pass(2 ** 17);
    // A pong.
    await expect.poll(link.sent).toBeGreaterThan(sent);
    await settle();
    vi.advanceTimersByTime(PING_MS);
  }
  expect(isCutOff()).toBe(false);
  await Promise.race([
    link.pass(Number.POSITIVE_INFINITY),
    expect(next()).resolves.toEqual({
      id: "1",
      type: "next",
      payload: { data: { jobInstanceUpdated: { name } } },
    }),
  ]);
});

it.each([
  ["an unread message that the operating systems hold", 3],
  ["an unread message that they do not hold", 16],
  ["nothing but pings to read", 0],
])("a client that reads nothing for a minute is cut off: with %s", async (_, megabytes) => {
  const { isCutOff } = await useUnreadState(megabytes * 2 ** 20);
  for (let ping = 0; ping < 5; ping++) {
    vi.advanceTimersByTime(PING_MS);
    await settle();
  }
  expect(isCutOff()).toBe(false);
  vi.advanceTimersByTime(PING_MS);
  await expect.poll(isCutOff).toBe(true);
});
