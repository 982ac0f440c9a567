/** Ids of requests, which lead from an answer to its log lines. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A caller's `X-Request-Id` is kept when it is fit for a header and a log line, else replaced. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}
