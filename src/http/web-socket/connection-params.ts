/** The caller behind a WebSocket: what its upgrade request says, and what its first message says over that. */
import type { IncomingHttpHeaders } from "node:http";
import { CALLER_HEADERS, toHeaderJson } from "../caller.ts";

/** The connection's first message has something that is no header. */
export class InvalidConnectionParams extends Error {
  override readonly name = "InvalidConnectionParams";
}

/** Headers that a page can give in `connection_init`, as it cannot give any to a WebSocket itself. */
const PARAMS = ["x-bkapi-authorization", "x-bk-tenant-id", "accept-language"] as const;

/** What is kept of the upgrade request while the connection lasts. */
export const handshakeHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(CALLER_HEADERS.map((name) => [name, headers[name]]));

/**
 * The headers with those of `params`, whose names may be in any case.
 * @throws InvalidConnectionParams
 */
export function withParams(
  headers: IncomingHttpHeaders,
  params: Readonly<Record<string, unknown>> | undefined,
): IncomingHttpHeaders {
  const given = new Map(Object.entries(params ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const read = PARAMS.flatMap((name) => {
    const value = given.get(name) ?? null;
    return value === null ? [] : [[name, headerValue(name, value)] as const];
  });
  return { ...headers, ...Object.fromEntries(read) };
}

/** As much as Node.js takes of all headers of a request together. */
const MAX_CHARACTERS = 2 ** 14;

/** A value that is fit for a header. Credentials are JSON, as a text or as it is, in any characters and layout. */
function headerValue(name: (typeof PARAMS)[number], value: unknown): string {
  const text = headerText(name, value);
  if (text !== null && text.length <= MAX_CHARACTERS) return text;
  // What came may be a secret, and is not said.
  throw new InvalidConnectionParams(`Expected ${name} in connection_init to be a text for a header.`);
}

/** Null for what no header can hold. */
function headerText(name: (typeof PARAMS)[number], value: unknown): string | null {
  if (name === "x-bkapi-authorization") {
    const json = typeof value === "string" ? parsed(value) : value;
    if (typeof json === "object" && json !== null) return toHeaderJson(json);
  }
  return typeof value === "string" && /^[\x20-\x7e]*$/.test(value) ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
