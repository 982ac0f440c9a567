/** Collects and decompresses a response body in bounded memory. */
import type { Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type ZlibOptions,
} from "node:zlib";
import { bodyTooLargeError, type ResponseHead, TransportError } from "./transport-error.ts";

export interface ResponseBody {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => void;
  /** Stops decoding. No callback is called afterwards. */
  readonly destroy: () => void;
}

export interface ResponseBodyOptions {
  readonly head: ResponseHead;
  /** Value of `Content-Encoding`; "" if absent. */
  readonly contentEncoding: string;
  /** Maximum size of the decoded body. */
  readonly maxBytes: number;
  /** Called once, unless `onFailure` is called. */
  readonly onBody: (body: Buffer) => void;
  readonly onFailure: (failure: TransportError) => void;
}

/** Value of `Accept-Encoding`: the content codings that can be decoded. */
export const ACCEPT_ENCODING = "gzip, deflate, br, zstd";

/** RFC 9659 limits the window to 8 MiB. */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** Decoders by content coding, for a body that starts with `chunk`. */
const DECODERS: Readonly<Record<string, (options: ZlibOptions, chunk: Buffer) => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: ({ chunkSize = 0 }) => createBrotliDecompress({ chunkSize }),
  zstd: ({ chunkSize = 0 }) => createZstdDecompress({ ...ZSTD_OPTIONS, chunkSize }),
  // `deflate` is the zlib format, whose first byte has the low bits 8. Many servers send raw deflate data instead.
  deflate: (options, [first = 0]) =>
    (first & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options),
};

/** Returns null after calling `onFailure` if the content coding is unknown or `content-length` is above the limit. */
export function createResponseBody(options: ResponseBodyOptions): ResponseBody | null {
  const { head, contentEncoding, maxBytes, onBody, onFailure } = options;
  // A chunked body has no length: `Number(null)` is 0.
  const length = Number(head.header("content-length"));

  if (length > maxBytes) return failWith(onFailure, bodyTooLargeError(maxBytes));
  const coding = contentEncoding.trim().toLowerCase();
  if (coding === "" || coding === "identity") {
    const { write, end } = length > 0 ? createSizedCollector(length) : createChunkCollector();
    return { write, end: () => onBody(end()), destroy: () => {} };
  }
  // Own keys only: `constructor` is not a coding. Nested codings are rejected: servers do not need them, and a small
  // body could keep a chain of decoders busy until the timeout.
  if (!Object.hasOwn(DECODERS, coding)) return failWith(onFailure, unknownCoding(coding));
  return createDecodedBody(options, coding, length);
}

function failWith(onFailure: ResponseBodyOptions["onFailure"], failure: TransportError): null {
  onFailure(failure);
  return null;
}

/** A longer value is not quoted in the message. */
const MAX_CODING_LENGTH = 30;

const unknownCoding = (coding: string) =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    `Expected a content coding of ${ACCEPT_ENCODING} or none, got ` +
      `${coding.length > MAX_CODING_LENGTH ? `a string of ${coding.length} characters` : JSON.stringify(coding)}.`,
  );

const undecodable = (coding: string) =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    `Expected a body with the content coding ${coding}, got other bytes.`,
  );

/** From this encoded size, the decoder emits larger chunks. */
const LARGE_CODED_BYTES = 64 * 1_024;

function createDecodedBody(
  { maxBytes, onBody, onFailure }: ResponseBodyOptions,
  coding: string,
  codedLength: number,
): ResponseBody {
  const collector = createChunkCollector();
  const chunkSize = codedLength > LARGE_CODED_BYTES ? 128 * 1_024 : 16 * 1_024;
  let decoder: Transform | null = null;
  let size = 0;
  const destroy = () => {
    decoder?.removeAllListeners("data").removeAllListeners("end").destroy();
  };
  const createDecoder = (chunk: Buffer): Transform | undefined =>
    DECODERS[coding]?.({ chunkSize }, chunk)
      .on("data", (decoded: Buffer) => {
        size += decoded.length;
        if (size <= maxBytes) return collector.write(decoded);
        destroy();
        onFailure(bodyTooLargeError(maxBytes));
      })
      .on("end", () => onBody(collector.end()))
      .on("error", () => onFailure(undecodable(coding)));
  return {
    // The decoder buffers at most the encoded body, whose size the transport limits.
    write: (chunk) => {
      decoder ??= createDecoder(chunk) ?? null;
      decoder?.write(chunk);
    },
    // An empty body is valid: error responses of proxies can have the header but no body.
    end: () => (decoder ? void decoder.end() : onBody(collector.end())),
    destroy,
  };
}

interface Collector {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => Buffer;
}

/** Collects a body of unknown length. */
function createChunkCollector(): Collector {
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => void chunks.push(chunk),
    // Most bodies are one chunk.
    end: () => (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
  };
}

/**
 * Initial size of the buffer for a body that does not fit in its first chunk: enough for 10 000 hosts. Memory that is not
 * written is not resident.
 */
const MIN_BUFFER_BYTES = 4 * 2 ** 20;
const GROWTH_FACTOR = 8;

/**
 * Collects a body of known length. Chunks are copied to one growing buffer, so they need not be retained until the end.
 * A server that sends less than its `content-length` costs at most 4 MiB, or eight times what it has sent.
 */
function createSizedCollector(length: number): Collector {
  let buffer: Buffer | null = null;
  let size = 0;
  return {
    write: (chunk) => {
      if (buffer === null && chunk.length === length) {
        // Most bodies are one chunk, which is not copied.
        buffer = chunk;
        size = length;
        return;
      }
      buffer = withCapacity(buffer, size, size + chunk.length, length);
      size += chunk.copy(buffer, size);
    },
    end: () => (buffer?.length === size ? buffer : (buffer?.subarray(0, size) ?? Buffer.alloc(0))),
  };
}

function withCapacity(buffer: Buffer | null, size: number, needed: number, length: number): Buffer {
  if (buffer && buffer.length >= needed) return buffer;
  const grown = Math.max(MIN_BUFFER_BYTES, (buffer?.length ?? 0) * GROWTH_FACTOR);
  // Not from Node's buffer pool, because a snapshot would keep the whole pool alive.
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(length, grown)));
  buffer?.copy(larger, 0, 0, size);
  return larger;
}
