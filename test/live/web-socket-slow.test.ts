/** Clients that read a WebSocket slowly or not at all. */
import { expect, it, onTestFinished, vi } from "vitest";
import { AUTHORIZATION, jobSubscription, onJob } from "../support/ask.ts";
import { useGateway, withLive } from "../support/gateway.ts";
import { openConnection } from "../support/raw-socket.ts";
import { settle, useSlowLink } from "../support/slow-link.ts";
import { createLiveJob, JOB, running } from "./live-job.ts";

/** Interval between pings of the gateway, on a clock that the test advances. */
const PING_MS = 12_000;

const WATCH = {
  id: "1",
  type: "subscribe",
  payload: {
    query: jobSubscription(JOB, onJob("name")),
  },
};

/** A subscription to a state of this size, of which the client has read nothing. */
async function useUnreadState(size: number) {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  // No update follows the first state.
  const gateway = await useGateway(withLive({ scheduleMs: [600_000] }));
  const name = "x".repeat(size);
  createLiveJob(gateway, running({ name }));
  const link = await useSlowLink(gateway.url);
  const connection = await openConnection(link.url, { "x-bkapi-authorization": AUTHORIZATION });
  link.hold();
  connection.send(WATCH);
  await expect.poll(link.isHolding).toBe(true);
  await settle();
  /** Whether the gateway has closed the connection. */
  const isDisconnected = () => gateway.logs.some(({ msg }) => msg === "connection");
  return { ...connection, link, name, isDisconnected };
}

it.each([
  ["that fits into socket buffers", 3],
  ["that exceeds socket buffers", 16],
])("a client that reads 128 KB per ping interval gets a message %s", async (_, megabytes) => {
  const { link, next, name, isDisconnected } = await useUnreadState(megabytes * 2 ** 20);
  // The whole smaller message, and 5 minutes of pings.
  for (let read = 0; read < 24; read++) {
    const sent = link.sent();
    await link.pass(2 ** 17);
    // A pong.
    await expect.poll(link.sent).toBeGreaterThan(sent);
    await settle();
    vi.advanceTimersByTime(PING_MS);
  }
  expect(isDisconnected()).toBe(false);
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
  ["an unread message in socket buffers", 3],
  ["an unread message that exceeds socket buffers", 16],
  ["only unread pings", 0],
])("a client that reads nothing for a minute is disconnected, with %s", async (_, megabytes) => {
  const { isDisconnected } = await useUnreadState(megabytes * 2 ** 20);
  for (let ping = 0; ping < 5; ping++) {
    vi.advanceTimersByTime(PING_MS);
    await settle();
  }
  expect(isDisconnected()).toBe(false);
  vi.advanceTimersByTime(PING_MS);
  await expect.poll(isDisconnected).toBe(true);
});
