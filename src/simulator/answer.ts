/** What the simulator can be told to answer: good and bad HTTP, as data. */
import type { OutgoingHttpHeaders } from "node:http";

/** Bytes of a body; a list is sent piece by piece, so that large parts can be shared between answers. */
export type BodyBytes = string | Uint8Array | readonly (string | Uint8Array)[];

/** What goes before a body. `X-Bkapi-Request-Id` is added to every answer that does not set it. */
interface Head {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** A value sent as JSON. A `bigint` in it becomes a JSON number, digit for digit. */
export interface JsonAnswer extends Head {
  readonly kind: "json";
  readonly body: unknown;
}

/** Bytes sent as they are; without `headers`, as a body of no declared type. */
export interface RawAnswer extends Head {
  readonly kind: "raw";
  readonly body: BodyBytes;
}

/** Announces the whole body, sends the first half and cuts the connection. */
export interface TruncatedAnswer extends Head {
  readonly kind: "truncated";
  readonly body: string;
}

/** Sends the body in chunks with pauses: the connection is never idle for long, yet takes very long. */
export interface DripAnswer extends Head {
  readonly kind: "drip";
  readonly body: string;
  readonly chunkBytes: number;
  readonly pauseMs: number;
}

/** Repeats `row`, of ASCII text, up to `bytes` bytes; with `announced` under that `content-length`, else chunked. */
export interface FloodAnswer extends Head {
  readonly kind: "flood";
  readonly row: string;
  readonly bytes: number;
  readonly announced: boolean;
}

/** Another answer, later. */
interface DelayedAnswer {
  readonly kind: "delayed";
  readonly delayMs: number;
  readonly answer: Answer;
}

/** `hang` never answers; `reset` ends the connection with a TCP RST before any byte. */
interface NoAnswer {
  readonly kind: "hang" | "reset";
}

/** One answer to one request. */
export type Answer =
  | JsonAnswer
  | RawAnswer
  | TruncatedAnswer
  | DripAnswer
  | FloodAnswer
  | DelayedAnswer
  | NoAnswer;
