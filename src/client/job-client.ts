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

import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";
import { checkUrl, streamUrlOf } from "./gateway-url.ts";
import type { HeadersSource } from "./headers.ts";
import { JobClientError } from "./job-client-error.ts";
import type {
  JobInstanceQuery,
  JobInstanceRef,
  JobInstanceUpdatedSubscription,
} from "./operations.generated.ts";
import { type Endpoint, type Fetch, query } from "./request.ts";
import { JobInstanceDocument, JobInstanceUpdatedDocument } from "./strings.generated.ts";
import { subscribe } from "./subscription.ts";
import type { DocumentText, TypedDocument } from "./typed-document.ts";
import { type ReconnectOptions, reconnectWith, type WatchEvent, watchJob } from "./watch-job.ts";

/** Options of `createJobClient`. */
export interface JobClientOptions {
  /** URL of the gateway's GraphQL endpoint, such as `https://gateway.example.com/graphql`. Relative in browsers only. */
  readonly url: string | URL;
  /**
   * Headers of every request: credentials (`X-Bkapi-Authorization`), `Accept-Language`, `X-Bk-Tenant-Id`. A function is
   * called before every request, including those that `watch` reconnects with, so that it can return renewed credentials.
   */
  readonly headers?: HeadersSource | undefined;
  /**
   * Sends the requests. Default: the global `fetch`. To send cookies to a gateway of another origin:
   * `(url, init) => fetch(url, { ...init, credentials: "include" })`.
   */
  readonly fetch?: Fetch | undefined;
  /** When and how fast `watch` and `waitUntilFinished` reconnect. */
  readonly reconnect?: ReconnectOptions | undefined;
}

/** The result of a query with the root field `jobInstance`. */
interface JobQuery {
  readonly jobInstance?: unknown;
}

/** The result of a subscription with the root field `jobInstanceUpdated`. */
interface JobSubscription {
  readonly jobInstanceUpdated?: unknown;
}

/** A document asks for one job, `$ref`. The type of `$ref` in a generated document depends on the generator's settings. */
interface RefVariables {
  readonly ref: object;
}

/** Options of `jobInstance` and `watch`, apart from the variables of a document. */
export interface RequestOptions {
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** Variables of the document other than `$ref`. They can be left out if all of them are optional. */
type OtherVariables<Variables> =
  Record<never, never> extends Omit<Variables, "ref">
    ? { readonly variables?: Omit<Variables, "ref"> | undefined }
    : { readonly variables: Omit<Variables, "ref"> };

/** The options are required if the document has required variables. */
type OptionsFor<Variables> =
  Record<never, never> extends OtherVariables<Variables>
    ? [options?: RequestOptions & OtherVariables<Variables>]
    : [options: RequestOptions & OtherVariables<Variables>];

/**
 * What follows the options of an overload without a document: nothing. If they are a document with types, it expects more
 * arguments than there can be. Otherwise, the compiler would say that the document is not of the type `RequestOptions`, instead
 * of what is wrong with the use of the document, such as missing variables.
 */
type NothingAfter<Result> = [Result] extends [never] ? [] : [never, never];

/** A job, or the outcome `JobInstanceNotFound` or `PermissionDenied`, with the fields of the default documents. */
export type JobInstanceResult = NonNullable<JobInstanceQuery["jobInstance"]>;

/** `OptionsFor` any document. */
interface OperationOptions extends RequestOptions {
  readonly variables?: object | undefined;
}

/** Options of `waitUntilFinished`. */
export interface WaitOptions extends RequestOptions {
  /** Called with every state, including the last one, and when the connection is lost. */
  readonly onProgress?: ((event: WatchEvent<JobInstanceResult>) => void) | undefined;
}

type States<State> = AsyncGenerator<WatchEvent<State>, void, undefined>;

/** What `createJobClient` returns. */
export interface JobClient {
  /**
   * Reads a job and its steps once, without hosts.
   * @returns the job, or the outcome `JobInstanceNotFound` or `PermissionDenied`.
   * @throws JobClientError if the job could not be read.
   * @throws the reason of the signal.
   */
  jobInstance<Result = never>(
    ref: JobInstanceRef,
    options?: RequestOptions & DocumentTypeDecoration<Result, never>,
    ...others: NothingAfter<Result>
  ): Promise<JobInstanceResult>;
  /**
   * Reads a job once, with a document of your own.
   * @param document a query with the variable `$ref` and the root field `jobInstance`, such as `FailedHostsDocument`.
   * @param options the other variables of the document, and a signal.
   * @returns the root field of the result.
   * @throws JobClientError if the job could not be read.
   * @throws TypeError if the document has no text.
   * @throws the reason of the signal.
   */
  jobInstance<Result extends JobQuery, Variables extends RefVariables>(
    ref: JobInstanceRef,
    document: TypedDocument<Result, Variables>,
    ...options: OptionsFor<Variables>
  ): Promise<NonNullable<Result["jobInstance"]>>;

  /**
   * Yields the state of a job and its steps, without hosts, now and after each change, and losses of the connection, after
   * which it reconnects. Ends after a finished job, and after `JobInstanceNotFound` or `PermissionDenied`. The first state after
   * a loss can be equal to the last one before.
   * To stop from outside the loop, abort the signal: `return()` of the iterator waits for the next event.
   * @throws JobClientError that a new attempt cannot help, such as rejected credentials.
   * @throws the reason of the signal.
   */
  watch<Result = never>(
    ref: JobInstanceRef,
    options?: RequestOptions & DocumentTypeDecoration<Result, never>,
    ...others: NothingAfter<Result>
  ): States<JobInstanceResult>;
  /**
   * The same with a document of your own.
   * @param document a subscription with the variable `$ref` and the root field `jobInstanceUpdated`. Select `__typename` and
   *   `isFinished`, from which the client knows that a job has finished.
   * @param options the other variables of the document, and a signal.
   * @throws TypeError if the document has no text.
   */
  watch<Result extends JobSubscription, Variables extends RefVariables>(
    ref: JobInstanceRef,
    document: TypedDocument<Result, Variables>,
    ...options: OptionsFor<Variables>
  ): States<NonNullable<Result["jobInstanceUpdated"]>>;

