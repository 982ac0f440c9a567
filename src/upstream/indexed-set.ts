/**
 * A set of what is going on, for objects that come and go by the thousand a second.
 *
 * `Set` and `Map` do not suit that. Now and then they move to a new table, and the old one keeps its entries, and the new
 * table, alive until it is collected itself. Once one table has reached the old generation, so do all later ones with all
 * that they hold, request by request, which doubled the cost of a small upstream call.
 */

export interface Indexed {
  /** Belongs to the registry. */
  index: number;
}

export interface IndexedSet<T extends Indexed> {
  readonly add: (item: T) => void;
  /** Nothing happens when it is not in there. */
  readonly remove: (item: T) => void;
  /** Those in there now. */
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
      // The last one takes the place that is free now.
      items[item.index] = last;
      last.index = item.index;
    },
    items: () => [...items],
  };
}
