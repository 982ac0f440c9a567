/**
 * A client for job instances, for browsers and Node.js: typed queries, and live states that survive lost connections.
 *
 *     const client = createJobClient({ url: "https://gateway.example.com/graphql" });
 *     for await (const event of client.watch({ scopeId: "1", jobInstanceId: "20000000003" })) {
 *       if (event.kind === "lost") console.log(`Connection lost, trying again in ${event.delayMs} ms`);
 *       else if (event.state.__typename === "JobInstance") console.log(event.state.status);
 *       else console.log(event.state.message);
 *     }
 */
import {
  JobInstanceDocument,
  type JobInstanceQuery,
  type JobInstanceQueryVariables,
  type JobInstanceRef,
  JobInstanceUpdatedDocument,
  type JobInstanceUpdatedSubscription,
  type JobInstanceUpdatedSubscriptionVariables,
} from "./operations.generated.ts";
import { type Endpoint, type Fetch, type HeadersSource, type Operation, query } from "./request.ts";
import { subscribe } from "./subscription.ts";
import type { TypedDocument } from "./typed-document.ts";
import { RECONNECT, type ReconnectOptions, type WatchEvent, watchJob } from "./watch-job.ts";

export interface JobClientOptions {
  /** URL of the gateway's GraphQL endpoint, such as `https://gateway.example.com/graphql`. Relative in browsers only. */
  readonly url: string | URL;
  /**
   * Headers of every request: credentials (docs/credentials.md), `Accept-Language`, `X-Bk-Tenant-Id`. A function is
   * called before every request, so that it can return renewed credentials.
   */
  readonly headers?: HeadersSource;
  /** Sends the requests. Default: the global `fetch`. Pass one that includes cookies for a gateway of another origin. */
  readonly fetch?: Fetch;
  /** When and how fast `watch` reconnects. */
  readonly reconnect?: Partial<ReconnectOptions>;
}

/** The result of a query with the root field `jobInstance`. */
interface JobQuery {
  readonly jobInstance: unknown;
}

/** The result of a subscription with the root field `jobInstanceUpdated`. */
interface JobSubscription {
  readonly jobInstanceUpdated: unknown;
}

/** A document asks for one job, `$ref`. */
interface RefVariables {
  readonly ref: JobInstanceRef;
}

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Variables of the document other than `$ref`. They can be left out if all of them are optional. */
type OtherVariables<Variables> =
  Record<never, never> extends Omit<Variables, "ref">
    ? { readonly variables?: Omit<Variables, "ref"> }
    : { readonly variables: Omit<Variables, "ref"> };

/** The options are required if the document has required variables. */
type OptionsFor<Variables> =
  Record<never, never> extends OtherVariables<Variables>
    ? [options?: RequestOptions & OtherVariables<Variables>]
    : [options: RequestOptions & OtherVariables<Variables>];

/** A job, or the outcome `JobInstanceNotFound` or `PermissionDenied`, with the fields of the default documents. */
export type JobInstanceResult = NonNullable<JobInstanceQuery["jobInstance"]>;

/** `OptionsFor` any document. */
interface OperationOptions extends RequestOptions {
  readonly variables?: object;
}

interface WaitOptions extends RequestOptions {
  /** Called with every state, including the last one, and when the connection is lost. */
  readonly onProgress?: (event: WatchEvent<JobInstanceResult>) => void;
}

export interface JobClient {
  /**
   * Reads a job once.
   * @param document a query with the variable `$ref`. The default selects the job and its steps without hosts.
   * @throws JobClientError if the job could not be read.
   * @throws the reason of the signal.
   */
  readonly jobInstance: <
    Result extends JobQuery = JobInstanceQuery,
    Variables extends RefVariables = JobInstanceQueryVariables,
  >(
    ref: JobInstanceRef,
    document?: TypedDocument<Result, Variables>,
    ...options: OptionsFor<Variables>
  ) => Promise<NonNullable<Result["jobInstance"]>>;

