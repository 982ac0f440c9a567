/**
 * Compression of query responses, with `node:zlib`. Plugins for Fastify (`@fastify/compress`) compress what Fastify
 * sends. The gateway writes large responses itself, in chunks, and disconnects clients that stall (`streamed-response.ts`):
 * compressing them there needs neither a second copy nor a second way to send them.
 *
 * The levels are the lowest. They compress rows of hosts to a tenth or less, and the next levels take twice the CPU time.
 */
import type { Transform } from "node:stream";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import Negotiator from "negotiator";

export const ENCODINGS = ["zstd", "br", "gzip"] as const;

export type Encoding = (typeof ENCODINGS)[number];

export interface CompressionOptions {
  /** The preferred encodings come first. */
  readonly encodings: readonly Encoding[];
}

/** Smaller responses take one packet of the network anyway. */
const MIN_BYTES = 1_024;

/**
 * Chooses the encoding of a response to a client that sends `Accept-Encoding`, and adds the header to `Vary`.
 * @returns null for a response that is not compressed
 */
export function chooseEncoding<T extends Encoding>(
  { encodings }: { readonly encodings: readonly T[] },
  { headers }: FastifyRequest,
  reply: FastifyReply,
  length: number,
): T | null {
  if (headers["accept-encoding"] === undefined || length < MIN_BYTES) return null;
  const vary = reply.getHeader("vary");
  reply.header("vary", vary === undefined ? "accept-encoding" : `${vary}, accept-encoding`);
  const chosen = chooseByHeader(new Negotiator({ headers }), encodings);
  return encodings.find((encoding) => encoding === chosen) ?? null;
}

/** The types of the library lack this parameter. Without it, the order of the header decides, and most begin with gzip. */
interface WithPreference {
  readonly encoding: (
    available: readonly string[],
    options: { readonly preferred: readonly string[] },
  ) => string | undefined;
}

// The library's own types lack the parameter, so the cast adds it.
const chooseByHeader = (negotiator: Negotiator, encodings: readonly Encoding[]): string | undefined =>
  (negotiator as unknown as WithPreference).encoding([...encodings, "identity"], { preferred: encodings });

const GZIP = { level: 1 };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Compresses a body that is small enough to do so at once: a fraction of a millisecond for 64 KiB. */
export const compress: Readonly<Record<Encoding, (body: string | Buffer) => Buffer>> = {
  gzip: (body) => gzipSync(body, GZIP),
  br: (body) => brotliCompressSync(body, BROTLI),
  zstd: (body) => zstdCompressSync(body, ZSTD),
};

/** Size of the chunks that encoders emit. */
const CHUNK = { chunkSize: 2 ** 16 };

/** Creates an encoder, which works in another thread. */
export const createEncoder: Readonly<Record<Encoding, () => Transform>> = {
  gzip: () => createGzip({ ...GZIP, ...CHUNK }),
  br: () => createBrotliCompress({ ...BROTLI, ...CHUNK }),
  zstd: () => createZstdCompress({ ...ZSTD, ...CHUNK }),
};
