/** One subscription over one connection: GraphQL over server-sent events, with a connection of its own. */
import { readEvents, type ServerSentEvent } from "./event-stream.ts";
import { errorOfResult } from "./job-client-error.ts";
import {
  connectionLost,
  detailsOf,
  type Endpoint,
  errorOfResponse,
  mediaTypeOf,
  type Operation,
  parseResult,
  post,
  unexpectedResponse,
} from "./request.ts";

export interface SubscribeOptions {
  /** Timeout of a wait for data, in milliseconds, at most `MAX_TIMER_MS`. A gateway sends a keep-alive comment every 12 s. */
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called when the gateway has accepted the subscription. */
  readonly onOpen: () => void;
}

const EVENT_STREAM = "text/event-stream";
const EXPECTED = "the event stream";

/**
 * Yields the data of the results. Returns when the gateway completes the subscription.
 * @param endpoint with the URL of the event stream.
 * @throws JobClientError if a result has no data, and whenever the stream ends without completion.
 * @throws the reason of the signal.
 */
export async function* subscribe<Result>(
  endpoint: Endpoint,
  operation: Operation,
  { silenceMs, signal, onOpen }: SubscribeOptions,
): AsyncGenerator<Result, void, undefined> {
  signal?.throwIfAborted();
  const connection = new AbortController();
  /** Only waiting for data counts: the caller may take its time for an event. */
  const timed = async <Value>(pending: Promise<Value>): Promise<Value> => {
    const timer = setTimeout(
      () => connection.abort(connectionLost(`No data arrived for ${silenceMs / 1_000} s.`)),
      silenceMs,
    );
    try {
      return await pending;
    } finally {
      clearTimeout(timer);
    }
  };
  const abort = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const response = await timed(
      post(endpoint, operation, { accept: EVENT_STREAM, signal: connection.signal }),
    );
    if (!response.ok || mediaTypeOf(response) !== EVENT_STREAM || !response.body) {
      throw await timed(errorOfResponse(endpoint, response, EXPECTED));
    }
    onOpen();
    const closed = (error?: unknown): never => {
      throw connectionLost("The connection was closed.", error);
    };
    for await (const event of readEvents(response.body, (chunk) => timed(chunk).catch(closed))) {
      if (event.name === "complete") return;
      yield dataOf<Result>(endpoint, event, response);
    }
    closed();
  } catch (error) {
    connection.signal.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    // Closes the connection if the caller has stopped iterating.
    connection.abort();
  }
}

function dataOf<Result>(
  endpoint: Endpoint,
  { name, data: text }: ServerSentEvent,
  response: Response,
): Result {
  if (name !== "next") throw unexpectedResponse(endpoint, response, EXPECTED, `the event "${name}"`);
  const result = parseResult<Result>(text);
  if (!result) throw unexpectedResponse(endpoint, response, EXPECTED, "an event without a GraphQL result");
  // The root field of a subscription is null if its job could not be read.
  const { data, errors } = result;
  const isWithoutState = !data || Object.values(data).every((value) => value === null);
  if (isWithoutState) throw errorOfResult(errors, detailsOf(response));
  return data;
}
