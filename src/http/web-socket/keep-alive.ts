/** Pings WebSockets so that they stay open, and disconnects clients that have read nothing for a minute. */
import type { WebSocket } from "ws";
import { KEEP_ALIVE_MS, MAX_STALL_MS } from "../streamed-response.ts";

export interface KeepAlive {
  /**
   * Watches a connection until it is closed.
   * @returns a function to call when the operating system has accepted more data, which means that the client is
   *   reading.
   */
  readonly watch: (socket: WebSocket) => () => void;
  readonly stop: () => void;
}

/** A minute, counted in pings, so that no client is disconnected because this process was suspended. */
const MAX_SILENT_PINGS = MAX_STALL_MS / KEEP_ALIVE_MS;

/**
 * A client answers a ping after it has read all data sent before it. So a late pong does not mean that the client has
 * stalled. `writer.ts` therefore also pings between the fragments of a large message: a client that keeps reading
 * answers these pings one by one, however slow it is.
 */
export function createKeepAlive(): KeepAlive {
  /** Number of intervals since the last sign that the client is reading. */
  const silentPings = new Map<WebSocket, number>();

  const timer = setInterval(() => {
    for (const [socket, count] of silentPings) {
      if (count >= MAX_SILENT_PINGS) {
        socket.terminate();
      } else {
        silentPings.set(socket, count + 1);
        socket.ping();
      }
    }
  }, KEEP_ALIVE_MS);
  timer.unref();

  return {
    watch: (socket) => {
      const onProgress = () => {
        if (silentPings.has(socket)) silentPings.set(socket, 0);
      };
      silentPings.set(socket, 0);
      socket.on("pong", onProgress);
      socket.once("close", () => silentPings.delete(socket));
      return onProgress;
    },
    stop: () => clearInterval(timer),
  };
}
