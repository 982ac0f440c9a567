/** Follows a job with the client, and gives up when reconnecting is pointless. */
import { createStringClient } from "../client/job-client.ts";
import { JobClientError } from "../client/job-client-error.ts";
import type { LostEvent, ReconnectOptions } from "../client/watch-job.ts";
import { describeFinalError, reasonOf } from "./describe-error.ts";
import { type JobUpdate, SUBSCRIPTION } from "./job-update.ts";
import { shownUrl, type WatchOptions } from "./options.ts";
import { cannotWatch } from "./watch-ended.ts";

/** What a connection requires. */
type Target = Pick<WatchOptions, "ref" | "url" | "headers">;

export interface FollowOptions extends ReconnectOptions {
  /** Maximum number of consecutive failed attempts. */
  readonly maxAttempts: number;
}

export interface Lost extends Pick<LostEvent, "attempt" | "delayMs"> {
  readonly kind: "lost";
  /** The reason, without capital letter and period. */
  readonly reason: string;
  readonly maxAttempts: number;
}

export type FollowEvent = { readonly kind: "state"; readonly state: JobUpdate } | Lost;

/**
 * Yields states of the job and losses of the connection. The first state after a loss may repeat the one before it.
 * Returns after a finished job, and after an outcome without a job.
 * @throws WatchEnded if the gateway rejects the request or the connection is lost permanently.
 * @throws the reason of the signal.
 */
export async function* follow(
  { ref, url, headers }: Target,
  signal: AbortSignal,
  { maxAttempts = 10, ...reconnect }: Partial<FollowOptions> = {},
): AsyncGenerator<FollowEvent, void, undefined> {
  const client = createStringClient({ url, headers, reconnect });
  try {
    for await (const event of client.watch(ref, SUBSCRIPTION, { signal })) {
      if (event.kind === "state") {
        yield event;
        continue;
      }
      const { error, attempt, delayMs, hasConnected } = event;
      const reason = reasonOf(error);
      // A gateway that was never available is probably not running, or --url is wrong. Retrying would hide that.
      if (!hasConnected) {
        throw cannotWatch(
          `Could not connect to a gateway at ${shownUrl(url)}: ${reason}. Start one, or set its address with --url.`,
        );
      }
      if (attempt > maxAttempts) {
        throw cannotWatch(
          `Could not reconnect to the gateway at ${shownUrl(url)} in ${maxAttempts} attempts: ${reason}. The job may still be running; watch it again later.`,
        );
      }
      yield { kind: "lost", reason, attempt, delayMs, maxAttempts };
    }
  } catch (error) {
    throw error instanceof JobClientError ? cannotWatch(describeFinalError(error, shownUrl(url))) : error;
  }
}
