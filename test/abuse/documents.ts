/** Hostile documents: deep, wide, cyclic, repetitive, or with names and values without limit. */
import { jobField, ref } from "../support/ask.ts";
import { type Attack, byBytes, many, post } from "./attack.ts";

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

/** Each fragment spreads the next ten times. */
const bomb = `{ ...F0 } ${many(20, (n) => `fragment F${n} on Query { ${`...F${n + 1} `.repeat(10)} }`)} fragment F20 on Query { __typename }`;

/** A chain of fragments: each spreads the next. */
const chain = (length: number, isReversed: boolean): string => {
  const fragments = Array.from({ length }, (_, n) => `fragment F${n} on Query { ...F${n + 1} }`);
  const last = `fragment F${length} on Query { __typename }`;
  return isReversed
    ? [last, ...fragments.toReversed(), "{ ...F0 }"].join(" ")
    : ["{ ...F0 }", ...fragments, last].join(" ");
};

const FIELDS_OF_FIELDS = `{ __schema { types { ${nested(12, "fields { type { ", "} } ")} } } }`.replaceAll(
  "{ }",
  "{ name }",
);

const INTROSPECTION =
  "__schema { types { name fields { name args { name type { name ofType { name } } } type { name kind } } } }";

/** Fragments whose selections have one key and different arguments, which validation compares in pairs. */
const overlaps = `{ ${many(90, (n) => `...F${n}`)} } ${many(90, (n) => `fragment F${n} on Query { ${many(8, (m) => `a${m}: __type(name: "${n}") { name }`)} }`)}`;

const PARSE = "400 GRAPHQL_PARSE_FAILED";
const INVALID = "400 GRAPHQL_VALIDATION_FAILED";
const INPUT = "BAD_USER_INPUT";

const query = (text: string) => () => post({ query: text });

export const DOCUMENTS: readonly Attack[] = byBytes([
  ["3 000 nested selections", query(nested(3_000, "{ a ", "}")), PARSE],
  ["200 000 nested selections", query(nested(200_000, "{a", "}")), PARSE],
  ["5 000 nested lists", query(`{ a(b: ${nested(5_000, "[", "]")}) }`), PARSE],
  ["5 000 nested objects", query(`{ a(b: ${nested(5_000, "{a:", "}")}) }`), PARSE],
  ["list types nested 3 000 times", query(`query($a: ${nested(3_000, "[", "]")}) { a }`), PARSE],
  ["a megabyte of opening braces", query("{".repeat(2 ** 20 - 100)), PARSE],
  ["a megabyte of commas", query(",".repeat(2 ** 20 - 100)), PARSE],
  ["a megabyte of comments", query(`{ __typename } ${"#\n".repeat(250_000)}`), "200"],
  ["a string of 900 kB", query(`{ __type(name: "${"x".repeat(900_000)}") { name } }`), "200"],
  [
    "a block string with 400 000 lines",
    query(`{ __type(name: """${"\n ".repeat(300_000)}""") { name } }`),
    "200",
  ],
  ["a name of 900 kB", query(`query ${"x".repeat(900_000)} { __typename }`), "200"],
  ["an integer with a million digits", query(`{ a(b: ${"9".repeat(1_000_000)}) }`), INVALID],
  ["an invalid code point in a string", query('{ __type(name: "\\u{110000}") { name } }'), PARSE],
  ["a lone surrogate in a string", query('{ __type(name: "\\uD800") { name } }'), PARSE],
  ["20 000 fields", query(`{ ${many(20_000, (n) => `f${n}`)} }`), PARSE],
  ["3 000 aliases", query(`{ ${many(3_000, (n) => `a${n}: __typename`)} }`), INVALID],
  ["one key 3 000 times", query(`{ ${"a: __typename ".repeat(3_000)} }`), INVALID],
  [
    "150 aliases of different jobs",
    query(`{ ${many(150, (n) => `a${n}: ${jobField(String(n + 1))}`)} }`),
    `200 ${INPUT}`,
  ],
  ["4 000 unknown fields", query(`{ ${many(4_000, (n) => `f${n}`)} }`), INVALID],
  [
    "500 unknown fields of 1 500 characters, each with suggestions",
    query(`{ ${many(500, (n) => `jobInstance${"s".repeat(1_500)}${n}`)} }`),
    INVALID,
  ],
  ["2 000 directives on a field", query(`{ __typename ${"@skip(if: false) ".repeat(1_400)} }`), INVALID],
  ["3 000 unknown directives", query(`{ __typename ${many(3_000, (n) => `@d${n}`)} }`), INVALID],
  [
    "directives on 800 fields",
    query(`{ ${many(800, (n) => `a${n}: __typename @skip(if: true)`)} }`),
    INVALID,
  ],
  ["1 500 variables", query(`query(${many(1_500, (n) => `$v${n}: Int`)}) { __typename }`), INVALID],
  ["51 operations", query(many(51, (n) => `query Q${n} { __typename }`)), INVALID],
  ["fragments that multiply to 10²⁰ fields", query(bomb), INVALID],
  ["a fragment that spreads itself", query("{ ...F } fragment F on Query { ...F }"), INVALID],
  [
    "a cycle of 900 fragments",
    query(`{ ...F0 } ${many(900, (n) => `fragment F${n} on Query { ...F${(n + 1) % 900} }`)}`),
    INVALID,
  ],
  ["a chain of 1 100 fragments", query(chain(1_100, false)), INVALID],
  ["a chain of 1 100 fragments, the last one first", query(chain(1_100, true)), INVALID],
  [
    "1 200 unused fragments",
    query(`{ __typename } ${many(1_200, (n) => `fragment F${n} on Query { __typename }`)}`),
    INVALID,
  ],
  ["90 fragments with overlapping fields", query(overlaps), INVALID],
  ["cyclic introspection", query(FIELDS_OF_FIELDS), INVALID],
  ["introspection 50 times", query(`{ ${many(50, (n) => `a${n}: ${INTROSPECTION}`)} }`), "200"],
  ["a mutation", query("mutation { deleteEverything }"), INVALID],
  ["a type definition", query("type Query { a: Int }"), INVALID],
  ["@defer", query("{ ... @defer { __typename } }"), INVALID],
  [
    "a subscription as a query",
    query(`subscription { jobInstanceUpdated(${ref("100")}) { __typename } }`),
    "400 BAD_REQUEST",
  ],
]);
