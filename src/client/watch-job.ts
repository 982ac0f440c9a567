/** Follows a job over as many connections as necessary, with exponential backoff. */
import { JobClientError } from "./job-client-error.ts";
import { MAX_TIMER_MS, pause, toDelayMs } from "./pause.ts";

/** The state of the job has changed, or is known again after a loss. */
export interface StateEvent<State> {
  readonly kind: "state";
  /** The job, or an outcome without a job. */
  readonly state: State;
}

/** There is no connection. The next event follows after `delayMs`, when the client has tried to reconnect. */
export interface LostEvent {
  readonly kind: "lost";
  /** Why the connection was lost. */
  readonly error: JobClientError;
  /** Number of the next attempt since the last state, from 1. */
  readonly attempt: number;
  /** Delay before the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** Whether the gateway has been reached before. If not, the URL may be wrong. */
  readonly hasConnected: boolean;
}

/** An event of a watched job. */
export type WatchEvent<State> = StateEvent<State> | LostEvent;

/** When and how fast to reconnect. */
export interface ReconnectOptions {
  /**
   * Delay before the first attempt to reconnect, in milliseconds. Doubles with each further attempt, and starts again after a
   * connection that lasted longer than the delay before it. Default: 1 000.
   */
  readonly firstDelayMs?: number | undefined;
  /** Maximum delay in milliseconds, except if the gateway asks for a longer one. Default: 30 000. */
  readonly maxDelayMs?: number | undefined;
  /** A connection counts as lost after this time without any data, in milliseconds. Default: 45 000. */
  readonly silenceMs?: number | undefined;
}

type ReconnectSettings = { readonly [Name in keyof ReconnectOptions]-?: number };

/**
 * The given options, and defaults for the others.
 * @throws TypeError if one is not a number from 0.
 */
export const reconnectWith = ({
  firstDelayMs = 1_000,
  maxDelayMs = 30_000,
  silenceMs = 45_000,
}: ReconnectOptions = {}): ReconnectSettings => ({
  firstDelayMs: checkDelay("firstDelayMs", firstDelayMs),
  maxDelayMs: checkDelay("maxDelayMs", maxDelayMs),
  silenceMs: checkDelay("silenceMs", silenceMs),
});

function checkDelay(name: keyof ReconnectOptions, value: number): number {
  const delayMs = toDelayMs(value);
  if (delayMs === null)
    throw new TypeError(`Expected reconnect.${name} to be a number from 0, got ${value}.`);
  return delayMs;
}

/**
 * Yields states and losses of the connection. The first state after a loss may repeat the one before it. Returns after
 * a finished job, and after an outcome without a job.
 * @param connect yields the states of one connection; returns when the gateway completes it.
 * @throws JobClientError that a new attempt cannot help, such as rejected credentials.
 * @throws the reason of the signal.
 */
export async function* watchJob<State>(
  connect: (onOpen: () => void) => AsyncGenerator<State, void, undefined>,
  { firstDelayMs, maxDelayMs }: ReconnectSettings,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<State>, void, undefined> {
  let hasConnected = false;
  let attempt = 0;
  /** Losses since the last connection that lasted. */
  let losses = 0;
  let backoffMs = 0;
  let openedAtMs = Number.POSITIVE_INFINITY;
  const onOpen = () => {
    hasConnected = true;
    openedAtMs = performance.now();
  };
  for (;;) {
    // A completion before the first state is not the end of a job.
    let isOver: boolean | null = false;
    try {
      for await (const state of connect(onOpen)) {
        attempt = 0;
        isOver = isEnd(state);
        yield { kind: "state", state };
        if (isOver) return;
      }
      // Without `isFinished` in the document, only the completion says that the job has finished.
      if (isOver === null) return;
      // A proxy or a gateway that shuts down may complete a response.
      throw new JobClientError("The gateway ended the stream.", { code: "CONNECTION_LOST" });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof JobClientError) || !error.isTransient) throw error;
      // Errors of the gateway show that it was reached.
      hasConnected ||= error.errors.length > 0;
      attempt += 1;
      // A proxy may cut off every connection after its first state.
      const hasLasted = performance.now() - openedAtMs >= backoffMs;
      losses = hasLasted ? 1 : losses + 1;
      openedAtMs = Number.POSITIVE_INFINITY;
      backoffMs = Math.min(firstDelayMs * 2 ** (losses - 1), maxDelayMs);
      // With jitter, because all clients of a gateway lose their connections at the same time.
      const jitteredMs = backoffMs * (0.5 + 0.5 * Math.random());
      const delayMs = Math.min(Math.round((error.retryAfterMs ?? 0) + jitteredMs), MAX_TIMER_MS);
      yield { kind: "lost", error, attempt, delayMs, hasConnected };
      await pause(delayMs, signal);
    }
  }
}

/** Whether nothing follows this state. Null if the document does not select `isFinished`. */
function isEnd(state: unknown): boolean | null {
  if (typeof state !== "object" || state === null) return null;
  if ("__typename" in state && state.__typename !== "JobInstance") return true;
  return "isFinished" in state && typeof state.isFinished === "boolean" ? state.isFinished : null;
}
