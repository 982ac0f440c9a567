/** One HTTP GET: bounded in time and size, with every way to fail told apart. Knows nothing of jobs. */
import { errors, Pool } from "undici";
import { NO_DETAILS, UpstreamError } from "./upstream-error.ts";

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

export interface TransportResponse {
  readonly status: number;
  /** Value of a response header by its lower-case name. */
  readonly header: (name: string) => string | null;
  /** Null when it is not UTF-8. */
  readonly body: string | null;
}

export interface Transport {
  /** @throws UpstreamError; the reason of `signal` when that aborts. */
  readonly get: (
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ) => Promise<TransportResponse>;
  /** Ends idle connections at once and waits for the calls in flight. */
  readonly close: () => Promise<void>;
  /** Ends everything at once. */
  readonly destroy: () => Promise<void>;
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
    // The limit of the whole call is the only one: a second clock would only disagree with it.
    connect: { timeout: timeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const prefix = baseUrl.pathname.replace(/\/+$/, "");

  const get: Transport["get"] = async (path, headers, signal) => {
    signal?.throwIfAborted();
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(timedOut(timeoutMs)), timeoutMs);
    const onAbort = () => abort.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const response = await pool.request({
        method: "GET",
        path: `${prefix}${path}`,
        headers,
        signal: abort.signal,
      });
      const bytes = await readBody(response.body, response.headers["content-length"], maxBodyBytes);
      return {
        status: response.statusCode,
        header: (name) => [response.headers[name]].flat()[0] ?? null,
        body: decodeUtf8(bytes),
      };
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : toUpstreamError(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  };

  return { get, close: () => pool.close(), destroy: () => pool.destroy() };
}

async function readBody(
  body: AsyncIterable<Uint8Array> & {
    destroy: () => void;
    on: (event: "error", listener: () => void) => void;
  },
  announced: string | string[] | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const check = (bytes: number) => {
    if (bytes <= maxBytes) return;
    // Destroying the body ends the connection and raises an error of its own, of no further interest.
    body.on("error", () => {});
    body.destroy();
    throw new UpstreamError(
      "UPSTREAM_CONTRACT",
      `Expected a body of at most ${maxBytes} bytes, got more; raise UPSTREAM_MAX_BODY_BYTES if jobs are that large.`,
    );
  };
  check(Number(announced ?? 0));
  for await (const chunk of body) {
    size += chunk.byteLength;
    check(size);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? Buffer.from(chunks[0]) : Buffer.concat(chunks, size);
}

function decodeUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const timedOut = (timeoutMs: number) =>
  new UpstreamError("UPSTREAM_TIMEOUT", `The upstream did not answer within ${timeoutMs} ms.`);

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
  UND_ERR_SOCKET: "the connection was closed before the answer was complete",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the connection was closed before the answer was complete",
  UND_ERR_DESTROYED: "the gateway is shutting down",
  UND_ERR_CLOSED: "the gateway is shutting down",
};

function toUpstreamError(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error;
  if (error instanceof errors.HTTPParserError) {
    return new UpstreamError(
      "UPSTREAM_CONTRACT",
      "Expected an HTTP response, got something else.",
      NO_DETAILS,
    );
  }
  const code = errorCode(error);
  const reason = REASONS[code] ?? `the connection failed (${code})`;
  return new UpstreamError("UPSTREAM_UNAVAILABLE", `The upstream could not be reached: ${reason}.`);
}

/** A name tried on several addresses fails with one error for each; the first tells enough. */
function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown reason";
}
