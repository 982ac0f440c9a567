/** Random choices of independent actors, all determined by one seed. */
import { hash } from "node:crypto";
import { createRandom, type Random } from "../sequences/random.ts";

export interface Choices extends Random {
  /** An integer of the range, both ends included. */
  readonly between: (low: number, high: number) => number;
  /** One of the names, with a probability in proportion to its weight. */
  readonly weighted: <T extends string>(weights: Readonly<Record<T, number>>) => T;
}

/** The choices of an actor do not depend on what other actors do. */
export function choicesOf(seed: number, actor: string): Choices {
  const random = createRandom(Number.parseInt(hash("sha256", `${seed} ${actor}`).slice(0, 8), 16));
  const weighted: Choices["weighted"] = (weights) => {
    // `Object.entries` widens the names of the record.
    const entries = Object.entries<number>(weights) as [keyof typeof weights, number][];
    let rest = random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [name, weight] of entries) {
      if (rest < weight) return name;
      rest -= weight;
    }
    throw new Error("Expected weights above 0.");
  };
  return { ...random, between: (low, high) => low + random.below(high - low + 1), weighted };
}
