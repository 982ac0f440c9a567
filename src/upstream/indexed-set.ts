/**
 * An array with constant-time removal, for objects that are added and removed thousands of times per second. Each item
 * stores its index; to remove one, the last item takes its place:
 *
 *   a b c d  →  remove b  →  a d c
 *
 * A `Set` or `Map` is slower here: whenever it rehashes, the old table references the new one until it is collected.
 * Once one table is in the old generation, all later tables and their entries are promoted as well, which doubled the
 * cost of a small upstream call.
 */

export interface Indexed {
  /** Managed by the set. */
  index: number;
}

export interface IndexedSet<T extends Indexed> {
  readonly add: (item: T) => void;
  /** Does nothing if the item is not in the set. */
  readonly remove: (item: T) => void;
  /** A copy of the current items. */
  readonly items: () => T[];
}

export function createIndexedSet<T extends Indexed>(): IndexedSet<T> {
  const items: T[] = [];
  return {
    add: (item) => {
      item.index = items.push(item) - 1;
    },
    remove: (item) => {
      if (items[item.index] !== item) return;
      const last = items.pop();
      if (last === undefined || last === item) return;
      // The last item takes the free place.
      items[item.index] = last;
      last.index = item.index;
    },
    items: () => [...items],
  };
}
