/**
 * Runs a server, `node probed.ts SCRIPT`, and measures for how long its event loop is blocked. Each connection to the
 * Unix socket `PROBE_SOCKET` receives the longest block since the previous one, `{"maxMs", "maxCpuMs"}`.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const { PROBE_SOCKET: socketPath } = process.env;
const [, , script] = process.argv;
// As if the script had been started directly.
process.argv.splice(1, 1);
if (!socketPath || !script) throw new Error("Expected PROBE_SOCKET to be set and a script to be named.");

// A timer with an interval of 1 ms: the event loop was blocked for as long as the timer is late, to about 1 ms.
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();

// A block in which the thread waits for a core, because other processes use all of them, takes no CPU time. So this is
// the longest block that the server's own work causes.
let maxCpuMs = 0;
let cpuMs = threadCpuMs();
setInterval(() => {
  const now = threadCpuMs();
  maxCpuMs = Math.max(maxCpuMs, now - cpuMs);
  cpuMs = now;
}, 1).unref();

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

rmSync(socketPath, { force: true });
const server = createServer((socket) => {
  socket.end(JSON.stringify({ maxMs: delays.max / 1e6, maxCpuMs }));
  delays.reset();
  maxCpuMs = 0;
});
// The probe must not keep the process alive during shutdown.
server.listen(socketPath).unref();

await import(pathToFileURL(script).href);
