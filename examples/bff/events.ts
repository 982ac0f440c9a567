/** Server-sent events, for `EventSource` in browsers. */
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { describeError, isAbort, logError } from "./errors.ts";

export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** Proxies close connections that are silent for a minute, for example. */
const KEEP_ALIVE_MS = 15_000;

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Otherwise, nginx collects the response before it sends it.
  "x-accel-buffering": "no",
  // A server that stops waits for its connections.
  connection: "close",
};

const toText = ({ name, data }: ServerEvent): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Sends events until their end, which the event `end` tells: `EventSource` would reconnect without it.
 * @throws what is thrown before the first event, so that the response is an HTTP error. `EventSource` does not reconnect
 *   after one. Later errors are events with the name `failed`.
 */
export async function sendEvents(
  events: AsyncGenerator<ServerEvent, void, undefined>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const first = await events.next();
  async function* texts() {
    try {
      if (!first.done) yield toText(first.value);
      for await (const event of events) yield toText(event);
      yield toText({ name: "end", data: {} });
    } catch (error) {
      // The client has disconnected, or this server stops.
      if (isAbort(error)) return;
      logError(error, request);
      const { code, message } = describeError(error);
      yield toText({ name: "failed", data: { code, message } });
    }
  }
  const body = new PassThrough();
  const keepAlive = setInterval(() => {
    // The buffers up to the client are full: it does not read any more.
    if (body.writableNeedDrain) body.destroy();
    else body.write(":\n\n");
  }, KEEP_ALIVE_MS);
  pipeline(texts, body)
    // The client has disconnected.
    .catch(() => {})
    .finally(() => clearInterval(keepAlive));
  return reply.headers(HEADERS).send(body);
}
