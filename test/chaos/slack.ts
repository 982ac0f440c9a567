/**
 * How much later than allowed something may happen because the machine is busy: a multiple of how late a timer of this
 * process has been. So the checks of ages hold on any machine, and are as strict as the machine permits.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface Slack {
  readonly ms: () => number;
  readonly close: () => void;
}

const BASE_MS = 300;
const FACTOR = 5;
/** A pause counts for the length of this window, and the one after it. */
const WINDOW_MS = 10_000;

export function createSlack(): Slack {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let previous = 0;
  const timer = setInterval(() => {
    previous = delay.max / 1e6;
    delay.reset();
  }, WINDOW_MS).unref();
  return {
    ms: () => BASE_MS + FACTOR * Math.max(previous, delay.max / 1e6),
    close: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
