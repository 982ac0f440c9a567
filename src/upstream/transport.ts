/**
 * HTTP GET with limits on time, size and concurrency, and a distinct error for each kind of failure.
 *
 * A call waits for a slot, then takes a connection. If a call ends before its response is complete, its connection is
 * closed, so that the next call does not receive the rest of the response.
 */
import { type CallCounts, type ConcurrencyLimit, createConcurrencyLimit } from "./concurrency-limit.ts";
import { type Connection, type ConnectionOptions, createConnector } from "./connection.ts";
import { createIndexedSet, type Indexed, type IndexedSet } from "./indexed-set.ts";
import { createResponseBody, type ResponseBody } from "./response-body.ts";
import {
  queueFullError,
  queueTimeoutError,
  type ResponseHead,
  shuttingDownError,
  TransportError,
  timeoutError,
  toHead,
  toTransportError,
} from "./transport-error.ts";

export interface TransportOptions extends ConnectionOptions {
  /** Timeout of the whole call, from the request for a slot to the last byte of the response. */
  readonly timeoutMs: number;
  /** Maximum size of a body, before and after decompression. A larger one is rejected. */
  readonly maxBodyBytes: number;
  /** Maximum number of connections, and therefore of concurrent calls. */
  readonly connections: number;
  /** Maximum number of calls that wait for a connection. */
  readonly maxQueue: number;
}

export interface TransportRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Connections and queue slots are shared fairly between identities. */
  readonly identity: string;
  /** Aborts the call. */
  readonly signal: AbortSignal;
  /** Timeout of this call, if it is shorter than that of the options. */
  readonly timeoutMs?: number;
  /** Called once, when the call gets a connection. */
  readonly onConnection: () => void;
}

export interface TransportResponse extends ResponseHead {
  readonly body: Buffer;
}

export interface Transport {
  /** @throws TransportError; the reason of `signal` when it aborts. */
  readonly get: (request: TransportRequest) => Promise<TransportResponse>;
  /** Waits for calls in flight, then closes all connections. */
  readonly close: () => Promise<void>;
  /** Aborts all calls and closes all connections. */
  readonly destroy: () => Promise<void>;
  readonly counts: () => CallCounts;
}

interface PendingCall extends Indexed {
  readonly result: Promise<TransportResponse>;
  readonly fail: (error: Error) => void;
}

/** The state that all calls share. */
interface Shared {
  readonly options: TransportOptions;
  readonly connect: () => Connection;
  readonly limit: ConcurrencyLimit;
  /** A stack: the most recently used connection is reused first, because it is least likely to have been closed. */
  readonly idle: Connection[];
  readonly calls: IndexedSet<PendingCall>;
}

export function createTransport(options: TransportOptions): Transport {
  const { connections, maxQueue } = options;
  const shared: Shared = {
    options,
    connect: createConnector(options),
    limit: createConcurrencyLimit({ maxRunning: connections, maxWaiting: maxQueue }),
    idle: [],
    calls: createIndexedSet(),
  };
  let isClosed = false;

  const get: Transport["get"] = (request) => {
    const { signal } = request;
    if (signal.aborted) return Promise.reject(signal.reason);
    return isClosed ? Promise.reject(shuttingDownError()) : startCall(shared, request);
  };

  const destroy = async () => {
    isClosed = true;
    for (const { fail } of shared.calls.items()) fail(shuttingDownError());
    await Promise.all(shared.idle.splice(0).map((connection) => connection.destroy()));
  };

  const close = async () => {
    isClosed = true;
    await Promise.allSettled(shared.calls.items().map(({ result }) => result));
    await destroy();
  };

  return { get, close, destroy, counts: shared.limit.counts };
}

/** Makes one call: waits for a slot, sends the request, and retries it once if the connection was stale. */
function startCall(
  { options, connect, limit, idle, calls }: Shared,
  request: TransportRequest,
): Promise<TransportResponse> {
  const { maxBodyBytes, maxQueue } = options;
  const { identity, signal, onConnection, timeoutMs = options.timeoutMs } = request;
  const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
  let leaveQueue: (() => void) | null = null;
  let connection: Connection | null = null;
  let exchange: HttpExchange | null = null;
  let isOver = false;

  const finish = () => {
    isOver = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    calls.remove(call);
    // In a microtask, because undici has not finished the response yet when it calls this.
    if (connection) queueMicrotask(() => limit.release(identity));
    else leaveQueue?.();
  };
  const succeed = (response: TransportResponse) => {
    if (isOver) return;
    if (connection) idle.push(connection);
    finish();
    resolve(response);
  };
  const fail = (error: Error) => {
    if (isOver) return;
    if (error instanceof TransportError) error.head = exchange?.head() ?? null;
    // Before the rest, because ending the exchange and the connection causes further errors.
    finish();
    exchange?.end();
    connection?.destroy();
    reject(error);
  };
  const send = (used: Connection, mayRetry: boolean) => {
    connection = used;
    exchange = sendRequest(used, request, maxBodyBytes, succeed, (failure) => {
      if (isOver) return;
      // The upstream may have closed the idle connection just when it was reused: retry once on a new one.
      if (!mayRetry || !used.mayHaveBeenStale()) return fail(failure);
      used.destroy();
      send(connect(), false);
    });
  };

  const timer = setTimeout(() => fail((connection ? timeoutError : queueTimeoutError)(timeoutMs)), timeoutMs);
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort);
  const call: PendingCall = { fail, result: promise, index: -1 };
  calls.add(call);
  leaveQueue = limit.acquire(identity, () => {
    onConnection();
    send(idle.pop() ?? connect(), true);
  });
  if (leaveQueue === null) fail(queueFullError(maxQueue));
  return promise;
}

interface HttpExchange {
  /** Status and headers, once received. */
  readonly head: () => ResponseHead | null;
  /** Stops reading the response. */
  readonly end: () => void;
}

/** Sends one request. Calls either `onResponse` or `onFailure`. It can call `onFailure` more than once. */
function sendRequest(
  connection: Connection,
  { path, headers }: TransportRequest,
  maxBodyBytes: number,
  onResponse: (response: TransportResponse) => void,
  onFailure: (failure: TransportError) => void,
): HttpExchange {
  let head: ResponseHead | null = null;
  let body: ResponseBody | null = null;
  // A low-level handler, because `request()` creates a stream per body, which costs more than a small call itself.
  connection.dispatch(path, headers, {
    onRequestStart: () => connection.onRequest(),
    onResponseStart: (_, status, responseHeaders) => {
      const received = toHead(status, responseHeaders);
      head = received;
      body = createResponseBody({
        head: received,
        contentEncoding: String(responseHeaders["content-encoding"] ?? ""),
        maxBytes: maxBodyBytes,
        onBody: (bytes) => onResponse({ status, header: received.header, body: bytes }),
        onFailure,
      });
    },
    onResponseData: (_, chunk) => body?.write(chunk),
    onResponseEnd: () => body?.end(),
    onResponseError: (_, error) =>
      onFailure(
        toTransportError(error, { hasHead: head !== null, hasEnded: connection.hasEnded(), maxBodyBytes }),
      ),
  });
  return { head: () => head, end: () => body?.destroy() };
}
