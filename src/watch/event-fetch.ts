/**
 * The `fetch` of the graphql-sse client. It reports what the client does not: responses other than an event stream,
 * why a connection failed, and connections on which data no longer arrives.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { firstErrorIn } from "./graphql-errors.ts";
import { sanitize } from "./text.ts";
import { ConnectionLost, cannotWatch, isWatchError, type WatchEnded } from "./watch-ended.ts";

export interface EventFetchOptions {
  /** The URL to show in messages. */
  readonly shownUrl: string;
  /** Timeout without any data, in milliseconds. A gateway sends a keep-alive message every 12 s. */
  readonly silenceMs: number;
  /** Called with the reason when there is no stream, or when it ends. The client does not pass errors on unchanged. */
  readonly onFailure: (failure: ConnectionLost | WatchEnded) => void;
}

/** The part of a response that the client uses. */
interface EventResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export type EventFetch = (url: string, init: RequestInit) => Promise<EventResponse>;

export function createEventFetch({ shownUrl, silenceMs, onFailure }: EventFetchOptions): EventFetch {
  const fail = (failure: ConnectionLost | WatchEnded): never => {
    onFailure(failure);
    throw failure;
  };

  return async (url, init) => {
    const silence = new AbortController();
    let isOpen = false;
    const timer = setTimeout(() => {
      silence.abort(
        new ConnectionLost(`no data arrived for ${silenceMs / 1_000} s`, { wasAvailable: isOpen }),
      );
    }, silenceMs);
    const signal = AbortSignal.any([silence.signal, ...(init.signal ? [init.signal] : [])]);
    let response: Response;
    try {
      // Redirects are not followed, because they could send the credentials to another server.
      response = await fetch(url, { ...init, redirect: "manual", signal });
      if (!isEventStream(response)) return fail(toFailure(response, shownUrl, await readStart(response)));
    } catch (error) {
      clearTimeout(timer);
      return fail(
        isWatchError(error) ? error : new ConnectionLost(describeFetchError(error), { wasAvailable: isOpen }),
      );
    }
    isOpen = true;

    async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const chunk of response.body ?? []) {
          timer.refresh();
          yield chunk;
        }
        onFailure(new ConnectionLost("the connection was closed", { wasAvailable: true }));
      } catch (error) {
        fail(
          isWatchError(error)
            ? error
            : new ConnectionLost(describeFetchError(error), { wasAvailable: isOpen }),
        );
      } finally {
        clearTimeout(timer);
        // Lets the client yield the results that arrived together with the end before it sees the end.
        await nextTurn();
      }
    }
    return { ok: true, status: response.status, statusText: response.statusText, body: chunks() };
  };
}

const mediaTypeOf = (response: Response): string =>
  sanitize(response.headers.get("content-type") ?? "").split(";")[0] || "no content type";

const isEventStream = (response: Response): boolean =>
  response.ok && mediaTypeOf(response) === "text/event-stream";

/** Enough for the body of a gateway's error response. */
const MAX_BODY_CHARACTERS = 10_000;

async function readStart({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.length > MAX_BODY_CHARACTERS) break;
  }
  return text;
}

/** The failure that a response other than an event stream means: 5xx may be temporary, everything else is final. */
function toFailure(response: Response, shownUrl: string, body: string): ConnectionLost | WatchEnded {
  const { status } = response;
  const error = firstErrorIn(body);
  const kind = status >= 300 && status < 400 ? "a redirect" : mediaTypeOf(response);
  const got = `HTTP ${status} (${error ? `${error.code}: ${error.message}` : kind})`;
  if (status >= 500) {
    return new ConnectionLost(`it responded with ${got}`, { wasAvailable: error?.code === "SHUTTING_DOWN" });
  }
  return cannotWatch(
    `Expected the event stream of a gateway at ${shownUrl}, got ${got}. Check --url: it must be the gateway's GraphQL endpoint.`,
  );
}

/** Explanations of the error codes of Node.js and its fetch. */
const CONNECTION_ERRORS = new Map([
  ["ECONNREFUSED", "nothing is listening there"],
  ["ECONNRESET", "the connection was closed"],
  ["EPIPE", "the connection was closed"],
  ["UND_ERR_SOCKET", "the connection was closed"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the address of the host could not be resolved"],
  ["EHOSTUNREACH", "the host is unreachable"],
  ["ENETUNREACH", "the network is unreachable"],
  ["ETIMEDOUT", "the connection timed out"],
  ["UND_ERR_CONNECT_TIMEOUT", "the connection timed out"],
]);

/** The message of `fetch` is only "fetch failed". Its cause contains the reason. */
function describeFetchError(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return (
    CONNECTION_ERRORS.get(code) ?? sanitize(cause instanceof Error ? cause.message || code : String(cause))
  );
}
