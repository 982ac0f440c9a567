/** Streamed and large responses: written chunk by chunk, at the speed of the client. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable, type Transform } from "node:stream";
import type { FastifyReply } from "fastify";

/** Interval of keep-alive messages, so that no proxy closes an idle connection. */
export const KEEP_ALIVE_MS = 12_000;

/** A client that reads none of the written data for this long is disconnected. */
export const MAX_STALL_MS = 60_000;

/** Smaller responses fit into the buffers of the operating system, so that no client can stall them. */
export const MAX_SOCKET_BUFFER_BYTES = 2 ** 16;

/** Takes over the response from Fastify and sends the headers of a stream. */
export const startStream = (
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServerResponse =>
  // Without this header, nginx buffers chunks.
  takeOver(reply, status, { ...headers, "x-accel-buffering": "no" });

/**
 * Sends a response of known length, whose client is disconnected when it stalls. Resolves when the operating system has
 * accepted all of it, or the client has disconnected.
 */
export async function sendLarge(
  reply: FastifyReply,
  status: number,
  contentType: string,
  body: string | Buffer,
): Promise<void> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const response = takeOver(reply, status, {
    "content-type": contentType,
    "content-length": String(bytes.length),
  });
  await socketOf(response);
  if (await writeChunked(response, bytes)) response.end();
}

/**
 * Like `sendLarge`, with a content coding and therefore of unknown length. The encoder gets the body in chunks, as fast as
 * the client reads what it has compressed.
 */
export async function sendEncoded(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
  encoder: Transform,
): Promise<void> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const response = takeOver(reply, status, headers);
  const source = Readable.from(chunksOf(bytes));
  try {
    await socketOf(response);
    for await (const chunk of source.pipe(encoder)) {
      if (!(await writeChunk(response, chunk))) return;
    }
    response.end();
  } finally {
    // After an error, or when the client has disconnected.
    source.destroy();
    encoder.destroy();
    if (!response.writableEnded) response.destroy();
  }
}

/**
 * Waits until a response may be written. That to a pipelined request gets its socket when the previous responses have
 * been sent. If the client disconnects before, the response is closed without a socket and without an error.
 */
async function socketOf(response: ServerResponse): Promise<void> {
  if (response.socket || response.closed) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(response, "socket", { signal }), once(response, "close", { signal })]);
  waiting.abort();
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Takes over the response from Fastify and sends its headers. */
function takeOver(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServerResponse {
  reply.hijack();
  // Fastify retains the request for its log line. The stream may last for hours, and the body may be large.
  reply.request.body = undefined;
  // Fastify's type also allows numbers and lists, which `writeHead` accepts.
  const replyHeaders = reply.getHeaders() as Record<string, string | number | string[]>;
  return reply.raw.writeHead(status, { ...replyHeaders, ...headers });
}

/**
 * Ends a response before the end of its stream, and closes the connection: the client should reconnect, and a load
 * balancer may then choose another instance.
 */
export function interruptStream(response: ServerResponse, lastChunk = ""): void {
  const { socket } = response;
  response.end(lastChunk, () => socket?.end());
}

/**
 * Maximum number of bytes per write. `MAX_STALL_MS` applies to each write, so chunks must be small enough that a slow
 * client is not mistaken for a stalled one. The only visible sign of reading is that the operating system accepts the
 * next chunk, which it does once a third of its buffer (up to 2.5 MB on Linux) has been read. A client that reads at
 * least 15 kB per second is therefore never disconnected.
 */
const CHUNK_BYTES = 2 ** 18;

/**
 * Writes text in chunks. Resolves when the operating system has accepted all of it. Callers wait for that before they
 * write the next text, so that at most one text is buffered for a slow client.
 * @returns false when the client has disconnected, or was disconnected because it stalled.
 */
export async function writeChunked(response: ServerResponse, text: string | Buffer): Promise<boolean> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
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
    const timer = setTimeout(() => response.destroy(), MAX_STALL_MS);
    if (response.closed || response.destroyed) return settle(false);
    response.once("close", onClose);
    response.write(chunk, (error) => settle(!error));
  });
}
