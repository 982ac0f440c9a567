/**
 * JSON of requests, in which integers beyond 2^53 keep every digit, as strings. GraphQL reads an `ID` from a string as
 * well as from a number, and whoever sends such an ID as a number means each of its digits.
 */
import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";

/** Numbers begin to lose digits at 16 of them; nearly no request has that many in a row. */
const MAY_LOSE_DIGITS = /\d{16}/;

/** @throws SyntaxError */
export function parseLosslessJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // The text is valid from here on. A reviver would be called for every value of it, which takes fifty times as long.
  return MAY_LOSE_DIGITS.test(text) ? JSON.parse(quoteLargeIntegers(text)) : value;
}

/** A number as a whole, which no digit, sign, dot or exponent continues. */
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /^-?\d{16,}$/;

/** Valid JSON with integers that a number cannot hold in quotes. */
function quoteLargeIntegers(json: string): string {
  let quoted = "";
  let copied = 0;
  let at = 0;
  while (at < json.length) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) {
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

/** The position after the string that begins at `begin`. */
function endOfString(json: string, begin: number): number {
  let at = begin + 1;
  for (let character = json.charCodeAt(at); character !== QUOTE; character = json.charCodeAt(at)) {
    at += character === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

/** The query string of a GET request's URL, from its `?` on, with lossless integers in `variables`. */
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
    // Not JSON: left as it is, for Apollo Server to report.
    return search;
  }
  return `?${params}`;
}

/** A request body that is not JSON, or not in a form in which JSON is read here. */
export class UnreadableBody extends Error {
  override readonly name = "UnreadableBody";
  readonly statusCode: number;
  /** Of the response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

/** A parser of `application/json` for Fastify, to be registered with `parseAs: "buffer"`. */
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
      `Expected a request body without a content encoding, got ${encoding}. Send it uncompressed.`,
      // RFC 9110 tells clients by this header that the encoding is what was wrong.
      { "accept-encoding": "identity" },
    );
  }
  const charset = charsetOf(headers["content-type"]) ?? "utf-8";
  if (charset !== "utf-8" && charset !== "utf8") {
    throw new UnreadableBody(415, `Expected a request body in UTF-8, got the charset ${charset}.`);
  }
  // Node.js would decode other bytes to U+FFFD, and a different operation would run than the one that was sent.
  if (!isUtf8(bytes)) {
    throw new UnreadableBody(400, "Expected the request body to be UTF-8, got bytes that are not.");
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

/** RFC 8259 lets a parser ignore the mark, which some programs put before all their text. */
const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
