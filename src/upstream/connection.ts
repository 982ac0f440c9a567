/** Connections to the upstream, directly or through a proxy. Each carries one request at a time. */
import { buildConnector, Client, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { monitorSocket, type SocketMonitor } from "./socket-monitor.ts";
import { MAX_HEADER_BYTES, ProxyUnreachable } from "./transport-error.ts";

/** Values of the usual environment variables; "" where there is none. */
interface ProxyOptions {
  /** `HTTP_PROXY`: for an upstream that speaks HTTP, and for HTTPS without a `HTTPS_PROXY`. */
  readonly http: string;
  /** `HTTPS_PROXY`: for an upstream that speaks HTTPS. */
  readonly https: string;
  /** `NO_PROXY`: hosts that are reached directly. */
  readonly noProxy: string;
}

export interface ConnectionOptions {
  /** Base URL up to, not including, `/api/v4/…`. */
  readonly baseUrl: URL;
  /** Null: no proxy. */
  readonly proxy: ProxyOptions | null;
  /** Limit of connecting alone. */
  readonly timeoutMs: number;
  /** Largest body that is read, as it comes over the wire; a longer one is cut off and refused. */
  readonly maxBodyBytes: number;
}

/** A connection: made when it is first used, and made again when it was closed since. */
export interface Connection {
  /** @param handler has to call `onRequest` first of all in `onRequestStart`. */
  readonly dispatch: (
    path: string,
    headers: Readonly<Record<string, string>>,
    handler: Dispatcher.DispatchHandler,
  ) => void;
  readonly onRequest: () => void;
  /**
   * Whether the latest request may have failed only because it met the end of an idle connection: it was not the first
   * one on the connection, and no byte came in answer.
   */
  readonly mayHaveBeenStale: () => boolean;
  /** Whether the upstream has ended the connection, and everything before that was read. */
  readonly hasEnded: () => boolean;
  /** Ends it at once, with what is under way on it. */
  readonly destroy: () => Promise<void>;
}

/** @returns makes a connection. */
export function createConnector(options: ConnectionOptions): () => Connection {
  const { baseUrl, proxy, timeoutMs, maxBodyBytes } = options;
  const { origin } = baseUrl;
  const prefix = baseUrl.pathname.replace(/\/+$/, "");
  // One for all connections, as it keeps the TLS sessions.
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
        // The limit of the whole call is the only one: a second clock would only disagree with it.
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

/** One agent for each connection: one that makes connections for all would know no limit that includes the proxy. */
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
    // For the connection on which the agent asks the proxy for a tunnel.
    clientFactory: (target, { connect }: { connect?: buildConnector.connector }) =>
      new Pool(target, connect && { connect: toProxy(connect) }),
    // The agent gives the function that connects: to the proxy for an upstream that speaks HTTP, through a tunnel for one
    // that speaks HTTPS. It gives none for hosts of NO_PROXY.
    factory: (target, { connect }: { connect?: buildConnector.connector }) => {
      if (!connect) return createClient(target, connectDirectly);
      return createClient(target, isHttps ? connect : toProxy(connect));
    },
  });

/** Marks what fails as the proxy's. */
const toProxy =
  (connect: buildConnector.connector): buildConnector.connector =>
  (target, callback) =>
    connect(target, (...[error, socket]) =>
      error ? callback(new ProxyUnreachable(error), null) : callback(null, socket),
    );