  /**
   * Waits until a job has finished, however often the connection is lost, and even if the gateway cannot be reached at all: then
   * `onProgress` is called with `hasConnected: false`. Limit the time with `AbortSignal.timeout(…)`.
   * @returns the finished job, or the outcome `JobInstanceNotFound` or `PermissionDenied`.
   * @throws JobClientError that a new attempt cannot help, such as rejected credentials.
   * @throws the reason of the signal.
   */
  waitUntilFinished(ref: JobInstanceRef, options?: WaitOptions): Promise<JobInstanceResult>;
}

/**
 * Creates a client whose documents are strings: without a printer for parsed ones, it is smaller.
 * @param textOf returns the text of a document.
 * @throws TypeError if the URL is not one of `http` or `https`, or contains a user or password.
 */
export function createStringClient(
  { url, headers = {}, fetch = (...request) => globalThis.fetch(...request), reconnect }: JobClientOptions,
  textOf: (document: DocumentText) => string = String,
): JobClient {
  const gatewayUrl = String(url);
  checkUrl(gatewayUrl);
  const endpoint: Endpoint = { url: gatewayUrl, gatewayUrl, headers, fetch };
  const stream: Endpoint = { ...endpoint, url: streamUrlOf(gatewayUrl) };
  const reconnectOptions = reconnectWith(reconnect);

  const operationOf = (ref: JobInstanceRef, document: DocumentText, { variables }: OperationOptions) => ({
    query: checkText(textOf(document)),
    variables: { ...variables, ref },
  });

  const jobInstance = async <Result extends JobQuery = JobInstanceQuery>(
    ref: JobInstanceRef,
    second?: DocumentText | OperationOptions,
    third?: OperationOptions,
  ) => {
    const [document = JobInstanceDocument, options = {}] = readArguments(second, third);
    const { data, error } = await query<Result>(
      endpoint,
      operationOf(ref, document, options),
      options.signal,
    );
    return rootFieldOf(data, "jobInstance", error);
  };

  const watch = <Result extends JobSubscription = JobInstanceUpdatedSubscription>(
    ref: JobInstanceRef,
    second?: DocumentText | OperationOptions,
    third?: OperationOptions,
  ) => {
    const [document = JobInstanceUpdatedDocument, options = {}] = readArguments(second, third);
    const operation = operationOf(ref, document, options);
    const { silenceMs } = reconnectOptions;
    const { signal } = options;
    const connect = (onOpen: () => void) =>
      statesOf(subscribe<Result>(stream, operation, { silenceMs, signal, onOpen }));
    return watchJob(connect, reconnectOptions, signal);
  };

  const waitUntilFinished: JobClient["waitUntilFinished"] = async (ref, { signal, onProgress } = {}) => {
    let last: JobInstanceResult | null = null;
    for await (const event of watch(ref, { signal })) {
      onProgress?.(event);
      if (event.kind === "state") last = event.state;
    }
    // `watch` ends only after a state.
    if (!last) throw new Error("Expected a state of the job before the end of the subscription.");
    return last;
  };

  // The documents determine the types of the results.
  return { jobInstance, watch, waitUntilFinished } as JobClient;
}

/** The document, if there is one, and the options. */
const readArguments = (
  second: DocumentText | OperationOptions | undefined,
  third: OperationOptions | undefined,
): readonly [DocumentText | undefined, OperationOptions | undefined] =>
  isOptions(second) ? [undefined, second] : [second, third];

/** Options are a plain object, also of another realm. Documents are strings, parsed ones, or have a text of their own. */
function isOptions(value: DocumentText | OperationOptions | undefined): value is OperationOptions {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && !("kind" in value) && !Object.hasOwn(value, "toString");
}

/** @throws TypeError for the text of a value that is not a document, such as `[object Object]`. */
function checkText(text: string): string {
  if (text.includes("{")) return text;
  throw new TypeError(
    `Expected a document, as a string of GraphQL or parsed, got "${text.slice(0, MAX_SHOWN_CHARACTERS)}".`,
  );
}

const MAX_SHOWN_CHARACTERS = 100;

async function* statesOf<Result extends JobSubscription>(
  results: AsyncGenerator<Result, void, undefined>,
): AsyncGenerator<NonNullable<Result["jobInstanceUpdated"]>, void, undefined> {
  for await (const result of results) yield rootFieldOf(result, "jobInstanceUpdated", null);
}

/** The root fields that results are read from, and the type of their operations. */
const OPERATION_TYPES = { jobInstance: "query", jobInstanceUpdated: "subscription" } as const;

/** @throws the error of the result, or one that names the mistake in the document, if there is no root field. */
function rootFieldOf<Result, Name extends keyof Result & keyof typeof OPERATION_TYPES>(
  data: Result,
  name: Name,
  error: JobClientError | null,
): NonNullable<Result[Name]> {
  const value = data[name];
  if (value !== null && value !== undefined) return value;
  throw (
    error ??
    new JobClientError(`Expected a ${OPERATION_TYPES[name]} that selects "${name}", without an alias.`, {
      code: "UNEXPECTED_RESPONSE",
    })
  );
}
