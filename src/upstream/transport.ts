/**
 * HTTP GET: bounded in time, size and number, with every way to fail told apart. Knows nothing of jobs.
 *
 * A call waits for a place, then takes a connection. Whatever ends it before its response is complete ends the connection
 * with it: what is left of the response must not be read by the next call.
 */
import { createConcurrencyLimit } from "./concurrency-limit.ts";
import { type Connection, type ConnectionOptions, createConnections } from "./connection.ts";
import { createResponseBody, type ResponseBody } from "./response-body.ts";
import {
  queueFull,
  type ResponseHead,
  shuttingDown,
  TransportFailure,
  timedOut,
  timedOutWaiting,
  toFailure,
  toHead,
} from "./transport-failure.ts";

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

export function createTransport(options: TransportOptions): Transport {
  const { timeoutMs, maxBodyBytes, connections, maxQueue } = options;
  const connect = createConnections(options);
  const limit = createConcurrencyLimit({ maxRunning: connections, maxWaiting: maxQueue });
  /** The last one used is the next one used: it is the least likely to have been closed. */
  const idle: Connection[] = [];
  /** What ends each call, with its result. */
  const calls = new Map<(error: Error) => void, Promise<TransportResponse>>();
  let isClosed = false;

  const get: Transport["get"] = (request) => {
    const { identity, signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
    let connection: Connection | null = null;
    let exchange: Exchange | null = null;
    let isOver = false;

    const finish = () => {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      calls.delete(fail);
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
      if (error instanceof TransportFailure) error.head = exchange?.head() ?? null;
      // First of all, as what ends here fails in turn.
      finish();
      exchange?.end();
      connection?.destroy();
      reject(error);
    };
    const send = (used: Connection, retryOnFailure: boolean) => {
      connection = used;
      exchange = startExchange(used, request, maxBodyBytes, succeed, (failure) => {
        if (isOver) return;
        // An idle connection that the upstream closed just when it was used again: no fault of the call.
        if (!retryOnFailure || !used.mayHaveBeenStale()) return fail(failure);
        used.destroy();
        send(connect(), false);
      });
    };
    const onPlace = () => {
      request.onConnection();
      send(idle.pop() ?? connect(), true);
    };

    const timer = setTimeout(() => fail((connection ? timedOut : timedOutWaiting)(timeoutMs)), timeoutMs);
    const onAbort = () => fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    calls.set(fail, promise);
    let leaveQueue: (() => void) | null = null;
    if (signal.aborted) onAbort();
    else if (isClosed) fail(shuttingDown());
    else {
      leaveQueue = limit.acquire(identity, onPlace);
      if (leaveQueue === null) fail(queueFull(maxQueue));
    }
    return promise;
  };

  const destroy = async () => {
    isClosed = true;
    for (const fail of calls.keys()) fail(shuttingDown());
    await Promise.all(idle.splice(0).map((connection) => connection.destroy()));
  };

  const close = async () => {
    isClosed = true;
    await Promise.allSettled(calls.values());
    await destroy();
  };

  return { get, close, destroy };
}

interface Exchange {
  /** Of the response, once it has begun. */
  readonly head: () => ResponseHead | null;
  /** Stops reading the response. */
  readonly end: () => void;
}

/** One request and its response. Calls either `onResponse` or `onFailure`, and after the latter perhaps again. */
function startExchange(
  connection: Connection,
  { path, headers, onDispatch }: TransportRequest,
  maxBodyBytes: number,
  onResponse: (response: TransportResponse) => void,
  onFailure: (failure: TransportFailure) => void,
): Exchange {
  let head: ResponseHead | null = null;
  let body: ResponseBody | null = null;
  // A handler of our own, as `request()` makes a stream of every body, which costs more than a small call itself.
  connection.dispatch(path, headers, {
    onRequestStart: () => {
      connection.onRequest();
      onDispatch();
    },
    onResponseStart: (_, status, responseHeaders) => {
      const begun = toHead(status, responseHeaders);
      head = begun;
      body = createResponseBody({
        head: begun,
        contentEncoding: String(responseHeaders["content-encoding"] ?? ""),
        maxBytes: maxBodyBytes,
        onBody: (bytes) => onResponse({ status, header: begun.header, body: bytes }),
        onFailure,
      });
    },
    onResponseData: (_, chunk) => body?.write(chunk),
    onResponseEnd: () => body?.end(),
    onResponseError: (_, error) => onFailure(toFailure(error, head !== null, maxBodyBytes)),
  });
  return { head: () => head, end: () => body?.destroy() };
}
