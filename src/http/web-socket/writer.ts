/** Writes messages to a WebSocket, at the speed of its client. */
import type { WebSocket } from "ws";

/** Sends a message after those before it. Settles when all of it was handed to the operating system, or never will be. */
export type SendMessage = (message: string) => Promise<void>;

/**
 * Messages that are larger are sent in fragments (RFC 6455, section 5.4) with pings between them, which clients answer
 * as they read: what the operating system has taken, up to some megabytes, is not read yet.
 */
const FRAGMENT_BYTES = 2 ** 16;

/**
 * Characters that wait behind the message being sent, from which on the client is not listened to: it could ask for
 * more responses without end. Its pongs are not heard either then, only that the operating system takes more.
 */
const MAX_WAITING = 2 ** 20;

/** @param onProgress called whenever a fragment was handed over, which waits until the client has read others. */
export function createWriter(socket: WebSocket, onProgress: () => void): SendMessage {
  let last: Promise<void> = Promise.resolve();
  let isSending = false;
  let waiting = 0;
  let unpingedBytes = 0;

  const sendFragment = (data: string | Buffer, fin: boolean) =>
    new Promise<void>((resolve) => {
      // Whatever goes wrong closes the socket, which ends its operations.
      if (socket.readyState !== socket.OPEN) return resolve();
      socket.send(data, { binary: false, fin }, () => {
        onProgress();
        resolve();
      });
      unpingedBytes += data.length;
      if (unpingedBytes < FRAGMENT_BYTES) return;
      unpingedBytes = 0;
      socket.ping();
    });

  const sendAll = async (message: string) => {
    if (message.length < FRAGMENT_BYTES) return sendFragment(message, true);
    const bytes = Buffer.from(message);
    for (let at = 0; at < bytes.length; at += FRAGMENT_BYTES) {
      const end = at + FRAGMENT_BYTES;
      await sendFragment(bytes.subarray(at, end), end >= bytes.length);
    }
  };

  return (message) => {
    waiting += message.length;
    if (isSending && waiting > MAX_WAITING) socket.pause();
    last = last.then(async () => {
      waiting -= message.length;
      if (socket.isPaused && waiting <= MAX_WAITING) socket.resume();
      isSending = true;
      await sendAll(message);
      isSending = false;
    });
    return last;
  };
}
