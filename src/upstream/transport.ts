/**
 * HTTP GET: bounded in time, size and number, with a distinct error for every way to fail. Knows nothing of jobs.
 *
 * A call waits for a place, then takes a connection. Whatever ends it before its response is complete ends the connection
 * with it: what is left of the response must not be read by the next call.
 */
import { type ConcurrencyLimit, createConcurrencyLimit } from "./concurrency-limit.ts";
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
  /** Limit of a whole call, from asking for it to the last byte of the response. */
  readonly timeoutMs: number;
  /** Largest body that is read, before and after decoding; a longer one is cut off and refused. */
  readonly maxBodyBytes: number;
  /** Connections, and so calls at one time. */
  readonly connections: number;
  /** Calls that wait for a connection at one time. */
  readonly maxQueue: number;
}

export interface TransportRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Connections and places in the queue are shared fairly between identities. */
  readonly identity: string;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** The call has a connection. Called once. */
  readonly onConnection: () => void;
  /** The request is written now. Called again when it is written a second time. */
  readonly onDispatch: () => void;
}

export interface TransportResponse extends ResponseHead {
  readonly body: Buffer;
}

export interface Transport {
  /** @throws TransportFailure; the reason of `signal` when that aborts. */
  readonly get: (request: TransportRequest) => Promise<TransportResponse>;
  /** Ends idle connections at once and waits for the calls that were begun. */
  readonly close: () => Promise<void>;
  /** Ends everything at once. */
  readonly destroy: () => Promise<void>;
}

interface PendingCall extends Indexed {
  readonly result: Promise<TransportResponse>;
  readonly fail: (error: Error) => void;
}

/** What all calls share. */
interface Shared {
  readonly options: TransportOptions;
  readonly connect: () => Connection;
  readonly limit: ConcurrencyLimit;
  /** The last one used is the next one used: it is the least likely to have been closed. */
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

  return { get, close, destroy };
}

/** One call, from the queue to its response. */
function startCall(
  { options, connect, limit, idle, calls }: Shared,
  request: TransportRequest,
): Promise<TransportResponse> {
  const { timeoutMs, maxBodyBytes, maxQueue } = options;
  const { identity, signal, onConnection } = request;
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
    // Not from within undici, which is about to be done with the response.
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
    // First of all, as what ends here fails in turn.
    finish();
    exchange?.end();
    connection?.destroy();
    reject(error);
  };
  const send = (used: Connection, mayRetry: boolean) => {
    connection = used;
    exchange = sendRequest(used, request, maxBodyBytes, succeed, (failure) => {
      if (isOver) return;
      // An idle connection that the upstream closed just when it was used again: no fault of the call.
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
  /** Of the response, once it has begun. */
  readonly head: () => ResponseHead | null;
  /** Stops reading the response. */
  readonly end: () => void;
}

/** One request and its response. Calls either `onResponse` or `onFailure`, and after the latter perhaps again. */
function sendRequest(
  connection: Connection,
  { path, headers, onDispatch }: TransportRequest,
  maxBodyBytes: number,
  onResponse: (response: TransportResponse) => void,
  onFailure: (failure: TransportError) => void,
): HttpExchange {
  let head: ResponseHead | null = null;
  let body: ResponseBody | null = null;
  // A handler of our own, as `request()` makes a stream of every body, which costs more than a small call itself.
  connection.dispatch(path, headers, {
    onRequestStart: () => {
      connection.onRequest();
      onDispatch();
    },
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
