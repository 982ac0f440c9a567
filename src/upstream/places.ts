/**
 * A limited number of places, taken in the order of coming. What p-limit does, without the promises that it makes for
 * every call, also for one that has its place at once.
 */

export interface Places {
  /** Runs `call` as soon as there is a place for it. */
  readonly run: <T>(call: () => Promise<T>) => Promise<T>;
}

export function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];

  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };

  const run: Places["run"] = async (call) => {
    if (free > 0) free -= 1;
    // Who leaves hands its place on.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call();
    } finally {
      leave();
    }
  };

  return { run };
}
