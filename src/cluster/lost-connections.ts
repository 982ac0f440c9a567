/**
 * Passes connections of a worker that ends on to another worker.
 *
 * The primary accepts connections and sends each to one worker, which confirms that it has accepted it:
 *
 *     primary → worker   { act: "newconn", seq: 17 } and the connection
 *     worker → primary   { ack: 17, accepted: true }
 *
 * If the worker ends before it confirms, Node.js keeps the connection open without anyone to serve it, and its client
 * waits in vain. The worker has read nothing of it, because it confirms first. So this confirms in its place that the
 * connection was not accepted, and Node.js sends it to another worker. The messages are internal to Node.js: if they
 * change, nothing is passed on.
 */
import type { Worker } from "node:cluster";

/** A message of `node:cluster`. */
interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

/** The handle of a connection, which has no public type. */
interface Connection {
  readonly close: () => void;
}

/** @param hasOthers whether another worker listens. If not, the connections are closed. */
export function passOnConnections(worker: Worker, hasOthers: () => boolean): void {
  const child = worker.process;
  /** Connections that the worker has not accepted yet. At most one per port, because Node.js waits for it. */
  const open = new Map<number, Connection>();

  const send = child.send.bind(child);
  child.send = (message: ClusterMessage, handle?: unknown, ...rest: never[]) => {
    if (message.act === "newconn" && message.seq !== undefined && handle) {
      open.set(message.seq, handle as Connection);
    }
    return send(message, handle as never, ...rest);
  };
  child.on("internalMessage", ({ ack }: ClusterMessage) => {
    if (ack !== undefined) open.delete(ack);
  });

  let hasDisconnected = false;
  const finishDisconnect = () => {
    // Until all messages have been read, among them confirmations.
    if (child.connected) setImmediate(finishDisconnect);
    // Node.js does not report it while it waits for the receipt of a connection.
    else if (!hasDisconnected) child.emit("disconnect");
  };
  child.once("exit", () => setImmediate(finishDisconnect));
  // After the listener of `node:cluster`, which removes the worker.
  worker.once("disconnect", () => {
    hasDisconnected = true;
    for (const [seq, connection] of open) {
      if (hasOthers()) child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack: seq, accepted: false });
      else connection.close();
    }
  });
}
