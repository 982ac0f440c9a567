/**
 * Loaded into a program under test before its own code (`--import`), so that no test races against its timers:
 *
 *     CLOCK_FACTOR=100       all timers take 100 times as long
 *     CLOCK_HELD_MS=90000    timers of exactly this length end at the signal SIGUSR2, not with time
 */
import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";

const FACTOR = Number(process.env.CLOCK_FACTOR ?? 1);
const HELD_MS = Number(process.env.CLOCK_HELD_MS ?? Number.NaN);

/** The maximum of timers. */
const MAX_MS = 2 ** 31 - 1;
const slowed = (ms: number) => Math.min(ms * FACTOR, MAX_MS);

const { setTimeout, setInterval } = globalThis;
const sleep = timersPromises.setTimeout;

const slow: typeof setTimeout = Object.assign((callback: () => void, ms = 0, ...rest: []) => {
  if (ms !== HELD_MS) return setTimeout(callback, slowed(ms), ...rest);
  process.once("SIGUSR2", callback);
  // Never ends. It exists only so that its owner can clear it.
  return setTimeout(() => {}, MAX_MS).unref();
}, setTimeout);

globalThis.setTimeout = slow;
globalThis.setInterval = Object.assign(
  (callback: () => void, ms = 0, ...rest: []) => setInterval(callback, slowed(ms), ...rest),
  setInterval,
);
timersPromises.setTimeout = (ms = 0, ...rest) => sleep(slowed(ms), ...rest);
// Named imports see the changes, too.
syncBuiltinESMExports();
