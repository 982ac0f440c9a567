/** Writes messages to a WebSocket, at the speed of the client. */
import type { WebSocket } from "ws";

/**
 * Sends a message after all previous ones. Resolves when the operating system has accepted it, or the socket is
 * closed.
 */
export type SendMessage = (message: string) => Promise<void>;

/**
 * Larger messages are sent in fragments (RFC 6455, section 5.4) with pings between them. The operating system buffers
 * a few megabytes, so only the pongs show that the client is reading.
 */
const FRAGMENT_BYTES = 2 ** 16;

/**
 * Backpressure: when more characters than this wait behind the message being sent, the gateway stops reading from the
 * client, which could otherwise request responses without limit. This stops pongs as well; then the only sign of
 * reading is that the operating system accepts more data.
 */
const MAX_WAITING_CHARACTERS = 2 ** 20;

/** @param onProgress called when the operating system has accepted a fragment. */
export function createWriter(socket: WebSocket, onProgress: () => void): SendMessage {
  let last: Promise<void> = Promise.resolve();
  let isSending = false;
  let waiting = 0;
  let unpingedBytes = 0;

  const sendFragment = (data: string | Buffer, fin: boolean) =>
    new Promise<void>((resolve) => {
      // Errors need no handling: they close the socket, which ends its operations.
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
    if (isSending && waiting > MAX_WAITING_CHARACTERS) socket.pause();
    last = last.then(async () => {
      waiting -= message.length;
      if (socket.isPaused && waiting <= MAX_WAITING_CHARACTERS) socket.resume();
      isSending = true;
      await sendAll(message);
      isSending = false;
    });
    return last;
  };
}
