/** Whether the client is still there. */
import type { FastifyReply } from "fastify";

/** Aborts when the client goes away before its response is complete. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.on("close", () => {
    if (!raw.writableFinished) gone.abort(new Error("The client has gone away."));
  });
  return gone.signal;
}
