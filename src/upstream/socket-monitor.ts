/**
 * A layer between a socket and undici, for three things that undici does not do:
 *
 * - It tells whether a connection had been used before, and whether a byte came in answer to the latest request. Both
 *   decide whether a call that failed may be made once more.
 * - It takes interim responses (`100 Continue`, `103 Early Hints`) out of what is read. A server or proxy may send any
 *   number of them before the response proper, asked or not (RFC 9110, section 15.2), but undici ends the connection at
 *   a 100.
 * - It tells violations of HTTP that undici reports as something else: a 101, which nobody asked for, as a closed
 *   connection, and headers that contradict each other as a response that is cut off.
 */
import type { Socket } from "node:net";
import { MAX_HEADER_BYTES, switchedProtocolsError } from "./transport-error.ts";

export interface SocketMonitor {
  /** To be called before each request is written. */
  readonly onRequest: () => void;
  /** Whether the connection had been used before the latest request. */
  readonly isReused: () => boolean;
  /** Whether anything came since the latest request. */
  readonly hasReceived: () => boolean;
  /** Whether the upstream has ended the connection, and everything before that was read. */
  readonly hasEnded: () => boolean;
}

const NOTHING = Buffer.alloc(0);

export function monitorSocket(socket: Socket): SocketMonitor {
  const read = socket.read.bind(socket);
  let requests = 0;
  let hasReceived = false;
  /** What came since the request and may be an interim response; null once the response proper has begun. */
  let pending: Buffer | null = null;

  // undici takes bytes by `read()`, until that gives null. A stream in between would copy every chunk through one more
  // queue, and would need all else of a socket, too.
  socket.read = (size?: number) => {
    for (;;) {
      // Typed `any` by Node.js; without an encoding or object mode, which sockets of undici do not have, it is this.
      const chunk: Buffer | null = read(size);
      if (chunk === null) return null;
      hasReceived = true;
      if (pending === null) return chunk;
      pending = skipInterim(pending.length === 0 ? chunk : Buffer.concat([pending, chunk]));
      if (mayBeInterim(pending)) continue;
      const response = pending;
      pending = null;
      if (isSwitch(response)) {
        socket.destroy(switchedProtocolsError());
        return null;
      }
      return response;
    }
  };

  return {
    onRequest: () => {
      requests += 1;
      hasReceived = false;
      pending = NOTHING;
    },
    isReused: () => requests > 1,
    hasReceived: () => hasReceived || socket.readableLength > 0,
    hasEnded: () => socket.readableEnded,
  };
}

/** `bytes` without the whole interim responses at their beginning. */
function skipInterim(bytes: Buffer): Buffer {
  let rest = bytes;
  while (isInterim(rest)) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return rest;
    rest = rest.subarray(end + 4);
  }
  return rest;
}

/** Whether it takes more bytes to tell what `bytes` begin, or where the interim response that they begin ends. */
const mayBeInterim = (bytes: Buffer): boolean =>
  // One that does not end is left to undici, which has the same limit and a name for what goes beyond.
  bytes.length < STATUS_LINE.length
    ? isStatusLine(bytes)
    : isInterim(bytes) && bytes.length <= MAX_HEADER_BYTES;

/** `.` stands for any byte. */
const STATUS_LINE = "HTTP/1.. 1..";
const ANY = ".".charCodeAt(0);

function isStatusLine(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, STATUS_LINE.length);
  for (let at = 0; at < length; at += 1) {
    const expected = STATUS_LINE.charCodeAt(at);
    // The dot of the version is a dot, too: to take any byte for it does no harm, as undici reads what is left.
    if (expected !== ANY && bytes[at] !== expected) return false;
  }
  return true;
}

const isInformational = (bytes: Buffer): boolean => bytes.length >= STATUS_LINE.length && isStatusLine(bytes);

/** 101 is none: it is the last response of the connection. */
const isInterim = (bytes: Buffer): boolean => isInformational(bytes) && !isSwitch(bytes);

const isSwitch = (bytes: Buffer): boolean =>
  isInformational(bytes) && bytes.toString("latin1", 9, 12) === "101";
