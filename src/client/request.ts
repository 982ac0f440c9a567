/** HTTP requests to the gateway, and the errors that its responses mean. */

import { MAX_RESULT_CHARACTERS } from "./event-stream.ts";
import { EXAMPLE_URL, shownUrl } from "./gateway-url.ts";
import { type HeadersSource, headersOf } from "./headers.ts";
import {
  errorOfResult,
  type GatewayError,
  JobClientError,
  type ResponseDetails,
} from "./job-client-error.ts";
import { toDelayMs, untilAborted } from "./pause.ts";

/** The part of `fetch` that the client uses. Every implementation of `fetch` has it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where requests are sent. */
export interface Endpoint {
  readonly url: string;
  /** The URL that the client was created with. */
  readonly gatewayUrl: string;
  readonly headers: HeadersSource;
  readonly fetch: Fetch;
}

/** The text of a document, with its variables. `JobClient` checks their types. */
export interface Operation {
  readonly query: string;
  readonly variables: object;
}

/** A GraphQL result. */
export interface GraphQLResult<Data> {
  readonly data: Data | null;
  readonly errors: readonly GatewayError[];
}

/** Null if the text is no GraphQL result. */
export function parseResult<Data>(text: string): GraphQLResult<Data> | null {
  try {
    // The type is that of the document, which the gateway has validated. What is no object or list throws, or is refused.
    const result = JSON.parse(text) as Partial<GraphQLResult<Data>>;
    const data = result.data ?? null;
    const errors = result.errors ?? [];
    return typeof data === "object" && errors.every(isGatewayError) ? { data, errors } : null;
  } catch {
    return null;
  }
}

const isGatewayError = (error: GatewayError | null): boolean => typeof error?.message === "string";

/**
 * Sends an operation by POST. Redirects are not followed, because they could lead the credentials to another server.
 * @throws JobClientError `CONNECTION_LOST` if there is no response, or if the function that returns the headers fails;
 *   `INVALID_HEADERS` if they cannot be sent.
 * @throws the reason of the signal.
 */
export async function post(
  { url, gatewayUrl, headers, fetch }: Endpoint,
  { query, variables }: Operation,
  { accept, signal }: { readonly accept: string; readonly signal: AbortSignal | undefined },
): Promise<Response> {
  signal?.throwIfAborted();
  const init = {
    method: "POST",
    redirect: "manual",
    headers: headersOf(await headersFrom(headers, signal), accept),
    body: JSON.stringify({ query, variables }),
  } as const;
  try {
    return await fetch(url, signal ? { ...init, signal } : init);
  } catch (error) {
    signal?.throwIfAborted();
    const message = `The gateway at ${shownUrl(gatewayUrl)} could not be reached${reasonOf(error)}.`;
    throw connectionLost(message, error);
  }
}

async function headersFrom(
  headers: HeadersSource,
  signal: AbortSignal | undefined,
): Promise<Parameters<typeof headersOf>[0]> {
  if (typeof headers !== "function") return headers;
  try {
    return await untilAborted(Promise.resolve(headers()), signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw connectionLost("The function `headers` failed.", error);
  }
}

/**
 * Why `fetch` failed, after a colon. Node.js says that in the cause of the error: `connect ECONNREFUSED 127.0.0.1:4000`. Empty
 * in browsers, which do not say it. Messages with a URL are left out: it may contain secrets.
 */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (!(cause instanceof Error)) return "";
  // Node.js adds these properties. Errors of TLS have a short reason. Errors of several addresses have no message.
  const { code, reason } = cause as Error & { readonly code?: unknown; readonly reason?: unknown };
  const text = String(reason ?? (cause.message || code || ""));
  return text === "" || text.includes("://") ? "" : `: ${text.replace(/\.$/, "")}`;
}

export const connectionLost = (message: string, cause?: unknown): JobClientError =>
  new JobClientError(message, { code: "CONNECTION_LOST", cause });

const JSON_TYPES = ["application/graphql-response+json", "application/json"];
const EXPECTED = "the result";

/**
 * Sends a query.
 * @throws JobClientError if there is no result with data.
 * @throws the reason of the signal.
 */
