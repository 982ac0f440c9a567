/** Connections to the upstream, directly or through a proxy. Each carries one request at a time. */
import { buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { monitorSocket, type SocketMonitor } from "./socket-monitor.ts";
import { MAX_HEADER_BYTES, ProxyUnreachable } from "./transport-error.ts";

/** Values of the usual environment variables; "" if not set. */
interface ProxyOptions {
  /** `HTTP_PROXY`: for an HTTP upstream, and for an HTTPS upstream if `HTTPS_PROXY` is not set. */
  readonly http: string;
  /** `HTTPS_PROXY`: for an HTTPS upstream. */
  readonly https: string;
  /** `NO_PROXY`: hosts that are connected to directly. */
  readonly noProxy: string;
}

export interface ConnectionOptions {
  /** Base URL without `/api/v4/…`. */
  readonly baseUrl: URL;
  /** Null means no proxy. */
  readonly proxy: ProxyOptions | null;
  /** Timeout for connecting. */
  readonly timeoutMs: number;
  /** Maximum size of an encoded body. A larger one is rejected. */
  readonly maxBodyBytes: number;
}

/** A connection that connects on first use, and reconnects if it has been closed. */
export interface Connection {
  /** @param handler must call `onRequest` at the start of `onRequestStart`. */
  readonly dispatch: (
    path: string,
    headers: Readonly<Record<string, string>>,
    handler: Dispatcher.DispatchHandler,
  ) => void;
  readonly onRequest: () => void;
  /**
   * Whether the last request may have failed only because the upstream closed the idle connection: it was not the first
   * request on the connection, and no byte of a response was received.
   */
  readonly mayHaveBeenStale: () => boolean;
  /** Whether the upstream has ended the connection, and everything before that was read. */
  readonly hasEnded: () => boolean;
  /** Closes the connection immediately and aborts its request. */
  readonly destroy: () => Promise<void>;
}

/** Returns a function that creates connections. */
export function createConnector(options: ConnectionOptions): () => Connection {
  const { baseUrl, proxy, timeoutMs, maxBodyBytes } = options;
  const { origin } = baseUrl;
  const prefix = baseUrl.pathname.replace(/\/+$/, "");
  // Shared by all connections, because it caches TLS sessions.
  const connectDirectly = buildConnector({ allowH2: false, timeout: timeoutMs });
  const usesProxy = proxy !== null && (proxy.http !== "" || proxy.https !== "");

  return () => {
    let monitor: SocketMonitor | null = null;
    const createClient = (target: string | URL, connect: buildConnector.connector): Client =>
      new Client(target, {
        pipelining: 1,
        allowH2: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        maxResponseSize: maxBodyBytes,
        // The timeout of the whole call includes these.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: (target, callback) =>
          connect(target, (...[error, socket]) => {
            if (error) return callback(error, null);
            monitor = monitorSocket(socket);
            callback(null, socket);
          }),
      });
    const dispatcher = usesProxy
      ? createProxyAgent(proxy, baseUrl.protocol === "https:", timeoutMs, connectDirectly, createClient)
      : createClient(origin, connectDirectly);
    return {
      dispatch: (path, headers, handler) =>
        void dispatcher.dispatch({ origin, method: "GET", path: `${prefix}${path}`, headers }, handler),
      onRequest: () => monitor?.onRequest(),
      mayHaveBeenStale: () => (monitor?.isReused() && !monitor.hasReceived()) ?? false,
      hasEnded: () => monitor?.hasEnded() ?? false,
      destroy: () => dispatcher.destroy(),
    };
  };
}

/** One agent per connection, because an agent for all connections could not limit the connections to the proxy. */
const createProxyAgent = (
  proxy: ProxyOptions,
  isHttps: boolean,
  timeoutMs: number,
  connectDirectly: buildConnector.connector,
  createClient: (target: string | URL, connect: buildConnector.connector) => Client,
): EnvHttpProxyAgent =>
  new EnvHttpProxyAgent({
    httpProxy: proxy.http,
    httpsProxy: proxy.https,
    noProxy: proxy.noProxy,
    connectTimeout: timeoutMs,
    allowH2: false,
    // Creates the connection on which the agent sends CONNECT to the proxy.
    clientFactory: (target, { connect }: { connect?: buildConnector.connector }) =>
      new Pool(target, connect && { connect: toProxy(connect) }),
    // `connect` connects to the proxy for an HTTP upstream, or through a tunnel for an HTTPS upstream. It is undefined
    // for hosts of NO_PROXY.
    factory: (target, { connect }: { connect?: buildConnector.connector }) => {
      if (!connect) return createClient(target, connectDirectly);
      return createClient(target, isHttps ? connect : toProxy(connect));
    },
  });

/** Wraps errors of connecting, so that messages name the proxy, not the upstream. */
const toProxy =
  (connect: buildConnector.connector): buildConnector.connector =>
  (target, callback) =>
    connect(target, (...[error, socket]) =>
      error ? callback(new ProxyUnreachable(error), null) : callback(null, socket),
    );
