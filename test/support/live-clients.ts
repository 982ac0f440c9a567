/** What speaks the transports of live state in the world: libraries that frontend teams use, as they come. */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { WebSocket } from "ws";
import { AUTHORIZATION } from "./gateway.ts";

interface LiveResult {
  // Each test knows the shape that it has asked for.
  // biome-ignore lint/suspicious/noExplicitAny: results are as varied as operations
  readonly data?: any;
  readonly errors?: readonly { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
}

interface LiveOperation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

export interface LiveStream {
  /** Results so far. */
  readonly results: LiveResult[];
  /** Resolves when the server completes the operation; rejects with what the client makes of a failure. */
  readonly completed: Promise<void>;
  /** The client wants no more. */
  readonly stop: () => void;
}

/** Subscribes at the gateway with the GraphQL endpoint `url`. */
export type Subscribe = (
  url: string,
  operation: LiveOperation,
  headers?: Record<string, string>,
) => LiveStream;

const withCredentials = (headers: Record<string, string>) => ({
  "x-bkapi-authorization": AUTHORIZATION,
  ...headers,
});

export const subscribeByWebSocket: Subscribe = (url, operation, headers = {}) => {
  const client = createWsClient({
    url: url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: withCredentials(headers),
    retryAttempts: 0,
    lazy: true,
  });
  return collect(
    (sink) => client.subscribe(operation, sink),
    () => client.dispose(),
  );
};

export const subscribeByEvents: Subscribe = (url, operation, headers = {}) => {
  const client = createSseClient({
    url: `${url}/stream`,
    headers: withCredentials(headers),
    retryAttempts: 0,
  });
  return collect(
    (sink) => client.subscribe(operation, sink),
    () => client.dispose(),
  );
};

/** Apollo Client with nothing but its HttpLink: the multipart protocol. */
export const subscribeByApolloClient: Subscribe = (url, { query, variables = {} }, headers = {}) => {
  const client = new ApolloClient({
    link: ApolloLink.from([new HttpLink({ uri: url, headers: withCredentials(headers) })]),
    cache: new InMemoryCache(),
  });
  return collect(
    (sink) => {
      const observable = client.subscribe({
        query: gql(query),
        variables,
        errorPolicy: "all",
        fetchPolicy: "no-cache",
      });
      const subscription = observable.subscribe({
        next: ({ data, error }) => sink.next({ data, ...(error && { errors: errorsOf(error) }) }),
        error: sink.error,
        complete: sink.complete,
      });
      return () => subscription.unsubscribe();
    },
    () => client.stop(),
  );
};

const errorsOf = (error: Error): NonNullable<LiveResult["errors"]> =>
  "errors" in error ? (error.errors as NonNullable<LiveResult["errors"]>) : [{ message: error.message }];

interface Sink {
  readonly next: (result: unknown) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

function collect(subscribe: (sink: Sink) => () => void, dispose: () => void): LiveStream {
  const results: LiveResult[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Whoever does not wait for the end does not want to hear of it.
  promise.catch(() => {});
  const unsubscribe = subscribe({
    next: (result) => void results.push(result as LiveResult),
    error: (error) => {
      dispose();
      reject(error instanceof Error ? error : new Error(describe(error)));
    },
    complete: () => {
      dispose();
      resolve();
    },
  });
  return { results, completed: promise, stop: unsubscribe };
}

/** Clients fail with closing events and lists of GraphQL errors too. */
const describe = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && "reason" in error
    ? `${error.code} ${error.reason}`
    : JSON.stringify(error);

export const TRANSPORTS: readonly (readonly [name: string, subscribe: Subscribe])[] = [
  ["WebSocket (graphql-ws)", subscribeByWebSocket],
  ["server-sent events (graphql-sse)", subscribeByEvents],
  ["multipart (Apollo Client)", subscribeByApolloClient],
];
