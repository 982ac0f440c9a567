/** Writes a simulated response to a connection. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BodyBytes,
  type DripResponse,
  type FloodResponse,
  type SimulatedResponse,
  type TruncatedResponse,
  toJson,
} from "./response.ts";

/** Statuses without a body and without `content-length` (RFC 9110, section 8.6). */
const BODILESS = new Set([204, 304]);

/** Resolves when the response is sent or the client has disconnected. Never rejects because of a client. */
export async function sendResponse(
  simulated: SimulatedResponse,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (response.destroyed) return;
  switch (simulated.kind) {
    case "hang":
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "delayed":
      // Unreferenced, so that a pending delay does not keep the process alive after `close`.
      await sleep(simulated.delayMs, undefined, { ref: false });
      return sendResponse(simulated.response, request, response);
    case "json": {
      const headers = { "content-type": "application/json", ...simulated.headers };
      return sendWhole(response, simulated.status, headers, toJson(simulated.body));
    }
    case "raw":
      return sendWhole(response, simulated.status, simulated.headers ?? {}, simulated.body);
    case "truncated":
      return sendHalf(response, simulated);
    case "drip":
      return sendStream(response, simulated, Buffer.byteLength(simulated.body), dripChunks(simulated));
    case "flood": {
      const length = simulated.hasContentLength ? simulated.bytes : undefined;
      return sendStream(response, simulated, length, floodChunks(simulated));
    }
  }
}

function sendHead(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  length: number | undefined,
): void {
  response.writeHead(status, {
    "x-bkapi-request-id": randomUUID(),
    ...headers,
    ...(length !== undefined && !BODILESS.has(status) && { "content-length": length }),
  });
}

function sendWhole(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: BodyBytes,
): void {
  const chunks = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  const length = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
  sendHead(response, status, headers, length);
  // Corked, so that the head and all chunks are one write to the socket.
  response.cork();
  for (const chunk of chunks) response.write(chunk);
  response.uncork();
  response.end();
}

function sendHalf(response: ServerResponse, { status, headers = {}, body }: TruncatedResponse): void {
  const bytes = Buffer.from(body);
  sendHead(response, status, headers, bytes.length);
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

async function sendStream(
  response: ServerResponse,
  { status, headers = {} }: DripResponse | FloodResponse,
  length: number | undefined,
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string>,
): Promise<void> {
  sendHead(response, status, headers, length);
  try {
    await pipeline(Readable.from(chunks), response);
  } catch {
    // Clients are expected to close the connection before the end of these responses.
  }
}

async function* dripChunks({ body, chunkBytes, pauseMs }: DripResponse): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield bytes.subarray(at, at + chunkBytes);
    await sleep(pauseMs, undefined, { ref: false });
  }
}

function* floodChunks({ row, bytes }: FloodResponse): Generator<string> {
  const block = row.repeat(Math.ceil(65_536 / row.length));
  for (let sent = 0; sent < bytes; sent += block.length) yield block.slice(0, bytes - sent);
}
