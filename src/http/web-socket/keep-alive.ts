/** Ends WebSockets whose clients have read nothing for a minute, and shows the others that somebody is there. */
import type { WebSocket } from "ws";
import { KEEP_ALIVE_MS, MAX_STUCK_MS } from "../streamed-response.ts";

export interface KeepAlive {
  /**
   * From now on until it is closed.
   * @returns notes that the client has read something, or is about to: the operating system takes more to send.
   */
  readonly watch: (socket: WebSocket) => () => void;
  readonly stop: () => void;
}

/** A minute, counted in pings: a process that stood still itself does not blame its clients. */
const MAX_SILENT_PINGS = MAX_STUCK_MS / KEEP_ALIVE_MS;

/**
 * A client answers a ping when it has read all that was sent before, so a pong is late where much was sent, and that
 * alone is no reason to give up. `createWriter` pings after every part of a large message: a client that reads on
 * answers one after the other, however slowly.
 */
export function createKeepAlive(): KeepAlive {
  /** Pings in a row, one in each interval, since when there was no sign of reading. */
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
      const progress = () => {
        if (silentPings.has(socket)) silentPings.set(socket, 0);
      };
      silentPings.set(socket, 0);
      socket.on("pong", progress);
      socket.once("close", () => silentPings.delete(socket));
      return progress;
    },
    stop: () => clearInterval(timer),
  };
}