  /**
   * Yields the state of a job now and after each change, and losses of the connection, after which it reconnects. Ends
   * after a finished job, and after `JobInstanceNotFound` or `PermissionDenied`. The first state after a loss can be
   * equal to the last one before.
   * @param document a subscription with the variable `$ref`. The default selects the job and its steps without hosts.
   *   Select `__typename` and `isFinished`, from which the client knows that a job has finished.
   * @throws JobClientError that a new attempt cannot help, such as rejected credentials.
   * @throws the reason of the signal.
   */
  readonly watch: <
    Result extends JobSubscription = JobInstanceUpdatedSubscription,
    Variables extends RefVariables = JobInstanceUpdatedSubscriptionVariables,
  >(
    ref: JobInstanceRef,
    document?: TypedDocument<Result, Variables>,
    ...options: OptionsFor<Variables>
  ) => AsyncGenerator<WatchEvent<NonNullable<Result["jobInstanceUpdated"]>>, void, undefined>;

  /**
   * Waits until a job has finished, however often the connection is lost. Limit the time with
   * `AbortSignal.timeout(…)`.
   * @returns the finished job, or the outcome `JobInstanceNotFound` or `PermissionDenied`.
   * @throws JobClientError that a new attempt cannot help, such as rejected credentials.
   * @throws the reason of the signal.
   */
  readonly waitUntilFinished: (ref: JobInstanceRef, options?: WaitOptions) => Promise<JobInstanceResult>;
}

export function createJobClient({
  url,
  headers = {},
  fetch = globalThis.fetch,
  reconnect,
}: JobClientOptions): JobClient {
  const endpoint: Endpoint = { url: String(url), headers, fetch };
  const stream: Endpoint = { ...endpoint, url: streamUrlOf(endpoint.url) };
  const reconnectOptions = { ...RECONNECT, ...reconnect };

  const jobInstance: JobClient["jobInstance"] = async <Result extends JobQuery>(
    ref: JobInstanceRef,
    document: Operation["document"] = JobInstanceDocument,
    options: OperationOptions = {},
  ) => {
    const operation = { document, variables: { ...options.variables, ref } };
    const { data, error } = await query<Result>(endpoint, operation, options.signal);
    if (data.jobInstance === null || data.jobInstance === undefined) throw error;
    return data.jobInstance;
  };

  const watch: JobClient["watch"] = <Result extends JobSubscription>(
    ref: JobInstanceRef,
    document: Operation["document"] = JobInstanceUpdatedDocument,
    { variables, signal }: OperationOptions = {},
  ) => {
    const operation = { document, variables: { ...variables, ref } };
    const { silenceMs } = reconnectOptions;
    const connect = (onOpen: () => void) =>
      statesOf(subscribe<Result>(stream, operation, { silenceMs, signal, onOpen }));
    return watchJob(connect, reconnectOptions, signal);
  };

  const waitUntilFinished: JobClient["waitUntilFinished"] = async (ref, { signal, onProgress } = {}) => {
    let last: JobInstanceResult | null = null;
    for await (const event of watch(ref, undefined, { signal })) {
      onProgress?.(event);
      if (event.kind === "state") last = event.state;
    }
    // `watch` ends only after a state.
    if (!last) throw new Error("Expected a state of the job before the end of the subscription.");
    return last;
  };

  return { jobInstance, watch, waitUntilFinished };
}

/** `https://gateway.example.com/graphql/stream` for `https://gateway.example.com/graphql`. */
const streamUrlOf = (url: string): string => url.replace(/\/*(\?.*)?$/s, "/stream$1");

async function* statesOf<Result extends JobSubscription>(
  results: AsyncGenerator<Result, void, undefined>,
): AsyncGenerator<NonNullable<Result["jobInstanceUpdated"]>, void, undefined> {
  for await (const { jobInstanceUpdated } of results) {
    // A result without a state is an error.
    yield jobInstanceUpdated as NonNullable<Result["jobInstanceUpdated"]>;
  }
}
