/** Clients that read a large response slowly, and clients that stop reading. */

import { connect } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { jobQuery, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { rawPost } from "../support/raw-request.ts";
import { settle, useSlowLink } from "../support/slow-link.ts";

const MIB = 2 ** 20;

/** Less than a minute. */
const ALMOST_MS = 59_000;

/**
 * More than fits into the socket buffers at both ends, so that the gateway must write while the client reads.
 */
const READ_BYTES = 12 * MIB;
const READS = 3;

/** The response is larger than all slow reads together. */
const FIELDS = "id hostId ip tag status phase agentId startedAt finishedAt durationMs exitCode errorCode";
const PAGES = Array.from(
  { length: 16 },
  (_, index) => `p${index}: hostResults(first: ${10_000 - index}) { nodes { ${FIELDS} } }`,
);
const QUERY = jobQuery(bulkJobId(10_000), onJob(`steps { ${PAGES.join(" ")} }`));

/** A large response of which the client has read nothing. The test controls the clock. */
async function useUnreadResponse() {
  const gateway = await useGateway();
  const link = await useSlowLink(gateway.url);
  link.hold();
  const body = JSON.stringify({ query: QUERY });
  const { hostname, port } = new URL(link.url);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const chunks: Buffer[] = [];
  const client = connect(Number(port), hostname).on("data", (chunk: Buffer) => void chunks.push(chunk));
  const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
  client.write(rawPost(body, { connection: "close" }));
  await expect.poll(link.isHolding).toBe(true);
  await settle();
  /** Lets the client read the rest. @returns the content length and the number of bytes received. */
  const readAll = async () => {
    void link.pass(Number.POSITIVE_INFINITY);
    await ended;
    const bytes = Buffer.concat(chunks);
    const end = bytes.indexOf("\r\n\r\n");
    const [, length] = /^content-length: (\d+)/im.exec(bytes.toString("latin1", 0, end)) ?? [];
    return { announced: Number(length), received: bytes.length - end - 4 };
  };
  /** Whether the gateway has sent the response or disconnected the client. */
  const isOver = () => gateway.logs.some(({ msg }) => msg === "request");
  return { ...gateway, link, readAll, isOver };
}

it("lets a client read slowly, for longer than a minute", async () => {
  const { link, isOver, readAll } = await useUnreadResponse();
  for (let read = 0; read < READS; read++) {
    vi.advanceTimersByTime(ALMOST_MS);
    await settle();
    expect(isOver()).toBe(false);
    await link.pass(READ_BYTES);
    await settle();
  }
  const { announced, received } = await readAll();
  expect(announced).toBeGreaterThan(READS * READ_BYTES);
  expect(received).toBe(announced);
});

it("disconnects a client that reads nothing for a minute, and only then", async () => {
  const { link, logs, isOver, readAll } = await useUnreadResponse();
  await link.pass(READ_BYTES);
  await settle();
  vi.advanceTimersByTime(ALMOST_MS);
  await settle();
  expect(isOver()).toBe(false);
  vi.advanceTimersByTime(60_000);
  await expect.poll(isOver).toBe(true);
  expect(logs).toContainEqual(expect.objectContaining({ msg: "request", statusCode: null, aborted: true }));
  const { announced, received } = await readAll();
  expect(received).toBeLessThan(announced);
});
