/**
 * Documents of automatic persisted queries in Redis, so that an instance knows those registered with another one.
 *
 * Whoever can reach the gateway can register documents, before credentials are checked. So an instance stores at most
 * `MAX_BURST` documents at once and `MAX_PER_SECOND` in the long run: 75 MB per instance until they expire.
 */
import type { Redis } from "./redis.ts";

export interface SharedDocuments {
  /** @param sha256 the hash of the document. @returns the text under this hash, which is not verified, or null */
  readonly get: (sha256: string) => Promise<string | null>;
  /** Stores a document, unless it is too long, or there are too many. */
  readonly set: (sha256: string, text: string) => void;
}

/** Longer documents are not shared. Clients then send them to each instance once. */
const MAX_DOCUMENT_BYTES = 16 * 1024;

const MAX_BURST = 1_000;
const MAX_PER_SECOND = 1;

/** A client whose document has expired sends it once more, which stores it again. */
const MAX_AGE_SECONDS = 3_600;

const documentName = (sha256: string): string => `bk-job-graphql:apq:${sha256}`;

export function createSharedDocuments({ send }: Pick<Redis, "send">): SharedDocuments {
  // A token bucket.
  let tokens = MAX_BURST;
  let filledAt = performance.now();

  const takeToken = (): boolean => {
    const now = performance.now();
    tokens = Math.min(MAX_BURST, tokens + ((now - filledAt) / 1_000) * MAX_PER_SECOND);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };

  return {
    get: async (sha256) => {
      // Not GET, so that a value that something else has stored under this key cannot take more memory.
      const args = ["GETRANGE", documentName(sha256), "0", String(MAX_DOCUMENT_BYTES)];
      const reply = await send("read", args, MAX_DOCUMENT_BYTES);
      return Buffer.isBuffer(reply) && reply.length > 0 ? reply.toString() : null;
    },
    set: (sha256, text) => {
      if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES || !takeToken()) return;
      void send("write", ["SET", documentName(sha256), text, "EX", String(MAX_AGE_SECONDS)]);
    },
  };
}
