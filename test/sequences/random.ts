/** Pseudo-random choices, determined by a seed. */

export interface Random {
  /** An integer from 0 to `limit - 1`. */
  readonly below: (limit: number) => number;
  /** True with the probability `share`, from 0 to 1. */
  readonly chance: (share: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  /** One to `limit` elements in random order, possibly repeated. */
  readonly some: <T>(list: readonly T[], limit: number) => T[];
}

/** mulberry32: 32 bits of state are enough for a few hundred thousand operations. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  const below: Random["below"] = (limit) => Math.floor(next() * limit);
  const pick: Random["pick"] = (list) => {
    const [first] = list;
    if (first === undefined) throw new Error("Expected a list to pick from, got an empty one.");
    return list[below(list.length)] ?? first;
  };
  return {
    below,
    chance: (share) => next() < share,
    pick,
    some: (list, limit) => Array.from({ length: 1 + below(limit) }, () => pick(list)),
  };
}
