/**
 * Runs a server, `node probed.ts SCRIPT`, and measures how long its event loop is held at a stretch. Whoever connects
 * to the Unix socket `PROBE_SOCKET` is told the longest stretch since the last time, `{"maxMs"}`.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const { PROBE_SOCKET: socketPath } = process.env;
const [, , script] = process.argv;
if (!socketPath || !script) throw new Error("Expected PROBE_SOCKET to be set and a script to be named.");

// A timer of 1 ms: what it is late by, the event loop was busy. Exact to about 1 ms.
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();

rmSync(socketPath, { force: true });
const server = createServer((socket) => {
  socket.end(JSON.stringify({ maxMs: delays.max / 1e6 }));
  delays.reset();
});
// The probe must not keep alive a server that is told to end.
server.listen(socketPath).unref();

await import(pathToFileURL(script).href);
