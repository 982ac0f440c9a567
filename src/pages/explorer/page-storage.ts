/** A storage that lasts as long as the page, for browsers whose user has blocked site data. */
import type { Storage } from "@graphiql/toolkit";

export function createPageStorage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}
