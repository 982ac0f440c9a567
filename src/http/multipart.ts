/**
 * Apollo's multipart subscription protocol: a subscription as the one response to a POST request, in parts.
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
import type { FastifyReply } from "fastify";
import { formatError } from "../graphql/errors.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { beginStream, interruptStream, KEEP_ALIVE_MS, writeString } from "./streamed-response.ts";

/** True when the caller takes a subscription in parts. */
export const acceptsParts = (accept: string | undefined): boolean =>
  /multipart\/mixed[^,]*;\s*subscriptionSpec="?1\.0"?/i.test(accept ?? "");

const BOUNDARY = "graphql";
const CONTENT_TYPE = `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0`;

/** A part ends with the boundary of the next one, without which a client would wait to see whether it has ended. */
const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--${BOUNDARY}`;

/** After a boundary: there is no next part. */
const END = "--\r\n";

/**
 * Sends results until they end or the client goes; then they are ended. Where they throw, the last part is an error of
 * the transport, after which a client may subscribe again; without one, it takes the subscription for completed.
 */
export async function sendParts(
  reply: FastifyReply,
  results: AsyncGenerator<string, void, undefined>,
): Promise<void> {
  const response = beginStream(reply, 200, { "content-type": CONTENT_TYPE });
  const heartbeat = setInterval(() => {
    // Not to one that has yet to take what is there.
    if (response.writableLength === 0) response.write(part("{}"));
  }, KEEP_ALIVE_MS);
  try {
    let isOpen = await writeString(response, `\r\n--${BOUNDARY}`);
    for await (const text of results) {
      isOpen &&= await writeString(response, part(`{"payload":${text}}`));
      if (!isOpen) break;
    }
    response.end(END);
  } catch (error) {
    interruptStream(response, part(JSON.stringify(transportError(error))) + END);
    // Anything else is a fault, for the log.
    if (!(error instanceof StreamInterrupted)) throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

/** The form of an error that is not of the operation. */
function transportError(error: unknown) {
  const shown =
    error instanceof StreamInterrupted
      ? { message: error.message, extensions: { code: error.code } }
      : formatError({ message: "" }, error);
  return { payload: null, errors: [shown] };
}
