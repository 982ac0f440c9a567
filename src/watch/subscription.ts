/** One subscription over one connection to the gateway. */
import { createClient } from "graphql-sse";
import { createEventFetch } from "./event-fetch.ts";
import { failureOf } from "./graphql-errors.ts";
import { type JobUpdate, SUBSCRIPTION } from "./job-update.ts";
import { CREDENTIALS_ADVICE, shownUrl, type WatchOptions } from "./options.ts";
import { ConnectionLost, cannotWatch, isWatchError, type WatchEnded } from "./watch-ended.ts";

/** What a connection requires. */
export type Target = Pick<WatchOptions, "ref" | "streamUrl" | "headers">;

/**
 * Yields updates of the job. Never returns: the caller stops iterating after the last update.
 * @param silenceMs timeout without any data, in milliseconds.
 * @throws ConnectionLost whenever the stream ends.
 * @throws WatchEnded if the gateway rejects the request.
 * @throws the reason of the signal.
 */
export async function* subscribe(
  { ref, streamUrl, headers }: Target,
  silenceMs: number,
  signal: AbortSignal,
): AsyncGenerator<JobUpdate, never, undefined> {
  const failures: (ConnectionLost | WatchEnded)[] = [];
  const client = createClient({
    url: streamUrl.href,
    headers: { ...headers },
    // `follow.ts` reconnects. The client would not do so after a stream has completed.
    retryAttempts: 0,
    fetchFn: createEventFetch({
      shownUrl: shownUrl(streamUrl),
      silenceMs,
      onFailure: (failure) => void failures.push(failure),
    }),
  });
  const dispose = () => client.dispose();
  signal.addEventListener("abort", dispose, { once: true });
  try {
    signal.throwIfAborted();
    const request = { query: SUBSCRIPTION, variables: { ref } };
    for await (const { data, errors } of client.iterate<{ jobInstanceUpdated: JobUpdate | null }>(request)) {
      if (!data?.jobInstanceUpdated) throw missingStateError(errors ?? []);
      yield data.jobInstanceUpdated;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isWatchError(error) ? error : (failures[0] ?? notAGateway(streamUrl));
  } finally {
    signal.removeEventListener("abort", dispose);
    dispose();
  }
  signal.throwIfAborted();
  // A gateway that shuts down may complete its streams.
  throw new ConnectionLost("the gateway ended the stream", { wasAvailable: true });
}

function missingStateError(errors: readonly Parameters<typeof failureOf>[0][]): WatchEnded {
  const failures = errors.map(failureOf);
  if (failures.length === 0)
    return cannotWatch("Expected a state of the job, got neither a state nor an error.");
  const messages = failures.map(({ code, message }) => `${code}: ${message}`).join("; ");
  const isUnauthenticated = failures.some(({ code }) => code === "UNAUTHENTICATED");
  const advice = isUnauthenticated ? ` ${CREDENTIALS_ADVICE}` : "";
  return cannotWatch(`Expected a state of the job, got ${messages.replace(/\.?$/, ".")}${advice}`);
}

const notAGateway = (streamUrl: URL): WatchEnded =>
  cannotWatch(
    `Expected the event stream of a gateway at ${shownUrl(streamUrl)}, got other events. Check --url: it must be the gateway's GraphQL endpoint.`,
  );
