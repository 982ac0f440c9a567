/** The job from now to its end, over as many connections as that takes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobUpdate } from "./job-update.ts";
import { shownUrl } from "./options.ts";
import { subscribe, type Target } from "./subscription.ts";
import { ConnectionLost, cannotWatch } from "./watch-ended.ts";

export interface FollowOptions {
  /** The wait before the first try after a loss, in milliseconds; each further one is twice as long. */
  readonly firstWaitMs?: number;
  /** The longest wait, in milliseconds. */
  readonly maxWaitMs?: number;
  /** Tries in a row without success after which there are no more. */
  readonly maxTries?: number;
  /** A connection on which nothing came for so long counts as lost, in milliseconds. */
  readonly silenceMs?: number;
}

export interface Lost {
  readonly kind: "lost";
  /** What happened, as the end of a sentence. */
  readonly why: string;
  readonly waitMs: number;
  /** The try that comes after the wait, from 1. */
  readonly attempt: number;
  readonly maxTries: number;
}

export type FollowEvent = { readonly kind: "update"; readonly update: JobUpdate } | Lost;

/**
 * Updates, and losses of the connection in between; the first update after a loss can be the one before it. Never ends
 * by itself.
 * @throws WatchEnded when there is nothing to be had, nor will be, or the connection is lost for good.
 * @throws the signal's reason.
 */
export async function* follow(
  target: Target,
  signal: AbortSignal,
  { firstWaitMs = 1_000, maxWaitMs = 30_000, maxTries = 10, silenceMs = 45_000 }: FollowOptions = {},
): AsyncGenerator<FollowEvent, never, undefined> {
  const url = shownUrl(target.streamUrl);
  let hasBeenThere = false;
  let failures = 0;
  for (;;) {
    try {
      for await (const update of subscribe(target, silenceMs, signal)) {
        hasBeenThere = true;
        failures = 0;
        yield { kind: "update", update };
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      hasBeenThere ||= error.wasThere;
      if (!hasBeenThere) {
        throw cannotWatch(
          `Expected a gateway at ${url}, but ${error.message}. Start one, or give its address with --url.`,
        );
      }
      failures += 1;
      if (failures > maxTries) {
        throw cannotWatch(
          `Expected the gateway at ${url} to come back, but ${error.message}, also at the last of ${maxTries} tries. The job may go on; watch it again later.`,
        );
      }
      // Half of it by chance: all who watch lose their connections at one time, and are not to come back at one time.
      const longest = Math.min(firstWaitMs * 2 ** (failures - 1), maxWaitMs);
      const waitMs = Math.round(longest * (0.5 + 0.5 * Math.random()));
      yield { kind: "lost", why: error.message, waitMs, attempt: failures, maxTries };
      await pause(waitMs, signal);
    }
  }
}

/** @throws the signal's reason. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
