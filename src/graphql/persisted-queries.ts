/** The documents of automatic persisted queries, by hash: a cache of this instance, then one that instances may share. */
import { hash } from "node:crypto";
import type { ApolloServerOptions, BaseContext } from "@apollo/server";
import { LRUCache } from "lru-cache";

/** Documents that all instances know. */
export interface DocumentSource {
  /** @returns the text under this SHA-256 hash, or null. It is verified here. */
  readonly get: (sha256: string) => Promise<string | null>;
  readonly set: (sha256: string, text: string) => void;
}

/** Apollo Server's interface for such caches. */
type DocumentCache = NonNullable<ApolloServerOptions<BaseContext>["cache"]>;

/** As many characters as in Apollo Server's own cache. */
const MAX_CHARACTERS = 30 * 2 ** 20;

/** Apollo Server's prefix, and a hash as clients send it. */
const KEY = /^apq:([0-9a-f]{64})$/;

/** @param shared null: this instance has only the documents that clients have sent to it. */
export function createPersistedQueries(shared: DocumentSource | null): Exclude<DocumentCache, "bounded"> {
  const cached = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    // For the library, each entry has at least a size of 1.
    sizeCalculation: (text, key) => text.length + key.length,
  });
  return {
    get: async (key) => {
      const known = cached.get(key);
      if (known !== undefined || !shared) return known;
      const sha256 = KEY.exec(key)?.[1];
      const text = sha256 === undefined ? null : await shared.get(sha256);
      // Otherwise whoever can write to the shared cache could choose what clients run.
      if (text === null || hash("sha256", text) !== sha256) return undefined;
      cached.set(key, text);
      return text;
    },
    set: async (key, text) => {
      cached.set(key, text);
      const sha256 = KEY.exec(key)?.[1];
      if (sha256 !== undefined) shared?.set(sha256, text);
    },
    delete: async (key) => void cached.delete(key),
  };
}
