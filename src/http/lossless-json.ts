/**
 * Lossless JSON for requests: integers beyond 2^53 become strings, so that they keep every digit. GraphQL accepts an
 * `ID` as a string or as a number, and clients may send a 64-bit id as a number.
 *
 *     {"id":9007199254740993,"first":10}  →  { id: "9007199254740993", first: 10 }
 */
import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";

/** Integers of fewer than 16 digits are always exact. Few requests contain 16 digits in a row. */
const MAY_LOSE_DIGITS = /\d{16}/;

/** @throws SyntaxError */
export function parseLosslessJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // `text` is valid JSON from here on, so a simple scan suffices. A reviver would take fifty times as long.
  return MAY_LOSE_DIGITS.test(text) ? JSON.parse(quoteLargeIntegers(text)) : value;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /^-?\d{16,}$/;

/** Puts integers that a number cannot represent in quotes. `json` must be valid. */
function quoteLargeIntegers(json: string): string {
  let quoted = "";
  let copied = 0;
  let at = 0;
  while (at < json.length) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) {
      // Digits inside strings are not numbers.
      at = endOfString(json, at);
    } else if (character === MINUS || (character >= ZERO && character <= NINE)) {
      NUMBER.lastIndex = at;
      const [number = ""] = NUMBER.exec(json) ?? [];
      if (INTEGER.test(number) && !Number.isSafeInteger(Number(number))) {
        quoted += `${json.slice(copied, at)}"${number}"`;
        copied = at + number.length;
      }
      at += Math.max(number.length, 1);
    } else at += 1;
  }
  return quoted + json.slice(copied);
}

const [QUOTE, MINUS, ZERO, NINE, BACKSLASH] = [0x22, 0x2d, 0x30, 0x39, 0x5c];

/** The position after the string that starts at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (let character = json.charCodeAt(at); character !== QUOTE; character = json.charCodeAt(at)) {
    at += character === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

/** The query string of a URL, including `?`, with lossless integers in `variables`. */
export function losslessSearch(url: string): string {
  const start = url.indexOf("?");
  const search = start < 0 ? "" : url.slice(start);
  if (!MAY_LOSE_DIGITS.test(search)) return search;
  const params = new URLSearchParams(search);
  const variables = params.getAll("variables");
  if (variables.length !== 1 || variables[0] === undefined) return search;
  try {
    params.set("variables", JSON.stringify(parseLosslessJson(variables[0])));
  } catch {
    // Invalid JSON is reported by Apollo Server.
    return search;
  }
  return `?${params}`;
}

/** Undefined for invalid JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The request body is not JSON, or has an unsupported encoding. */
export class UnreadableBody extends Error {
  override readonly name = "UnreadableBody";
  readonly statusCode: number;
  /** Headers of the response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** A Fastify content type parser for `application/json`. Register it with `parseAs: "buffer"`. */
export function parseJsonBody(
  { headers }: FastifyRequest,
  bytes: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  let body: unknown;
  try {
    body = readJsonBody(headers, bytes);
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done(null, body);
}

/** @throws UnreadableBody */
function readJsonBody(headers: FastifyRequest["headers"], bytes: Buffer): unknown {
  const encoding = headers["content-encoding"]?.trim().toLowerCase() || "identity";
  if (encoding !== "identity") {
    throw new UnreadableBody(
      415,
      `Unsupported content encoding ${encoding}. Send the request body uncompressed.`,
      // With this header, RFC 9110 distinguishes an unsupported encoding from an unsupported media type.
      { "accept-encoding": "identity" },
    );
  }
  const charset = charsetOf(headers["content-type"]) ?? "utf-8";
  if (charset !== "utf-8" && charset !== "utf8") {
    throw new UnreadableBody(415, `Unsupported charset ${charset}. Send the request body in UTF-8.`);
  }
  // Node.js decodes invalid bytes to U+FFFD, so the operation that runs would differ from the one that was sent.
  if (!isUtf8(bytes)) {
    throw new UnreadableBody(400, "Expected the request body to be UTF-8, got invalid bytes.");
  }
  try {
    return parseLosslessJson(withoutByteOrderMark(bytes).toString());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableBody(400, `Expected the request body to be JSON: ${reason}.`);
  }
}

const charsetOf = (contentType = ""): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1]?.toLowerCase();

/** RFC 8259 allows parsers to ignore a byte order mark, which some programs write. */
const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
