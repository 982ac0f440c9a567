/** One subscription over one connection: GraphQL over server-sent events, with a connection of its own. */
import { readEvents, type ServerSentEvent } from "./event-stream.ts";
import { errorOfResult, JobClientError } from "./job-client-error.ts";
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
  /** Timeout without any data, in milliseconds. A gateway sends a keep-alive comment every 12 s. */
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
  const silence = createTimer(silenceMs, () =>
    connection.abort(connectionLost(`No data arrived for ${silenceMs / 1_000} s.`)),
  );
  const abort = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const response = await post(endpoint, operation, { accept: EVENT_STREAM, signal: connection.signal });
    if (!response.ok || mediaTypeOf(response) !== EVENT_STREAM || !response.body) {
      throw await errorOfResponse(endpoint, response, EXPECTED);
    }
    onOpen();
    for await (const event of readEvents(response.body, silence.restart)) {
      if (event.name === "complete") return;
      yield dataOf<Result>(endpoint, event, response);
    }
    throw connectionLost("The connection was closed.");
  } catch (error) {
    connection.signal.throwIfAborted();
    throw error instanceof JobClientError ? error : connectionLost("The connection was closed.", error);
  } finally {
    silence.stop();
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

interface Timer {
  readonly restart: () => void;
  readonly stop: () => void;
}

function createTimer(ms: number, onTimeout: () => void): Timer {
  let timer = setTimeout(onTimeout, ms);
  return {
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(onTimeout, ms);
    },
    stop: () => clearTimeout(timer),
  };
}
