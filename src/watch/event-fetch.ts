/**
 * The fetch that the client of graphql-sse is given. It sees what the client makes nothing of: answers that are no event
 * stream, the reason why a connection failed, one on which nothing comes any more.
 */
import { setImmediate as turn } from "node:timers/promises";
import { firstErrorIn } from "./graphql-errors.ts";
import { clean } from "./text.ts";
import { ConnectionLost, cannotWatch, isOurs, type WatchEnded } from "./watch-ended.ts";

export interface EventFetchOptions {
  /** The address for messages. */
  readonly shownUrl: string;
  /** How long nothing at all may come, in milliseconds. A gateway says something every 12 s. */
  readonly silenceMs: number;
  /** Hears why there is no stream, or no more of it: errors do not come through the client as they are. */
  readonly onFailure: (failure: ConnectionLost | WatchEnded) => void;
}

/** What the client uses of a response. */
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
    const silent = new AbortController();
    let isOpen = false;
    const timer = setTimeout(() => {
      silent.abort(new ConnectionLost(`nothing came for ${silenceMs / 1_000} s`, { wasThere: isOpen }));
    }, silenceMs);
    const signal = AbortSignal.any([silent.signal, ...(init.signal ? [init.signal] : [])]);
    let response: Response;
    try {
      // Redirects are not followed: they would carry the credentials to wherever they lead.
      response = await fetch(url, { ...init, redirect: "manual", signal });
      if (!isEventStream(response)) return fail(refusalOf(response, shownUrl, await beginningOf(response)));
    } catch (error) {
      clearTimeout(timer);
      return fail(isOurs(error) ? error : new ConnectionLost(describe(error), { wasThere: isOpen }));
    }
    isOpen = true;

    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const piece of response.body ?? []) {
          timer.refresh();
          yield piece;
        }
        onFailure(new ConnectionLost("the connection was closed", { wasThere: true }));
      } catch (error) {
        fail(isOurs(error) ? error : new ConnectionLost(describe(error), { wasThere: isOpen }));
      } finally {
        clearTimeout(timer);
        // The client hears of the end only while it waits for a result: let it take those that came with the end.
        await turn();
      }
    }
    return { ok: true, status: response.status, statusText: response.statusText, body: pieces() };
  };
}

const mediaTypeOf = (response: Response): string =>
  clean(response.headers.get("content-type") ?? "").split(";")[0] || "no content type";

const isEventStream = (response: Response): boolean =>
  response.ok && mediaTypeOf(response) === "text/event-stream";

/** Enough of a body for an error of a gateway. */
const MAX_BODY_CHARACTERS = 10_000;

async function beginningOf({ body }: Response): Promise<string> {
  let text = "";
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.length > MAX_BODY_CHARACTERS) break;
  }
  return text;
}

/** What an answer means that is no event stream. */
function refusalOf(response: Response, shownUrl: string, body: string): ConnectionLost | WatchEnded {
  const { status } = response;
  const error = firstErrorIn(body);
  const kind = status >= 300 && status < 400 ? "a redirect" : mediaTypeOf(response);
  const answer = `HTTP ${status} (${error ? `${error.code}: ${error.message}` : kind})`;
  if (status >= 500) {
    return new ConnectionLost(`it answered ${answer}`, { wasThere: error?.code === "SHUTTING_DOWN" });
  }
  return cannotWatch(
    `Expected the event stream of a gateway at ${shownUrl}, got ${answer}. Check --url: it is the gateway's GraphQL endpoint.`,
  );
}

/** What is wrong with a connection, by the error codes of Node.js and its fetch. */
const FAULTS = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ECONNRESET", "the connection was closed"],
  ["EPIPE", "the connection was closed"],
  ["UND_ERR_SOCKET", "the connection was closed"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the host's address could not be looked up"],
  ["EHOSTUNREACH", "there is no way to that host"],
  ["ENETUNREACH", "there is no way to that network"],
  ["ETIMEDOUT", "there was no answer"],
  ["UND_ERR_CONNECT_TIMEOUT", "there was no answer"],
]);

/** fetch says "fetch failed", and why in its cause. */
function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return FAULTS.get(code) ?? clean(cause instanceof Error ? cause.message || code : String(cause));
}
