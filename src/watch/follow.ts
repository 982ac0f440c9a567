/** Follows a job over as many connections as necessary, with exponential backoff. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobUpdate } from "./job-update.ts";
import { shownUrl } from "./options.ts";
import { subscribe, type Target } from "./subscription.ts";
import { ConnectionLost, cannotWatch } from "./watch-ended.ts";

export interface FollowOptions {
  /** Delay before the first attempt to reconnect, in milliseconds. Doubles with each further attempt. */
  readonly firstWaitMs?: number;
  /** Maximum delay, in milliseconds. */
  readonly maxWaitMs?: number;
  /** Maximum number of consecutive failed attempts. */
  readonly maxAttempts?: number;
  /** A connection counts as lost after this time without any data, in milliseconds. */
  readonly silenceMs?: number;
}

export interface Lost {
  readonly kind: "lost";
  /** The reason, without capital letter and period. */
  readonly reason: string;
  readonly waitMs: number;
  /** Number of the attempt that follows the delay, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

export type FollowEvent = { readonly kind: "update"; readonly update: JobUpdate } | Lost;

/**
 * Yields updates and losses of the connection. The first update after a loss may repeat the one before it. Never
 * returns: the caller stops iterating after the last update.
 * @throws WatchEnded if the gateway rejects the request or the connection is lost permanently.
 * @throws the reason of the signal.
 */
export async function* follow(
  target: Target,
  signal: AbortSignal,
  { firstWaitMs = 1_000, maxWaitMs = 30_000, maxAttempts = 10, silenceMs = 45_000 }: FollowOptions = {},
): AsyncGenerator<FollowEvent, never, undefined> {
  const url = shownUrl(target.streamUrl);
  let hasConnected = false;
  let failures = 0;
  for (;;) {
    try {
      for await (const update of subscribe(target, silenceMs, signal)) {
        hasConnected = true;
        failures = 0;
        yield { kind: "update", update };
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      hasConnected ||= error.wasAvailable;
      // A gateway that was never available is probably not running, or --url is wrong. Retrying would hide that.
      if (!hasConnected) {
        throw cannotWatch(
          `Could not connect to a gateway at ${url}: ${error.message}. Start one, or set its address with --url.`,
        );
      }
      failures += 1;
      if (failures > maxAttempts) {
        throw cannotWatch(
          `Could not reconnect to the gateway at ${url} in ${maxAttempts} attempts: ${error.message}. The job may still be running; watch it again later.`,
        );
      }
      // With jitter, because all clients lose their connections at the same time and should not reconnect at the same
      // time.
      const backoffMs = Math.min(firstWaitMs * 2 ** (failures - 1), maxWaitMs);
      const waitMs = Math.round(backoffMs * (0.5 + 0.5 * Math.random()));
      yield { kind: "lost", reason: error.message, waitMs, attempt: failures, maxAttempts };
      await pause(waitMs, signal);
    }
  }
}

/** @throws the reason of the signal, where `sleep` would throw an AbortError. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
