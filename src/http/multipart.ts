/**
 * Apollo's multipart subscription protocol: a subscription as the one answer to a POST request, in parts.
 * https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
import type { FastifyReply } from "fastify";
import { beginStream, KEEP_ALIVE_MS, writePiece } from "./streamed-response.ts";

/** True when the caller takes a subscription in parts. */
export const acceptsParts = (accept: string | undefined): boolean =>
  /multipart\/mixed[^,]*;\s*subscriptionSpec="?1\.0"?/i.test(accept ?? "");

const BOUNDARY = "graphql";
const CONTENT_TYPE = `multipart/mixed;boundary="${BOUNDARY}";subscriptionSpec=1.0`;

/** A part ends with the boundary of the next one, without which a client would wait to see whether it has ended. */
const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--${BOUNDARY}`;

/** Sends results until they end or the client goes; then they are ended. */
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
    let isOpen = await writePiece(response, `\r\n--${BOUNDARY}`);
    for await (const text of results) {
      isOpen &&= await writePiece(response, part(`{"payload":${text}}`));
      if (!isOpen) break;
    }
  } finally {
    clearInterval(heartbeat);
    response.end("--\r\n");
  }
}
