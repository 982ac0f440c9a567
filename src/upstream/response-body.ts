/** Collects the body of a response, decoded, in bounded memory. */
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
  /** Ends decoding. Nothing is called afterwards. */
  readonly destroy: () => void;
}

export interface ResponseBodyOptions {
  readonly head: ResponseHead;
  /** `Content-Encoding`, all of it; "" where there is none. */
  readonly contentEncoding: string;
  /** Limit of the decoded body. */
  readonly maxBytes: number;
  /** Called once, unless `onFailure` was. */
  readonly onBody: (body: Buffer) => void;
  readonly onFailure: (failure: TransportError) => void;
}

/** Value of `Accept-Encoding`: what `createResponseBody` decodes. */
export const ACCEPT_ENCODING = "gzip, deflate, br, zstd";

/** RFC 9659 lets servers use windows of up to 8 MiB. */
const ZSTD_OPTIONS = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** By content coding, what decodes a body that begins with `chunk`. */
const DECODERS: Readonly<Record<string, (options: ZlibOptions, chunk: Buffer) => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: ({ chunkSize = 0 }) => createBrotliDecompress({ chunkSize }),
  zstd: ({ chunkSize = 0 }) => createZstdDecompress({ ...ZSTD_OPTIONS, chunkSize }),
  // The zlib format, whose first byte ends in 8; many servers send what goes into it instead.
  deflate: (options, [first = 0]) =>
    (first & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options),
};

/** @returns null after `onFailure`, when the body cannot be read or is announced as too large. */
export function createResponseBody(options: ResponseBodyOptions): ResponseBody | null {
  const { head, contentEncoding, maxBytes, onBody, onFailure } = options;
  // None for a body in chunks: `Number` makes 0 of null.
  const length = Number(head.header("content-length"));
  // A body that is announced as too large need not arrive at all.
  if (length > maxBytes) return failWith(onFailure, bodyTooLargeError(maxBytes));
  const coding = contentEncoding.trim().toLowerCase();
  if (coding === "" || coding === "identity") {
    const { write, end } = length > 0 ? createSizedCollector(length) : createChunkCollector();
    return { write, end: () => onBody(end()), destroy: () => {} };
  }
  // Own keys only: `constructor` is no coding. Several codings on top of each other are refused, too: nobody needs them,
  // and a small body could keep a chain of decoders busy for as long as the call may take.
  if (!Object.hasOwn(DECODERS, coding)) return failWith(onFailure, unknownCoding(coding));
  return createDecodedBody(options, coding, length);
}

function failWith(onFailure: ResponseBodyOptions["onFailure"], failure: TransportError): null {
  onFailure(failure);
  return null;
}

/** What a content coding's name may be quoted to; a longer text is none. */
const MAX_CODING_LENGTH = 30;

const unknownCoding = (coding: string) =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    `Expected a content coding of ${ACCEPT_ENCODING} or none, got ` +
      `${coding.length > MAX_CODING_LENGTH ? `a text of ${coding.length} characters` : JSON.stringify(coding)}.`,
  );

const undecodable = (coding: string) =>
  new TransportError(
    "UPSTREAM_CONTRACT",
    `Expected a body in the content coding ${coding}, got bytes that are not.`,
  );

/** From so many coded bytes on, the decoded ones come in larger chunks. */
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
    // What waits in the decoder is no more than the body as it came, which the transport limits.
    write: (chunk) => {
      decoder ??= createDecoder(chunk) ?? null;
      decoder?.write(chunk);
    },
    // No body at all is no faulty one: errors from proxies may have the header, and nothing else.
    end: () => (decoder ? void decoder.end() : onBody(collector.end())),
    destroy,
  };
}

interface Collector {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => Buffer;
}

/** For a body of unknown length. */
function createChunkCollector(): Collector {
  const chunks: Buffer[] = [];
  return {
    write: (chunk) => void chunks.push(chunk),
    // Most bodies are one chunk.
    end: () => (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
  };
}

/** Memory that is taken for a body before more than its first chunk has come. */
const MIN_BUFFER_BYTES = 2 ** 20;
const GROWTH_FACTOR = 8;

/**
 * For a body whose length is announced: one buffer, into which chunks go as they come, so that they need not be kept
 * until the end. A server that announces much and sends little costs 1 MiB, or eight times what it has sent.
 */
function createSizedCollector(length: number): Collector {
  let buffer: Buffer | null = null;
  let size = 0;
  return {
    write: (chunk) => {
      if (buffer === null && chunk.length === length) {
        // Most bodies are one chunk, which need not be copied.
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
  // A memory of its own: parts of Node's pool would keep all of the pool alive in a snapshot.
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(length, grown)));
  buffer?.copy(larger, 0, 0, size);
  return larger;
}
