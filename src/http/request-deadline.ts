/** Reads how long the client waits for its response: the header `X-Request-Deadline-Ms`, or an extension on a WebSocket. */
import type { IncomingHttpHeaders } from "node:http";

/** Longer deadlines must be a mistake, such as a timestamp. One day. */
const MAX_DEADLINE_MS = 86_400_000;

/** The name of the extension of an operation on a WebSocket, whose messages have no headers. */
export const DEADLINE_EXTENSION = "requestDeadlineMs";

/** The client sent an invalid deadline. Fastify responds with this status. */
export class InvalidDeadline extends Error {
  override readonly name = "InvalidDeadline";
  readonly statusCode = 400;

  constructor(where: string, value: unknown) {
    const shown = JSON.stringify(value)?.slice(0, MAX_SHOWN_CHARACTERS);
    super(
      `Expected ${where} to be a whole number of milliseconds from 1 to ${MAX_DEADLINE_MS}, got ${shown}. ` +
        "Send the time that is left, not a time of day.",
    );
  }
}

const MAX_SHOWN_CHARACTERS = 40;

/** @returns milliseconds; null without the header. @throws InvalidDeadline */
export function readDeadlineMs(headers: IncomingHttpHeaders): number | null {
  const value = headers["x-request-deadline-ms"];
  if (value === undefined) return null;
  const text = String(value).trim();
  const ms = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (!isDeadline(ms)) throw new InvalidDeadline("the header X-Request-Deadline-Ms", text);
  return ms;
}

/** @param value the extension of an operation. @returns milliseconds; null without the extension. @throws InvalidDeadline */
export function readDeadlineExtension(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  const ms = typeof value === "number" ? value : 0;
  if (!isDeadline(ms)) throw new InvalidDeadline(`\`extensions.${DEADLINE_EXTENSION}\``, value);
  return ms;
}

const isDeadline = (ms: number): boolean => Number.isInteger(ms) && ms >= 1 && ms <= MAX_DEADLINE_MS;
