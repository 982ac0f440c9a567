/** The headers of a WebSocket connection: those of the handshake, overridden by the payload of `connection_init`. */
import type { IncomingHttpHeaders } from "node:http";
import { CALLER_HEADERS, toHeaderJson } from "../caller.ts";
import { tryParseJson } from "../lossless-json.ts";

/** The payload of `connection_init` contains a value that is not a valid header. */
export class InvalidConnectionParams extends Error {
  override readonly name = "InvalidConnectionParams";
}

/** Headers that `connection_init` may set, because browsers cannot set headers of a WebSocket handshake. */
const PARAM_NAMES = ["x-bkapi-authorization", "authorization", "x-bk-tenant-id", "accept-language"] as const;

const CREDENTIALS_HEADERS: ReadonlySet<string> = new Set(["x-bkapi-authorization", "authorization"]);

/** The handshake headers that are retained while the connection is open. */
export const handshakeHeaders = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(CALLER_HEADERS.map((name) => [name, headers[name]]));

/** The names of `params` are case-insensitive, like those of headers. */
export const lowerCaseNames = (
  params: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name.toLowerCase(), value]));

/**
 * Overrides headers with those in `params`, whose names are in lower case. Credentials in `params` override those in
 * any header, because `X-Bkapi-Authorization` of the handshake would take precedence over `Authorization` in `params`.
 * @throws InvalidConnectionParams
 */
export function withConnectionParams(
  headers: IncomingHttpHeaders,
  params: Readonly<Record<string, unknown>>,
): IncomingHttpHeaders {
  const overrides = PARAM_NAMES.flatMap((name) => {
    const value = params[name] ?? null;
    return value === null ? [] : [[name, headerValue(name, value)] as const];
  });
  const hasCredentials = overrides.some(([name]) => CREDENTIALS_HEADERS.has(name));
  const kept = Object.entries(headers).filter(([name]) => !hasCredentials || !CREDENTIALS_HEADERS.has(name));
  return Object.fromEntries([...kept, ...overrides]);
}

/** The limit of Node.js for all headers of a request together. */
const MAX_VALUE_LENGTH = 2 ** 14;

function headerValue(name: (typeof PARAM_NAMES)[number], value: unknown): string {
  const text = toHeaderText(name, value);
  if (text !== null && text.length <= MAX_VALUE_LENGTH) return text;
  // The message does not contain the value, which may be a secret.
  throw new InvalidConnectionParams(`Expected ${name} in connection_init to be a valid header value.`);
}

/** Credentials may be an object or a JSON string with any characters. Null for a value that a header cannot contain. */
function toHeaderText(name: (typeof PARAM_NAMES)[number], value: unknown): string | null {
  if (name === "x-bkapi-authorization") {
    const json = typeof value === "string" ? tryParseJson(value) : value;
    if (typeof json === "object" && json !== null) return toHeaderJson(json);
  }
  return typeof value === "string" && /^[\x20-\x7e]*$/.test(value) ? value : null;
}
