/** Documents of automatic persisted queries in Redis, so that an instance knows those registered with another one. */
import type { Redis } from "./redis.ts";

export interface SharedDocuments {
  /** @param sha256 the hash of the document. @returns the text under this hash, which is not verified, or null */
  readonly get: (sha256: string) => Promise<string | null>;
  /** Stores a document, unless it is too long. */
  readonly set: (sha256: string, text: string) => void;
}

/** Longer documents are not shared. Clients then send them to each instance once. */
const MAX_DOCUMENT_BYTES = 256 * 1024;

/** A client whose document has expired sends it once more, which stores it again. */
const MAX_AGE_SECONDS = 86_400;

const keyOf = (sha256: string): string => `bk-job-graphql:apq:${sha256}`;

export const createSharedDocuments = ({ send }: Pick<Redis, "send">): SharedDocuments => ({
  get: async (sha256) => {
    // Not GET, so that a value that something else has stored under this key cannot take more memory.
    const reply = await send("read", ["GETRANGE", keyOf(sha256), "0", String(MAX_DOCUMENT_BYTES)]);
    return Buffer.isBuffer(reply) && reply.length > 0 ? reply.toString() : null;
  },
  set: (sha256, text) => {
    if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return;
    void send("write", ["SET", keyOf(sha256), text, "EX", String(MAX_AGE_SECONDS)]);
  },
});
