/** Responses of the simulator as data: valid HTTP, and every way in which it can fail. */
import type { OutgoingHttpHeaders } from "node:http";

/** A body. A list is sent chunk by chunk, so that responses can share large chunks. */
export type BodyBytes = string | Uint8Array | readonly (string | Uint8Array)[];

/** Status and headers. `X-Bkapi-Request-Id` is added to every response that does not set it. */
interface StatusAndHeaders {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** A value sent as JSON. A `bigint` becomes a JSON number with all its digits. */
export interface JsonResponse extends StatusAndHeaders {
  readonly kind: "json";
  readonly body: unknown;
}

/** Bytes sent unchanged. Without `headers`, the response has no content type. */
export interface RawResponse extends StatusAndHeaders {
  readonly kind: "raw";
  readonly body: BodyBytes;
}

/** Sends the `content-length` of the whole body, then the first half, then closes the connection. */
export interface TruncatedResponse extends StatusAndHeaders {
  readonly kind: "truncated";
  readonly body: string;
}

/**
 * Sends the body in small chunks with pauses. The connection is never idle for long, but the response takes very long.
 */
export interface DripResponse extends StatusAndHeaders {
  readonly kind: "drip";
  readonly body: string;
  readonly chunkBytes: number;
  readonly pauseMs: number;
}

/** Repeats `row`, an ASCII string, up to `bytes` bytes: with that `content-length`, or chunked. */
export interface FloodResponse extends StatusAndHeaders {
  readonly kind: "flood";
  readonly row: string;
  readonly bytes: number;
  readonly hasContentLength: boolean;
}

/** Another response after a delay. */
interface DelayedResponse {
  readonly kind: "delayed";
  readonly delayMs: number;
  readonly response: SimulatedResponse;
}

/** `hang` never responds. `reset` sends a TCP RST before the first byte. */
interface NoResponse {
  readonly kind: "hang" | "reset";
}

/** The response to one request. */
export type SimulatedResponse =
  | JsonResponse
  | RawResponse
  | TruncatedResponse
  | DripResponse
  | FloodResponse
  | DelayedResponse
  | NoResponse;

// TypeScript's library does not declare `JSON.rawJSON` yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** Like `JSON.stringify`, but a `bigint` becomes a JSON number with all its digits. */
export const toJson = (value: unknown, indent = 0): string =>
  JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === "bigint" ? rawJSON(item.toString()) : item),
    indent,
  );

/**
 * A number that `toJson` writes exactly as given, such as `1e3`. The cast is safe because these values are only
 * serialized.
 */
export const rawNumber = (literal: string): number => rawJSON(literal) as unknown as number;
