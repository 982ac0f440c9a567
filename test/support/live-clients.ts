/** Clients for each transport of live state: the libraries that frontend teams use. */
// biome-ignore lint/style/noRestrictedImports: clients wait between attempts to connect; no test depends on the time
import { setTimeout as sleep } from "node:timers/promises";
import { ApolloClient, ApolloLink, type ErrorLike, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { RetryLink } from "@apollo/client/link/retry";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { WebSocket } from "ws";
import { AUTHORIZATION } from "./ask.ts";

interface LiveResult {
  // Each test knows the shape that it selects.
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
  /** Resolves when the server completes the operation; rejects with the client's error. */
  readonly completed: Promise<void>;
  /** Ends the subscription. */
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

/** How often a client reconnects after an interruption; 0 for tests of the interruption itself. */
interface RetryOptions {
  readonly attempts: number;
}

/** Short, so that tests are fast. */
const RETRY_MS = 50;

const byWebSocket =
  ({ attempts }: RetryOptions): Subscribe =>
  (url, operation, headers = {}) => {
    const client = createWsClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: withCredentials(headers),
      retryAttempts: attempts,
      retryWait: () => sleep(RETRY_MS),
      // As in the README: a gateway that restarts refuses connections for a moment.
      shouldRetry: () => true,
      lazy: true,
    });
    return collect(
      (sink) => client.subscribe(operation, sink),
      () => client.dispose(),
    );
  };

const byEvents =
  ({ attempts }: RetryOptions): Subscribe =>
  (url, operation, headers = {}) => {
    const client = createSseClient({
      url: `${url}/stream`,
      headers: withCredentials(headers),
      retryAttempts: attempts,
      retry: () => sleep(RETRY_MS),
    });
    return collect(
      (sink) => client.subscribe(operation, sink),
      () => client.dispose(),
    );
  };

/** As in docs/apollo-client.md: retries after server errors such as a shutdown, not after client errors. */
const retryIf = (error: ErrorLike, { operationType }: ApolloLink.Operation): boolean =>
  operationType === "subscription" && !("statusCode" in error && Number(error.statusCode) < 500);

/** Apollo Client with its HttpLink: the multipart protocol. It reconnects only with a RetryLink. */
const byApolloClient =
  ({ attempts }: RetryOptions): Subscribe =>
  (url, { query, variables = {} }, headers = {}) => {
    const retry = new RetryLink({
      attempts: { max: attempts, retryIf },
      delay: { initial: RETRY_MS, max: RETRY_MS },
    });
    const http = new HttpLink({ uri: url, headers: withCredentials(headers) });
    const client = new ApolloClient({
      link: ApolloLink.from(attempts === 0 ? [http] : [retry, http]),
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

const ONCE: RetryOptions = { attempts: 0 };

export const subscribeByWebSocket = byWebSocket(ONCE);
export const subscribeByEvents = byEvents(ONCE);
export const subscribeByApolloClient = byApolloClient(ONCE);

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
  // Tests that do not wait for the end ignore its error.
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

/** Clients fail also with close events and lists of GraphQL errors. */
const describe = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && "reason" in error
    ? `${error.code} ${error.reason}`
    : JSON.stringify(error);

type Transport = readonly [name: string, subscribe: Subscribe];

export const TRANSPORTS: readonly Transport[] = [
  ["WebSocket (graphql-ws)", subscribeByWebSocket],
  ["server-sent events (graphql-sse)", subscribeByEvents],
  ["multipart (Apollo Client)", subscribeByApolloClient],
];

/** Reconnects for the whole test. */
const PATIENT: RetryOptions = { attempts: 1_000 };

export const RECONNECTING: readonly Transport[] = [
  ["WebSocket (graphql-ws)", byWebSocket(PATIENT)],
  ["server-sent events (graphql-sse)", byEvents(PATIENT)],
  ["multipart (Apollo Client with RetryLink)", byApolloClient(PATIENT)],
];
