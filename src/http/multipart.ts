/**
 * Apollo's multipart subscription protocol: a subscription as the response to a POST request, in parts.
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
import type { FastifyReply } from "fastify";
import { formatError } from "../graphql/errors.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { interruptStream, KEEP_ALIVE_MS, startStream, writeChunked } from "./streamed-response.ts";

/** True when the client accepts a subscription in parts. */
export const acceptsMultipart = (accept: string | undefined): boolean =>
  /multipart\/mixed[^,]*;\s*subscriptionSpec="?1\.0"?/i.test(accept ?? "");

const BOUNDARY = "graphql";
const CONTENT_TYPE = `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0`;

/**
 * Each part includes the boundary after it, because a client must see that boundary to know that the part is
 * complete.
 */
const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--${BOUNDARY}`;

/** Follows the last boundary. */
const END = "--\r\n";

/**
 * Sends results until they end or the client disconnects. When they throw, the last part is a transport error, after
 * which a client may subscribe again. Without it, the client would regard the subscription as complete.
 */
export async function sendMultipart(
  reply: FastifyReply,
  results: AsyncGenerator<string, void, undefined>,
): Promise<void> {
  const response = startStream(reply, 200, { "content-type": CONTENT_TYPE });
  const heartbeat = setInterval(() => {
    // No heartbeat while the client has not read all previous data.
    if (response.writableLength === 0) response.write(part("{}"));
  }, KEEP_ALIVE_MS);
  try {
    let isOpen = await writeChunked(response, `\r\n--${BOUNDARY}`);
    for await (const json of results) {
      isOpen &&= await writeChunked(response, part(`{"payload":${json}}`));
      if (!isOpen) break;
    }
    response.end(END);
  } catch (error) {
    interruptStream(response, part(JSON.stringify(transportError(error))) + END);
    // Any other error is internal, and logged by the caller.
    if (!(error instanceof StreamInterrupted)) throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

/** A message of the protocol for an error that is not part of a result. */
function transportError(error: unknown) {
  const formatted =
    error instanceof StreamInterrupted
      ? { message: error.message, extensions: { code: error.code } }
      : formatError({ message: "" }, error);
  return { payload: null, errors: [formatted] };
}
