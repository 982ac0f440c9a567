/** Puts an `Answer` on the wire. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, BodyBytes, DripAnswer, FloodAnswer, TruncatedAnswer } from "./answer.ts";
import { toJson } from "./json.ts";

/** Statuses whose answers have neither a body nor a length (RFC 9110, 8.6). */
const BODILESS = new Set([204, 304]);

/** Sends one answer. Resolves when it is sent or the client has gone; never rejects because of a client. */
export async function sendAnswer(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (response.destroyed) return;
  switch (answer.kind) {
    case "hang":
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "delayed":
      // Unreferenced: a pending delay must not keep the process alive after `close`.
      await sleep(answer.delayMs, undefined, { ref: false });
      return sendAnswer(answer.answer, request, response);
    case "json": {
      const headers = { "content-type": "application/json", ...answer.headers };
      return sendWhole(response, answer.status, headers, toJson(answer.body));
    }
    case "raw":
      return sendWhole(response, answer.status, answer.headers ?? {}, answer.body);
    case "truncated":
      return sendHalf(response, answer);
    case "drip":
      return sendBody(response, answer, Buffer.byteLength(answer.body), dripped(answer));
    case "flood":
      return sendBody(response, answer, answer.announced ? answer.bytes : undefined, flooded(answer));
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
  const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  sendHead(
    response,
    status,
    headers,
    pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0),
  );
  // Corked: head and pieces leave in one write.
  response.cork();
  for (const piece of pieces) response.write(piece);
  response.uncork();
  response.end();
}

function sendHalf(response: ServerResponse, { status, headers = {}, body }: TruncatedAnswer): void {
  const bytes = Buffer.from(body);
  sendHead(response, status, headers, bytes.length);
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

async function sendBody(
  response: ServerResponse,
  { status, headers = {} }: DripAnswer | FloodAnswer,
  length: number | undefined,
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string>,
): Promise<void> {
  sendHead(response, status, headers, length);
  try {
    await pipeline(Readable.from(chunks), response);
  } catch {
    // A client that has seen enough closes the connection: that is the point of these answers.
  }
}

async function* dripped({ body, chunkBytes, pauseMs }: DripAnswer): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield bytes.subarray(at, at + chunkBytes);
    await sleep(pauseMs, undefined, { ref: false });
  }
}

function* flooded({ row, bytes }: FloodAnswer): Generator<string> {
  const block = row.repeat(Math.ceil(65_536 / row.length));
  for (let sent = 0; sent < bytes; sent += block.length) yield block.slice(0, bytes - sent);
}
