/** Responses that go on: written chunk by chunk, each when the client has taken the one before. */
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

/** Between signs of life where there is nothing to tell, so that nobody on the way takes the connection for dead. */
export const KEEP_ALIVE_MS = 12_000;

/** How long a client may take nothing of what was written to it. */
export const MAX_STUCK_MS = 60_000;

/** Takes the response over from Fastify and sends its head. */
export function beginStream(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServerResponse {
  reply.hijack();
  // Fastify keeps the request for its log line. The stream may last for hours, and its body may be large.
  reply.request.body = undefined;
  // Fastify's own type of what it gathered has numbers and lists in it, which Node.js takes too.
  const gathered = reply.getHeaders() as Record<string, string | number | string[]>;
  // nginx would hold chunks back until it has a large one.
  return reply.raw.writeHead(status, { ...gathered, ...headers, "x-accel-buffering": "no" });
}

/**
 * Ends a response before the end of what it reports, and its connection with it: the client is to connect again, and by
 * then a load balancer may lead it to another instance.
 */
export function interruptStream(response: ServerResponse, lastChunk = ""): void {
  const { socket } = response;
  response.end(lastChunk, () => socket?.end());
}

/**
 * What is written at one time: a client that takes this much in time is slow, not stuck. All that can be seen of HTTP
 * clients is that the operating system takes the next chunk, which it does when a third of its buffer (of up to 2.5 MB
 * on Linux) was read. So who reads 15 KB a second or more is never taken for stuck.
 */
const CHUNK_BYTES = 2 ** 18;

/**
 * Writes a string. Settles when it was handed to the operating system, and so one after the other is all that is kept
 * of what a slow client has not taken.
 * @returns false when the client has gone, or was cut off as it took nothing for a minute.
 */
export async function writeString(response: ServerResponse, text: string): Promise<boolean> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    if (!(await writeChunk(response, bytes.subarray(at, at + CHUNK_BYTES)))) return false;
  }
  return true;
}

function writeChunk(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isWritten: boolean) => {
      clearTimeout(timer);
      response.off("close", onClose);
      resolve(isWritten);
    };
    const onClose = () => settle(false);
    const timer = setTimeout(() => response.destroy(), MAX_STUCK_MS);
    if (response.closed || response.destroyed) return settle(false);
    response.once("close", onClose);
    response.write(chunk, (error) => settle(!error));
  });
}
