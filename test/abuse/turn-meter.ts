/**
 * Loaded into a program under test before its own code (`--import`): measures the longest turn of the event loop, as CPU
 * time of the main thread. At the signal SIGUSR2, writes it to stderr and starts over:
 *
 *     longest turn: 12.3 ms
 *
 * A timer runs once per turn, so the CPU time between two runs is what all that was ready took. Other processes on the
 * machine do not count, unlike in the delay that clients see.
 */

const INTERVAL_MS = 1;

let last = process.threadCpuUsage();
let longest = 0;

const measure = () => {
  const { user, system } = process.threadCpuUsage(last);
  longest = Math.max(longest, user + system);
  last = process.threadCpuUsage();
};
setInterval(measure, INTERVAL_MS).unref();

process.on("SIGUSR2", () => {
  measure();
  process.stderr.write(`longest turn: ${(longest / 1_000).toFixed(1)} ms\n`);
  longest = 0;
});
