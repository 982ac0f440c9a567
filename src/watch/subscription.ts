/** One connection to the gateway: the subscription from its first result to its end. */
import { createClient } from "graphql-sse";
import { createEventFetch } from "./event-fetch.ts";
import { failureOf } from "./graphql-errors.ts";
import { type JobUpdate, SUBSCRIPTION } from "./job-update.ts";
import { CREDENTIALS_ADVICE, shownUrl, type WatchOptions } from "./options.ts";
import { ConnectionLost, cannotWatch, isOurs, type WatchEnded } from "./watch-ended.ts";

/** What a connection is made with. */
export type Target = Pick<WatchOptions, "ref" | "streamUrl" | "headers">;

/**
 * Updates of the job, over one connection. Never ends by itself: whoever has had the last one breaks off.
 * @param silenceMs how long nothing at all may come, in milliseconds.
 * @throws ConnectionLost when the stream ends, however it does.
 * @throws WatchEnded when there is nothing to be had, nor will be.
 * @throws the signal's reason.
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
    // Its own attempts end where a stream completes, which here is no end.
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
      if (!data?.jobInstanceUpdated) throw refusal(errors ?? []);
      yield data.jobInstanceUpdated;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isOurs(error) ? error : (failures[0] ?? notAGateway(streamUrl));
  } finally {
    signal.removeEventListener("abort", dispose);
    dispose();
  }
  signal.throwIfAborted();
  // A gateway that is about to end completes its streams.
  throw new ConnectionLost("the gateway ended the stream", { wasThere: true });
}

function refusal(errors: readonly Parameters<typeof failureOf>[0][]): WatchEnded {
  const failures = errors.map(failureOf);
  if (failures.length === 0) return cannotWatch("Expected a state of the job, got none and no error.");
  const told = failures.map(({ code, message }) => `${code}: ${message}`).join("; ");
  const isUnauthenticated = failures.some(({ code }) => code === "UNAUTHENTICATED");
  const advice = isUnauthenticated ? ` ${CREDENTIALS_ADVICE}` : "";
  return cannotWatch(`Expected a state of the job, got ${told.replace(/\.?$/, ".")}${advice}`);
}

const notAGateway = (streamUrl: URL): WatchEnded =>
  cannotWatch(
    `Expected the event stream of a gateway at ${shownUrl(streamUrl)}, got events of another kind. Check --url: it is the gateway's GraphQL endpoint.`,
  );
