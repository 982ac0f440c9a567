/** Transport errors with messages for callers. The original messages contain the upstream's address. */
import type { IncomingHttpHeaders } from "node:http";
import { errors } from "undici";
import type { ErrorOrigin } from "./upstream-error.ts";

/** Status and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  /** Value of a response header by its lower-case name. */
  readonly header: (name: string) => string | null;
}

export const toHead = (status: number, headers: IncomingHttpHeaders): ResponseHead => ({
  status,
  header: (name) => {
    const value = headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  },
});

/** A call without a usable response. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: "UPSTREAM_TIMEOUT" | "UPSTREAM_UNAVAILABLE" | "UPSTREAM_CONTRACT";
  /** Milliseconds until a retry makes sense; null if unknown. */
  readonly retryAfterMs: number | null;
  readonly origin: ErrorOrigin;
  /** For logs: the code of a failed connection, or the name of a limit. */
  readonly reason: string | null;
  /** Status and headers, if they were received. */
  head: ResponseHead | null = null;

  constructor(
    code: TransportError["code"],
    message: string,
    retryAfterMs: number | null = null,
    origin: ErrorOrigin = "upstream",
    reason: string | null = null,
  ) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.origin = origin;
    this.reason = reason;
  }
}

export const timeoutError = (timeoutMs: number) =>
  new TransportError("UPSTREAM_TIMEOUT", `The upstream did not respond within ${timeoutMs} ms.`);

export const queueTimeoutError = (timeoutMs: number) =>
  new TransportError(
    "UPSTREAM_TIMEOUT",
    `No connection to the upstream became free within ${timeoutMs} ms. Retry later; raise UPSTREAM_CONNECTIONS if ` +
      "this happens often.",
    null,
    "gateway",
    "UPSTREAM_CONNECTIONS",
  );

/** Retry delay if the queue is full. */
const QUEUE_FULL_RETRY_MS = 1_000;

export const queueFullError = (maxQueue: number) =>
  new TransportError(
    "UPSTREAM_UNAVAILABLE",
    `Too many calls are waiting for a connection to the upstream (maximum ${maxQueue}, three quarters of them for one ` +
      "caller). Retry later; raise UPSTREAM_CONNECTIONS or UPSTREAM_MAX_QUEUE if this happens often.",
    QUEUE_FULL_RETRY_MS,
    "gateway",
    "UPSTREAM_MAX_QUEUE",
  );

export const bodyTooLargeError = (maxBytes: number) =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    `The response body exceeds the maximum of ${maxBytes} bytes. Raise UPSTREAM_MAX_BODY_BYTES if jobs are that large.`,
    null,
    "upstream",
    "UPSTREAM_MAX_BODY_BYTES",
  );

/** The default of Node.js. */
export const MAX_HEADER_BYTES = 16_384;

const unreachableError = (text: string, reason: string, origin: ErrorOrigin, what = "upstream") =>
  new TransportError(
    "UPSTREAM_UNAVAILABLE",
    `The ${what} could not be reached: ${text}.`,
    null,
    origin,
    reason,
  );

/** The proxy could not be connected to. undici examines the code of an error, so this one has the code of its cause. */
export class ProxyUnreachable extends Error {
  override readonly name = "ProxyUnreachable";
  readonly code: string;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.code = errorCode(cause);
  }
}

/** The gateway never requests a protocol switch. */
export const switchedProtocolsError = () =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    "Expected a final HTTP response, got HTTP 101 (Switching Protocols). Check which server JOB_API_URL points to.",
  );

const CONTRADICTORY_HEADERS =
  "Expected one valid `Content-Length`, or none, got response headers that contradict each other or HTTP. Check which " +
  "server JOB_API_URL points to.";

export const shuttingDownError = () =>
  unreachableError("the gateway is shutting down", "SHUTTING_DOWN", "gateway");

const INCOMPLETE = "the connection was closed before the response was complete";

const MESSAGES: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ENOTFOUND: "its host name is unknown",
  EAI_AGAIN: "its host name could not be looked up",
  EHOSTUNREACH: "its host is unreachable",
  ENETUNREACH: "its network is unreachable",
  ETIMEDOUT: "connecting took too long",
  UND_ERR_CONNECT_TIMEOUT: "connecting took too long",
  UND_ERR_SOCKET: INCOMPLETE,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: INCOMPLETE,
  // undici's codes for a proxy that responds to CONNECT with a status other than 200, for one that responds with 407 to
  // a request, and for one that closes the connection.
  UND_ERR_ABORTED: "the proxy refused to connect to it",
  UND_ERR_INVALID_ARG: "the proxy asks for credentials",
  UND_ERR_PRX_CONN: "the proxy closed the connection",
  UND_ERR_PRX_TLS: "the certificate of the proxy is not valid for its name",
};

/** Codes of errors that may be over at once. The others are errors of configuration, or responses that ended early. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_PRX_CONN",
]);

interface ExchangeState {
  /** Whether status and headers were received. */
  readonly hasHead: boolean;
  /** Whether the upstream had closed the connection. */
  readonly hasEnded: boolean;
  readonly maxBodyBytes: number;
}

export function toTransportError(
  error: unknown,
  { hasHead, hasEnded, maxBodyBytes }: ExchangeState,
): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof errors.ResponseExceededMaxSizeError) return bodyTooLargeError(maxBodyBytes);
  if (error instanceof errors.HeadersOverflowError) {
    const what = hasHead ? "trailers" : "response headers";
    return new TransportError(
      "UPSTREAM_CONTRACT",
      `Expected ${what} of at most ${MAX_HEADER_BYTES} bytes, got more. Check which server JOB_API_URL points to.`,
    );
  }
  const isMalformed = error instanceof errors.HTTPParserError;
  if (isMalformed && !hasHead) {
    return new TransportError("UPSTREAM_CONTRACT", "Expected an HTTP response, got something else.");
  }
  // undici reports this for headers with an invalid length, but also for incomplete headers.
  if (error instanceof errors.ResponseContentLengthMismatchError && !hasHead && !hasEnded) {
    return new TransportError("UPSTREAM_CONTRACT", CONTRADICTORY_HEADERS);
  }
  const code = errorCode(error);
  // A parser error after valid headers means that a chunked body ended too early.
  const text = isMalformed ? INCOMPLETE : (MESSAGES[code] ?? `the connection failed (${code})`);
  const origin = TRANSIENT.has(code) ? "connection" : "upstream";
  return unreachableError(text, code, origin, error instanceof ProxyUnreachable ? "proxy" : "upstream");
}

/** Connecting to a name with several addresses fails with one error per address. The first is representative. */
function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown reason";
}
