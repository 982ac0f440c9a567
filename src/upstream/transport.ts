/** One HTTP GET: bounded in time and size, with every way to fail told apart. Knows nothing of jobs. */
import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors, Pool } from "undici";

export interface TransportOptions {
  /** Base URL up to, not including, `/api/v4/…`. */
  readonly baseUrl: URL;
  /** Limit of a whole call, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Largest body that is read; a longer one is cut off and refused. */
  readonly maxBodyBytes: number;
  /** Connections, and so calls at one time. */
  readonly connections: number;
}

/** What comes before a body. */
export interface ResponseHead {
  readonly status: number;
  /** Value of a response header by its lower-case name. */
  readonly header: (name: string) => string | null;
}

export interface TransportResponse extends ResponseHead {
  readonly body: Buffer;
}

export interface Transport {
  /** @throws TransportFailure; the reason of `signal` when that aborts. */
  readonly get: (
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ) => Promise<TransportResponse>;
  /** Ends idle connections at once and waits for the calls in flight. */
  readonly close: () => Promise<void>;
  /** Ends everything at once. */
  readonly destroy: () => Promise<void>;
}

/** No usable response came. */
export class TransportFailure extends Error {
  override readonly name = "TransportFailure";
  readonly code: "UPSTREAM_TIMEOUT" | "UPSTREAM_UNAVAILABLE" | "UPSTREAM_CONTRACT";
  /** Of the response, when it had begun. */
  head: ResponseHead | null = null;

  constructor(code: TransportFailure["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export function createTransport({
  baseUrl,
  timeoutMs,
  maxBodyBytes,
  connections,
}: TransportOptions): Transport {
  const pool = new Pool(baseUrl.origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    maxResponseSize: maxBodyBytes,
    // The limit of the whole call is the only one: a second clock would only disagree with it.
    connect: { timeout: timeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const prefix = baseUrl.pathname.replace(/\/+$/, "");

  const get: Transport["get"] = (path, headers, signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    let head: ResponseHead | null = null;
    const chunks: Buffer[] = [];
    let controller: Dispatcher.DispatchController | undefined;
    let abortReason: Error | undefined;
    // Ends the connection too: what is left of the response must not be read by the next call.
    const abort = (reason: Error) => {
      abortReason ??= reason;
      controller?.abort(abortReason);
    };
    const timer = setTimeout(() => abort(timedOut(timeoutMs)), timeoutMs);
    const onAbort = () => abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    const onDone = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
    // A handler of our own, as `request()` makes a stream of every body, which costs more than a small call itself.
    pool.dispatch(
      { method: "GET", path: `${prefix}${path}`, headers },
      {
        onRequestStart: (given) => {
          controller = given;
          if (abortReason) given.abort(abortReason);
        },
        onResponseStart: (_, status, responseHeaders) => {
          // Before the response there can be others, such as 103, that only tell of it.
          if (status < 200) return;
          head = toHead(status, responseHeaders);
          // The pool counts what arrives; a body that is announced as too large need not arrive at all.
          if (Number(head.header("content-length")) > maxBodyBytes) abort(tooLarge(maxBodyBytes));
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd: () => {
          onDone();
          if (head) resolve({ status: head.status, header: head.header, body: joined(chunks) });
        },
        onResponseError: (_, error) => {
          onDone();
          const reason = abortReason ?? toFailure(error, head !== null, maxBodyBytes);
          if (reason instanceof TransportFailure) reason.head = head;
          reject(reason);
        },
      },
    );
    return promise;
  };

  return { get, close: () => pool.close(), destroy: () => pool.destroy() };
}

/** Most bodies are one chunk. */
const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);

const toHead = (status: number, headers: IncomingHttpHeaders): ResponseHead => ({
  status,
  header: (name) => {
    const value = headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  },
});

const timedOut = (timeoutMs: number) =>
  new TransportFailure("UPSTREAM_TIMEOUT", `The upstream did not answer within ${timeoutMs} ms.`);

const tooLarge = (maxBytes: number) =>
  new TransportFailure(
    "UPSTREAM_CONTRACT",
    `Expected a body of at most ${maxBytes} bytes, got more; raise UPSTREAM_MAX_BODY_BYTES if jobs are that large.`,
  );

const CUT_OFF = "the connection was closed before the answer was complete";

/** Reasons as a person would say them; the raw texts name the upstream's address. */
const REASONS: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  ENOTFOUND: "its host name is unknown",
  EAI_AGAIN: "its host name could not be looked up",
  EHOSTUNREACH: "its host is unreachable",
  ENETUNREACH: "its network is unreachable",
  ETIMEDOUT: "connecting took too long",
  UND_ERR_CONNECT_TIMEOUT: "connecting took too long",
  UND_ERR_SOCKET: CUT_OFF,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: CUT_OFF,
  UND_ERR_DESTROYED: "the gateway is shutting down",
  UND_ERR_CLOSED: "the gateway is shutting down",
};

function toFailure(error: unknown, hasBegun: boolean, maxBodyBytes: number): TransportFailure {
  if (error instanceof errors.ResponseExceededMaxSizeError) return tooLarge(maxBodyBytes);
  const isMalformed = error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError;
  if (isMalformed && !hasBegun) {
    return new TransportFailure("UPSTREAM_CONTRACT", "Expected an HTTP response, got something else.");
  }
  const code = errorCode(error);
  // What the parser cannot read after a good head is a chunked body that ended too early.
  const reason = isMalformed ? CUT_OFF : (REASONS[code] ?? `the connection failed (${code})`);
  return new TransportFailure("UPSTREAM_UNAVAILABLE", `The upstream could not be reached: ${reason}.`);
}

/** A name tried on several addresses fails with one error for each; the first tells enough. */
function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown reason";
}
