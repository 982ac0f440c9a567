/** Responses that go on: written piece by piece, each when the client has taken the one before. */
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
  // Fastify's own type of what it gathered has numbers and lists in it, which Node.js takes too.
  const gathered = reply.getHeaders() as Record<string, string | number | string[]>;
  // nginx would hold pieces back until it has a large one.
  return reply.raw.writeHead(status, { ...gathered, ...headers, "x-accel-buffering": "no" });
}

/** What is written at one time: who takes this much in time is slow, not stuck. */
const CHUNK_BYTES = 2 ** 18;

/**
 * Writes a piece. Settles when it was handed to the operating system, and so one after the other is all that is kept
 * of what a slow client has not taken.
 * @returns false when the client has gone, or was cut off as it took nothing for a minute.
 */
export async function writePiece(response: ServerResponse, piece: string): Promise<boolean> {
  const bytes = Buffer.from(piece);
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
