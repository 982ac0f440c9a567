/** Clients that read a large response slowly, and those that stop reading. */
import { connect } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { AUTHORIZATION, jobQuery, onJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { settle, useSlowLink } from "../support/slow-link.ts";

const MIB = 2 ** 20;

/** Less than a minute. */
const ALMOST_MS = 59_000;

/**
 * More than the operating systems at both ends hold, so that the gateway must have written in the meantime for a client
 * to read so much.
 */
const READ_BYTES = 12 * MIB;
const READS = 3;

/** More than what is read slowly. */
const FIELDS = "id hostId ip tag status phase agentId startedAt finishedAt durationMs exitCode errorCode";
const PAGES = Array.from(
  { length: 16 },
  (_, index) => `p${index}: hostResults(first: ${10_000 - index}) { nodes { ${FIELDS} } }`,
);
const QUERY = jobQuery(bulkJobId(10_000), onJob(`steps { ${PAGES.join(" ")} }`));

/** A large response of which the client has read nothing yet. The time is the test's. */
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
  client.write(
    `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\nx-bkapi-authorization: ${AUTHORIZATION}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await expect.poll(link.isHolding).toBe(true);
  await settle();
  /** Lets the client read all that is left. @returns the length announced, and that of what came. */
  const readAll = async () => {
    void link.pass(Number.POSITIVE_INFINITY);
    await ended;
    const bytes = Buffer.concat(chunks);
    const end = bytes.indexOf("\r\n\r\n");
    const [, length] = /^content-length: (\d+)/im.exec(bytes.toString("latin1", 0, end)) ?? [];
    return { announced: Number(length), received: bytes.length - end - 4 };
  };
  /** The gateway has sent the response, or has disconnected the client. */
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
