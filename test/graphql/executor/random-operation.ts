/** Random valid operations over the schema: a tree of selections, fragments, aliases, conditions and arguments. */
import fc from "fast-check";
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  parse,
} from "graphql";
import { checkSelections, checkTokens } from "../../../src/graphql/operation/operation-limits.ts";
import { ref } from "../../support/ask.ts";
import { DOCUMENT_LIMITS } from "../../support/limits.ts";
import { EDGE_CASE_JOB } from "./edge-case-job.ts";

/** A selection set on an object type, with the definitions of the fragments that it spreads. */
interface Selected {
  readonly text: string;
  readonly fragments: readonly string[];
}

const HEAD =
  "query($yes: Boolean!, $no: Boolean!, $on: Boolean! = true, $first: Int! = 3, $ip: String, $d: OrderDirection)";
/** Uses each variable. */
const USE_ALL = "u0: __typename @skip(if: $yes) u1: __typename @skip(if: $no) u2: __typename @skip(if: $on)";
const USE_IN_JOB =
  "u3: steps { hostResults(first: $first, filter: { ipContains: $ip }, orderBy: { field: IP, direction: $d }) { totalCount } }";

const directive = fc.oneof(
  { weight: 4, arbitrary: fc.constant("") },
  fc.constantFrom(
    "@skip(if: $yes)",
    "@skip(if: $no)",
    "@include(if: $yes)",
    "@include(if: $no)",
    "@include(if: $on)",
    "@skip(if: false)",
    "@include(if: true) @skip(if: $on)",
  ),
);

/** An alias always has the same arguments, because only equal fields can be merged. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "StepInstance.hostResults": [
    "",
    "(first: 1)",
    "(first: $first, orderBy: { field: IP, direction: $d })",
    "(filter: { statuses: [SUCCEEDED], ipContains: $ip })",
    "(first: 0)",
    '(after: "x")',
  ],
  "StepInstance.hostGroups": ["", "(by: [])", "(by: [EXIT_CODE], filter: { ipContains: $ip })"],
  "HostResultGroup.hostResults": [
    "",
    "(first: 2)",
    "(first: 0)",
    "(orderBy: { field: DURATION, direction: DESC })",
  ],
  "JobInstance.steps": ["", "(filter: { types: [SCRIPT] })"],
  "JobInstance.step": ["(stepInstanceId: 3)", "(stepInstanceId: 12345)"],
};

/** Job ids of the operations by default. */
const JOB_IDS: readonly string[] = [
  EDGE_CASE_JOB,
  "100",
  "20000000005",
  "20000000009",
  "9007199254740993",
  "20000090005",
];

export function createOperations(
  schema: GraphQLSchema,
  jobIds: readonly string[] = JOB_IDS,
): fc.Arbitrary<string> {
  const select = (type: GraphQLObjectType, depth: number): fc.Arbitrary<Selected> => {
    const parts = fc.array(part(type, depth), { minLength: 1, maxLength: depth > 1 ? 3 : 5 });
    return parts.map((all) => ({
      text: `{ ${all.map(({ text }) => text).join(" ")} }`,
      fragments: all.flatMap(({ fragments }) => fragments),
    }));
  };

  const part = (type: GraphQLObjectType, depth: number): fc.Arbitrary<Selected> => {
    const names = [...Object.keys(type.getFields()), "__typename"];
    // Prefers rows and their ancestors, which the executors handle differently.
    const likely = names.filter((name) =>
      /^(steps|hostResults|nodes|edges|node|container|hostGroups)$/.test(name),
    );
    const field = fc.oneof(
      fc.constantFrom(...names),
      fc.constantFrom(...(likely.length > 0 ? likely : names)),
    );
    const plain = field.chain((name) => fieldOf(type, name, depth));
    if (depth === 0) return plain;
    // Biased ids are often equal, which makes the document invalid.
    const wrapped = fc
      .tuple(fc.constantFrom("inline", "typed", "spread", "twice"), directive, fc.noBias(fc.uuid()))
      .chain(([kind, on, id]) =>
        select(type, depth - 1).map(({ text, fragments }): Selected => {
          if (kind === "inline") return { text: `... ${on} ${text}`, fragments };
          if (kind === "typed") return { text: `... on ${type.name} ${on} ${text}`, fragments };
          const name = `F${id.replaceAll("-", "")}`;
          const spread = kind === "twice" ? `...${name} ${on} ...${name}` : `...${name} ${on}`;
          return { text: spread, fragments: [...fragments, `fragment ${name} on ${type.name} ${text}`] };
        }),
      );
    return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: wrapped });
  };

  const fieldOf = (type: GraphQLObjectType, name: string, depth: number): fc.Arbitrary<Selected> => {
    const choices = ARGUMENTS[`${type.name}.${name}`] ?? [""];
    // The alias contains field and arguments, so that fields with equal aliases can be merged.
    const alias = fc.tuple(fc.nat({ max: choices.length - 1 }), fc.boolean());
    return fc.tuple(alias, directive).chain(([[choice, isAliased], on]) => {
      const args = choices[choice] ?? "";
      const key = choice > 0 || isAliased ? `${name.replaceAll("_", "x")}${choice}: ` : "";
      const named = getNamedType(type.getFields()[name]?.type);
      if (!named || isLeafType(named))
        return fc.constant({ text: `${key}${name}${args} ${on}`, fragments: [] });
      if (!isObjectType(named)) throw new Error(`Expected ${name} to be of an object type.`);
      return select(named, Math.max(0, depth - 1)).map(({ text, fragments }) => ({
        text: `${key}${name}${args} ${on} ${text}`,
        fragments,
      }));
    });
  };

  const job = schema.getType("JobInstance");
  if (!isObjectType(job)) throw new Error("Expected JobInstance to be an object type.");
  const ids = fc.constantFrom(...jobIds);
  const operations = fc.tuple(ids, ids, select(job, 5), select(job, 4)).map(
    ([a, b, inOne, inMany]) => `${HEAD} {
      ${USE_ALL}
      jobInstance(${ref(a)}) { ... on JobInstance { ${USE_IN_JOB} ...One } }
      jobInstances(refs: [{ scopeId: "1", jobInstanceId: "${a}" }, { scopeId: "1", jobInstanceId: "${b}" }]) { __typename ... on JobInstance ${inMany.text} }
    }
    fragment One on JobInstance ${inOne.text}
    ${[...inOne.fragments, ...inMany.fragments].join("\n")}`,
  );
  return operations.filter(isWithinLimits);
}

/** A few operations in a thousand select more fields than the gateway permits. */
function isWithinLimits(query: string): boolean {
  try {
    checkTokens(query, DOCUMENT_LIMITS);
    checkSelections(parse(query), DOCUMENT_LIMITS);
    return true;
  } catch {
    return false;
  }
}
