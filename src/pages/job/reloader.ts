/** Loads what is shown, and loads it again when it has changed, without more than one request at a time. */
import { JobClientError } from "../../client/job-client-error.ts";
import { pause } from "../../client/pause.ts";

/** What is shown. */
export interface Shown {
  /** A load of another target is aborted. */
  readonly target: string;
  /** Changes when the target must be loaded again. */
  readonly fingerprint: string;
  /** When the gateway has read the state with this fingerprint, in RFC 3339. */
  readonly observedAt: string;
}

export interface Reloader<Request extends Shown> {
  readonly show: (request: Request) => void;
  readonly stop: () => void;
}

export interface ReloaderOptions<Request extends Shown> {
  /**
   * @returns when the gateway has read what was loaded. If that was before `observedAt`, because the gateway caches
   *   states briefly, it is loaded again. Null if there is nothing to load.
   */
  readonly load: (request: Request, signal: AbortSignal) => Promise<string | null>;
  readonly onError: (error: JobClientError) => void;
  /** Minimum time between two loads of one target, in milliseconds. It grows with the time that a load takes. */
  readonly minPauseMs?: number;
  /** Time before a failed load is repeated, in milliseconds. */
  readonly retryMs?: number;
}

export function createReloader<Request extends Shown>({
  load,
  onError,
  minPauseMs = 1_000,
  retryMs = 3_000,
}: ReloaderOptions<Request>): Reloader<Request> {
  let shown: Request | null = null;
  let loaded: Request | null = null;
  /** Ends the current load. Null if there is none. */
  let current: AbortController | null = null;

  const stop = () => {
    current?.abort();
    current = null;
  };

  const follow = async (signal: AbortSignal) => {
    while (shown !== null && !isSame(loaded, shown)) {
      const request = shown;
      const startedAt = performance.now();
      try {
        const observedAt = await load(request, signal);
        signal.throwIfAborted();
        // Times in this format are in the order of their strings.
        if (observedAt === null || observedAt >= request.observedAt) loaded = request;
        await pause(Math.max(minPauseMs, 2 * (performance.now() - startedAt)), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof JobClientError)) throw error;
        onError(error);
        // After a retry of the step, cursors are invalid: start again with the first page.
        if (!error.isTransient && error.code !== "BAD_USER_INPUT") return;
        await pause(error.retryAfterMs ?? retryMs, signal);
      }
    }
  };

  return {
    stop,
    show: (request) => {
      if (shown?.target !== request.target) stop();
      shown = request;
      // The current load continues with the latest request when it is done.
      if (current !== null || isSame(loaded, request)) return;
      const controller = new AbortController();
      current = controller;
      follow(controller.signal)
        .catch((error: unknown) => {
          if (!controller.signal.aborted) throw error;
        })
        .finally(() => {
          if (current === controller) current = null;
        });
    },
  };
}

const isSame = (a: Shown | null, b: Shown): boolean =>
  a !== null && a.target === b.target && a.fingerprint === b.fingerprint;
