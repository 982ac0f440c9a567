/** Documents that are invalid with any variables. */
import type { PoolDocument } from "./pool.ts";

const job = (selection: string) => `query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ${selection} } }`;

const INVALID: Readonly<Record<string, string>> = {
  "an incomplete document": "{ jobInstance",
  "a syntax error in the middle": "query($ref: JobInstanceRef!) { jobInstance(ref $ref) { __typename } }",
  "a lone fragment": "fragment A on JobInstance { name }",
  "an empty selection": "{ }",
  "an unknown field": job("... on JobInstance { nam steps { hostResults { node { ip } } } }"),
  "a field of the union": job("name"),
  "a leaf with a selection": job("... on JobInstance { name { x } }"),
  "an object without one": job("... on JobInstance { steps }"),
  "an unknown fragment": job("...Nowhere"),
  "an unused fragment": `${job("__typename")} fragment Unused on JobInstance { name }`,
  "a fragment that spreads itself": `${job("...A")} fragment A on JobInstance { name ...A }`,
  "fields that do not merge": job("... on JobInstance { a: name a: id }"),
  "an undefined variable": job("... on JobInstance { steps { hostResults(first: $n) { totalCount } } }"),
  "an unused variable": "query($ref: JobInstanceRef!, $x: Int) { jobInstance(ref: $ref) { __typename } }",
  "a variable of the wrong type": "query($ref: Int!) { jobInstance(ref: $ref) { __typename } }",
  "an unknown argument": job("... on JobInstance { steps(first: 1) { name } }"),
  "a wrong literal": job('... on JobInstance { steps { hostResults(first: "1") { totalCount } } }'),
  "an unknown directive": job("... on JobInstance { name @cached }"),
  "a missing argument": "{ jobInstance { __typename } }",
};

export const INVALID_DOCUMENTS: readonly PoolDocument[] = Object.entries(INVALID).map(([name, query]) => ({
  name,
  query,
  ask: (draw) => (draw.chance(0.8) ? { variables: { ref: draw.ref() } } : {}),
}));
