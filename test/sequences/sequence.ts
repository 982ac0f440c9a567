/** Runs a random sequence against a gateway and finds responses that differ from the expected ones. */
import { buildSchema } from "graphql";
import { differenceOf } from "./compare.ts";
import { createDraw } from "./draw.ts";
import { type Asked, createDrawStep, type Step } from "./draw-steps.ts";
import { createPool } from "./pool.ts";
import { createRandom } from "./random.ts";
import type { Result } from "./reference.ts";
import type { Reference } from "./reference-client.ts";
import { ASSUMPTIONS, readSchema } from "./required.ts";
import { createTrial, type Observation, type Trial, type TrialOptions } from "./trial.ts";

export interface SequenceOptions extends TrialOptions {
  readonly seed: number;
  readonly operations: number;
  /** The sequence ends after this number of differences. */
  readonly maxDifferences: number;
  /** Shared between sequences with the same seed, which have many equal questions. */
  readonly reference: Reference;
  readonly onProgress?: (operations: number) => void;
}

export interface Difference {
  /** Number of the operation in the sequence, from 1. */
  readonly operation: number;
  readonly what: string;
  readonly asked: Asked;
  readonly actual: Result;
  /** Result of the reference; null for differences found without it. */
  readonly expected: Result | null;
}

export interface SequenceReport {
  readonly operations: number;
  readonly differences: readonly Difference[];
  /** The fewest steps that reproduce the first difference on a new gateway; null if none were found. */
  readonly shortest: readonly Step[] | null;
}

/** Responses that may wait for the reference, which runs in another process. */
const MAX_PENDING = 50;

export async function runSequence(options: SequenceOptions): Promise<SequenceReport> {
  const { seed, operations, maxDifferences, reference, onProgress } = options;
  const trial = await createTrial(options);
  const cursors: string[] = [];
  const pool = createPool(buildSchema(readSchema()), seed);
  const drawStep = createDrawStep(pool, createDraw(createRandom(seed), cursors));
  const steps: Step[] = [];
  const differences: (Difference & { readonly step: number })[] = [];
  const pending = new Set<Promise<void>>();
  let sent = 0;
  try {
    while (sent < operations && differences.length < maxDifferences) {
      const step = drawStep();
      const index = steps.push(step) - 1;
      for (const observation of await trial.perform(step)) {
        const operation = ++sent;
        collectCursors(observation.answer.result, cursors);
        const compared = compare(observation, reference, trial).then((found) => {
          if (found) differences.push({ ...found, operation, step: index });
          pending.delete(compared);
        });
        pending.add(compared);
      }
      if (pending.size > MAX_PENDING) await Promise.race(pending);
      onProgress?.(sent);
    }
    await Promise.all(pending);
    differences.sort((a, b) => a.operation - b.operation);
    const [first] = differences;
    const shortest = first ? await shorten(steps.slice(0, first.step + 1), options, reference) : null;
    return { operations: sent, differences, shortest };
  } finally {
    await trial.close();
  }
}

/** The difference between a response and the expected one, or null. */
async function compare(
  { asked, answer, errors, candidates, window }: Observation,
  reference: Reference,
  { logs }: Trial,
): Promise<Omit<Difference, "operation"> | null> {
  const { operation, identity } = asked;
  const [error] = errors;
  if (error !== undefined) return { what: error, asked, actual: answer.result, expected: null };
  let nearest: { readonly what: string; readonly expected: Result } | null = null;
  const questions = ASSUMPTIONS.flatMap((assumption) =>
    candidates.map((versions) => ({ operation, identity, versions, assumption })),
  );
  for (const question of questions) {
    const expected = await reference.answer(question);
    const what = differenceOf(expected, answer.result, window);
    if (what === null) return null;
    nearest ??= { what, expected };
  }
  if (!nearest) throw new Error("Expected at least one possible state for a response.");
  const logged = logs.at(-1);
  const said = logged
    ? `${nearest.what}\nLast line of the gateway's log: ${JSON.stringify(logged)}`
    : nearest.what;
  return { what: said, asked, actual: answer.result, expected: nearest.expected };
}

const MAX_CURSORS = 50;

/** Collects the cursors in a result for later operations. */
function collectCursors(value: unknown, cursors: string[]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "string" && /cursor$/i.test(key)) cursors.push(inner);
    else collectCursors(inner, cursors);
  }
  if (cursors.length > MAX_CURSORS) cursors.splice(0, cursors.length - MAX_CURSORS);
}

/** Number of earlier steps that are tried together with the last one. */
const MAX_TRIED = 25;

/** The last step alone or with one earlier step, if that reproduces a difference. */
async function shorten(
  steps: readonly Step[],
  options: TrialOptions,
  reference: Reference,
): Promise<readonly Step[] | null> {
  const last = steps.at(-1);
  if (!last) return null;
  const isDifferent = async (tried: readonly Step[]): Promise<boolean> => {
    const trial = await createTrial(options);
    try {
      let observations: Observation[] = [];
      for (const step of tried) observations = await trial.perform(step);
      const found = await Promise.all(
        observations.map((observation) => compare(observation, reference, trial)),
      );
      return found.some((difference) => difference !== null);
    } finally {
      await trial.close();
    }
  };
  if (await isDifferent([last])) return [last];
  const texts = new Set(last.asked.map(({ operation }) => operation.query));
  const hasText = ({ asked }: Step) => asked.some(({ operation }) => texts.has(operation.query));
  const earlier = steps.slice(0, -1).toReversed();
  const likely = [...earlier.filter(hasText), ...earlier.filter((step) => !hasText(step))];
  for (const step of likely.slice(0, MAX_TRIED)) {
    if (await isDifferent([step, last])) return [step, last];
  }
  return null;
}
