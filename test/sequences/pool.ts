/** The documents of the sequences. Each is used repeatedly with different variables. */
import fc from "fast-check";
import type { GraphQLSchema } from "graphql";
import { type Case, CONDITIONS, FIELDS, OPERATIONS, SELECTIONS } from "../graphql/executor/corpus.ts";
import { ERRORS, VARIABLES } from "../graphql/executor/corpus-inputs.ts";
import { createOperations } from "../graphql/executor/random-operation.ts";
import type { Draw } from "./draw.ts";
import { CHANGING_JOBS } from "./job-states.ts";
import { CONDITION_DOCUMENTS } from "./pool-conditions.ts";
import { INPUT_DOCUMENTS } from "./pool-inputs.ts";
import { INVALID_DOCUMENTS } from "./pool-invalid.ts";
import { LIVE_DOCUMENTS } from "./pool-live.ts";
import { TRUTH_DOCUMENT } from "./pool-truth.ts";
import { CONSTANT_JOBS } from "./upstream.ts";

interface Inputs {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

export interface PoolDocument {
  readonly name: string;
  readonly query: string;
  readonly ask: (draw: Draw) => Inputs;
  /** A subscription. */
  readonly isLive?: boolean;
}

export interface Pool {
  readonly pick: (draw: Draw) => PoolDocument;
}

const RANDOM_DOCUMENTS = 60;
/** Longer random documents take more time without benefit. */
const MAX_CHARACTERS = 6_000;

/** @param seed determines the random documents. */
export function createPool(schema: GraphQLSchema, seed: number): Pool {
  const random = randomDocuments(schema, seed);
  const corpus = corpusDocuments();
  return {
    pick: (draw) => {
      const share = draw.below(100);
      if (share < 10) return TRUTH_DOCUMENT;
      if (share < 35) return draw.pick(CONDITION_DOCUMENTS);
      if (share < 60) return draw.pick(INPUT_DOCUMENTS);
      if (share < 65) return draw.pick(LIVE_DOCUMENTS);
      if (share < 70) return draw.pick(INVALID_DOCUMENTS);
      return draw.pick(share < 85 ? corpus : random);
    },
  };
}

function randomDocuments(schema: GraphQLSchema, seed: number): PoolDocument[] {
  const operations = createOperations(schema, [...Object.keys(CHANGING_JOBS), ...CONSTANT_JOBS]);
  const queries = fc
    .sample(operations, { seed, numRuns: 5 * RANDOM_DOCUMENTS })
    .filter(({ length }) => length <= MAX_CHARACTERS)
    .slice(0, RANDOM_DOCUMENTS);
  return queries.map((query, index) => ({
    name: `random document ${index}`,
    query,
    ask: (draw) => ({
      variables: {
        yes: draw.chance(0.5),
        no: draw.chance(0.5),
        ...draw.pick([{}, { on: true }, { on: false }]),
        ...draw.pick([{}, { first: 1 }, { first: 10_000 }, { first: 0 }]),
        ...draw.pick([{}, { ip: "10." }, { ip: null }]),
        ...draw.pick([{}, { d: "ASC" }, { d: "DESC" }, { d: null }]),
      },
    }),
  }));
}

/** The corpus of the executors; cases with the same query are one document with several inputs. */
function corpusDocuments(): PoolDocument[] {
  const cases: readonly Case[] = [
    ...[...FIELDS, ...SELECTIONS, ...CONDITIONS, ...CONDITIONS],
    ...[...OPERATIONS, ...VARIABLES, ...ERRORS],
  ];
  const byText = Map.groupBy(cases, ([, query]) => query);
  return [...byText].map(([query, sameText]): PoolDocument => {
    const inputs = sameText.map(([, , { operationName, ...asked } = {}]) => ({
      ...asked,
      ...(typeof operationName === "string" && { operationName }),
    }));
    return {
      name: sameText[0]?.[0] ?? "",
      query,
      ask: (draw) => draw.pick(inputs),
      isLive: query.startsWith("subscription"),
    };
  });
}
