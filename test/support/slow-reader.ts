/** A client's end of a TCP connection that reads as many bytes as a test says, and no more. */
import { connect, type Socket } from "node:net";

export interface SlowReader {
  /** Write to it; do not read from it. */
  readonly socket: Socket;
  /** Reads this many bytes and throws them away; settles early at the end of the connection. */
  readonly read: (bytes: number) => Promise<void>;
  readonly readToEnd: () => Promise<void>;
  /** Bytes read so far. */
  readonly total: () => number;
  /** Whether the other end has closed the connection, as far as was read. */
  readonly isClosed: () => boolean;
  readonly close: () => void;
}

/** @param onData gets what was read. */
export async function openSlowReader(
  url: string,
  onData: (chunk: Buffer) => void = () => {},
): Promise<SlowReader> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let total = 0;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    const onEnd = () => {
      isClosed = true;
      resolve();
    };
    socket.once("end", onEnd).once("close", onEnd);
  });
  // A reset is one of the ways to be closed.
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));

  const read: SlowReader["read"] = async (bytes) => {
    const until = total + bytes;
    while (total < until && !isClosed) {
      const chunk = socket.read(Math.min(until - total, socket.readableLength || 1)) as Buffer | null;
      if (chunk) {
        total += chunk.length;
        onData(chunk);
      } else {
        await Promise.race([new Promise((resolve) => socket.once("readable", resolve)), closed]);
      }
    }
  };
  return {
    socket,
    read,
    readToEnd: () => read(Number.POSITIVE_INFINITY),
    total: () => total,
    isClosed: () => isClosed,
    close: () => void socket.destroy(),
  };
}
