/** A delay that can end early. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Pause {
  /** @throws the reason of the signal when it aborts */
  readonly pause: (waitMs: number) => Promise<void>;
  /** Ends the current delay, if there is one. */
  readonly wake: () => void;
}

/** One delay at a time. */
export function createPause(signal: AbortSignal): Pause {
  let woken: AbortController | null = null;
  const pause = async (waitMs: number): Promise<void> => {
    woken = new AbortController();
    try {
      await sleep(waitMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
    } catch {
      signal.throwIfAborted();
    } finally {
      woken = null;
    }
  };
  return { pause, wake: () => woken?.abort() };
}