export async function query<Result>(
  endpoint: Endpoint,
  operation: Operation,
  signal: AbortSignal | undefined,
): Promise<{ readonly data: Result; readonly error: JobClientError | null }> {
  const response = await post(endpoint, operation, { accept: JSON_TYPES.join(", "), signal });
  if (isWrongPath(response) || !JSON_TYPES.includes(mediaTypeOf(response))) {
    const error = await errorOfResponse(endpoint, response, EXPECTED);
    // The rest of the response is missing then.
    signal?.throwIfAborted();
    throw error;
  }
  const { data, errors } = await readResult<Result>(endpoint, response, signal);
  const error = errors.length > 0 || !data ? errorOfResult(errors, detailsOf(response)) : null;
  if (!data) throw error;
  return { data, error };
}

async function readResult<Data>(
  endpoint: Endpoint,
  response: Response,
  signal: AbortSignal | undefined,
): Promise<GraphQLResult<Data>> {
  const text = await readStart(response, MAX_RESULT_CHARACTERS).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw connectionLost("The response ended early.", error);
  });
  if (text.length > MAX_RESULT_CHARACTERS) {
    throw unexpectedResponse(endpoint, response, EXPECTED, "a body of more than 64 Mi characters");
  }
  const result = parseResult<Data>(text);
  if (!result) throw unexpectedResponse(endpoint, response, EXPECTED, "a body without a GraphQL result");
  return result;
}

/** Media type of a response without parameters. An empty string if there is none. */
export const mediaTypeOf = (response: Response): string =>
  (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const detailsOf = (response: Response): ResponseDetails => ({
  status: response.status,
  requestId: response.headers.get("x-request-id"),
  retryAfterMs: retryAfterMsOf(response),
});

/** `Retry-After` in milliseconds. Null if it is absent or a date, which the gateway does not send. */
function retryAfterMsOf({ headers }: Response): number | null {
  const seconds = headers.get("retry-after") ?? "";
  return /^\d+$/.test(seconds) ? toDelayMs(Number(seconds) * 1_000) : null;
}

/** The error that a response of another kind than expected means. */
export async function errorOfResponse(
  endpoint: Endpoint,
  response: Response,
  expected: string,
): Promise<JobClientError> {
  const details = detailsOf(response);
  // If the body ends early, the status alone describes the error.
  const text = await readStart(response, MAX_ERROR_CHARACTERS).catch(() => "");
  const { errors } = parseResult(text) ?? { errors: [] };
  const got = `HTTP ${response.status} (${kindOf(response)})`;
  if (isWrongPath(response)) return wrongPath(endpoint, errorOfResult(errors, details), got);
  if (errors.length > 0) return errorOfResult(errors, details);
  if (response.status === 429 || response.status >= 500) {
    return new JobClientError(`The server responded with ${got}.`, {
      code: "GATEWAY_UNAVAILABLE",
      ...details,
    });
  }
  return unexpectedResponse(endpoint, response, expected, got);
}

/** The path is not that of a gateway, which would accept POST. */
const isWrongPath = ({ status }: Response): boolean => status === 404 || status === 405;

/** The error with a message that contains the URL and what is wrong with it. */
function wrongPath({ url }: Endpoint, error: JobClientError, got: string): JobClientError {
  const reason = error.errors.length > 0 ? error.message : `${got}.`;
  return new JobClientError(
    `${shownUrl(url)} is not a GraphQL endpoint: ${reason} Expected a URL such as ${EXAMPLE_URL}.`,
    error,
  );
}

export const unexpectedResponse = (
  { url }: Endpoint,
  response: Response,
  expected: string,
  got: string,
): JobClientError =>
  new JobClientError(`Expected ${expected} of a gateway at ${shownUrl(url)}, got ${got}.`, {
    code: "UNEXPECTED_RESPONSE",
    ...detailsOf(response),
  });

/** Browsers hide the status of a redirect and call its type opaque. */
const isRedirect = ({ type, status }: Response): boolean =>
  type === "opaqueredirect" || (status >= 300 && status < 400);

const kindOf = (response: Response): string =>
  isRedirect(response) ? "a redirect" : mediaTypeOf(response) || "no content type";

/** Enough for an error response of the gateway. */
const MAX_ERROR_CHARACTERS = 10_000;

/** The start of a body: all of it if it is no longer than the maximum. What follows is not read. */
async function readStart(response: Response, maxCharacters: number): Promise<string> {
  // Not every implementation of `fetch` has streams.
  if (typeof response.body?.getReader !== "function") return response.text();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length <= maxCharacters) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    return text;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
