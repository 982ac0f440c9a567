/**
 * Wraps a socket for three things that undici does not do:
 *
 * - It records whether the connection was used before, and whether any byte was received since the last request. Both
 *   determine whether a failed call can be retried.
 * - It removes interim responses (`100 Continue`, `103 Early Hints`). A server or proxy can send any number of them
 *   before the final response (RFC 9110, section 15.2), but undici closes the connection at a 100. For example,
 *   `HTTP/1.1 103 Early Hints`, an empty line and `HTTP/1.1 200 OK` are read as `HTTP/1.1 200 OK`.
 * - It detects violations of HTTP that undici reports as other errors: an unrequested 101 as a closed connection, and
 *   contradictory headers as an incomplete response.
 */
import type { Socket } from "node:net";
import { MAX_HEADER_BYTES, switchedProtocolsError } from "./transport-error.ts";

export interface SocketMonitor {
  /** Must be called before each request is written. */
  readonly onRequest: () => void;
  /** Whether the connection was used before the last request. */
  readonly isReused: () => boolean;
  /** Whether any byte was received since the last request. */
  readonly hasReceived: () => boolean;
  /** Whether the upstream has closed the connection and all data has been read. */
  readonly hasEnded: () => boolean;
}

const NOTHING = Buffer.alloc(0);

export function monitorSocket(socket: Socket): SocketMonitor {
  const read = socket.read.bind(socket);
  let requests = 0;
  let hasReceived = false;
  /** Received bytes that may belong to an interim response; null after the start of the final response. */
  let pending: Buffer | null = null;

  // undici calls `read()` until it returns null. A stream in between would copy every chunk through another queue, and
  // would have to implement the rest of the socket as well.
  socket.read = (size?: number) => {
    for (;;) {
      // Node.js types it as `any`. It is a Buffer because undici sets neither an encoding nor object mode.
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

/** Removes complete interim responses from the start of `bytes`. */
function skipInterim(bytes: Buffer): Buffer {
  let rest = bytes;
  while (isInterim(rest)) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return rest;
    rest = rest.subarray(end + 4);
  }
  return rest;
}

/** Whether more bytes are needed: to recognize the response, or to find the end of the interim response. */
const mayBeInterim = (bytes: Buffer): boolean =>
  // An endless one is passed to undici, which has the same limit and reports the error.
  bytes.length < STATUS_LINE.length
    ? isStatusLine(bytes)
    : isInterim(bytes) && bytes.length <= MAX_HEADER_BYTES;

/** A dot matches any byte. */
const STATUS_LINE = "HTTP/1.. 1..";
const ANY = ".".charCodeAt(0);

function isStatusLine(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, STATUS_LINE.length);
  for (let at = 0; at < length; at += 1) {
    const expected = STATUS_LINE.charCodeAt(at);
    // The dot of the version number also matches any byte. That is harmless, because undici parses the rest.
    if (expected !== ANY && bytes[at] !== expected) return false;
  }
  return true;
}

const isInformational = (bytes: Buffer): boolean => bytes.length >= STATUS_LINE.length && isStatusLine(bytes);

/** 101 is not an interim response: no other response follows it. */
const isInterim = (bytes: Buffer): boolean => isInformational(bytes) && !isSwitch(bytes);

const isSwitch = (bytes: Buffer): boolean =>
  isInformational(bytes) && bytes.toString("latin1", 9, 12) === "101";
