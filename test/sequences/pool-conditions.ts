/** Documents whose variables determine the selection and the required data. */
import type { PoolDocument } from "./pool.ts";

const REF = "$ref: JobInstanceRef!";

/** A document with a conditional host field in nested fragments. */
const conditionInNestedFragments = (hostField: string): string =>
  `query Q(${REF}, $h: Boolean!) { jobInstance(ref: $ref) { ...A } }
  fragment A on JobInstance { steps { ...B } }
  fragment B on StepInstance { name ${hostField} }`;

export const CONDITION_DOCUMENTS: readonly PoolDocument[] = [
  {
    name: "rows under a condition in nested fragments",
    query: conditionInNestedFragments("hostResults @include(if: $h) { nodes { ip } }"),
    ask: (draw) => ({ variables: { ref: draw.ref(), h: draw.chance(0.5) } }),
  },
  {
    name: "a summary under a condition in nested fragments",
    query: conditionInNestedFragments("hostSummary @skip(if: $h) { total failed }"),
    ask: (draw) => ({ variables: { ref: draw.ref(), h: draw.chance(0.5) } }),
  },
  {
    name: "groups under a condition two fragments deep, with a default",
    query: `query(${REF}, $h: Boolean = false) { jobInstance(ref: $ref) { ... on JobInstance { ...A } } }
      fragment A on JobInstance { name ...B }
      fragment B on JobInstance { steps { ... @include(if: $h) { ...C } status } }
      fragment C on StepInstance { hostGroups { tag count } }`,
    ask: (draw) => ({
      variables: { ref: draw.ref(), ...draw.pick([{}, { h: true }, { h: false }, { h: null }]) },
    }),
  },
  {
    name: "conditions that change the order of keys",
    query: `query($refs: [JobInstanceRef!]!, $a: Boolean!, $b: Boolean!) {
        jobInstances(refs: $refs) { ...X @include(if: $a) ... on JobInstance { name isFinished } ...Y @skip(if: $b) } }
      fragment X on JobInstance { statusCode steps { id statusCode name } jobInstanceId }
      fragment Y on JobInstance { jobInstanceId steps { name ...S @include(if: $a) id } phase statusCode }
      fragment S on StepInstance { hostSummary { byStatus { count statusCode } total } typeCode }`,
    ask: (draw) => ({
      variables: { refs: draw.some([draw.ref(), draw.ref()], 3), a: draw.chance(0.5), b: draw.chance(0.5) },
    }),
  },
  {
    name: "root fields under conditions",
    query: `query(${REF}, $refs: [JobInstanceRef!]!, $h: Boolean!, $x: Boolean!) {
        a: jobInstance(ref: $ref) @include(if: $h) { __typename ...J }
        b: jobInstances(refs: $refs) @skip(if: $h) { __typename ...J }
        ... @include(if: $x) { a: jobInstance(ref: $ref) { ... on JobInstance { hostSummary { total } } } } }
      fragment J on JobInstance { name steps { name } }`,
    ask: (draw) => ({
      variables: { ref: draw.ref(), refs: [draw.ref()], h: draw.chance(0.5), x: draw.chance(0.5) },
    }),
  },
  {
    name: "a root field that several places select, some under conditions",
    query: `query(${REF}, $h: Boolean!, $n: Boolean!) {
        jobInstance(ref: $ref) { ... on JobInstance { name @skip(if: $n) } }
        ...R @include(if: $h)
        jobInstance(ref: $ref) { ... on JobInstance { statusCode ... @skip(if: $n) { steps { hostResults(first: 2) { totalCount } } } } } }
      fragment R on Query { jobInstance(ref: $ref) { __typename ... on JobInstance { steps { name hostResults(first: 2) { nodes { tag } } } } } }`,
    ask: (draw) => ({ variables: { ref: draw.ref(), h: draw.chance(0.5), n: draw.chance(0.5) } }),
  },
  {
    name: "one fragment under both roots, with and without rows",
    query: `query(${REF}, $refs: [JobInstanceRef!]!, $h: Boolean!) {
        one: jobInstance(ref: $ref) { ...J ...H @include(if: $h) }
        many: jobInstances(refs: $refs) { ...J ... on Problem { message } }
        again: jobInstance(ref: $ref) { ...J @skip(if: $h) __typename } }
      fragment J on JobInstance { jobInstanceId name steps { stepInstanceId status } }
      fragment H on JobInstance { steps { hostResults(first: 3, orderBy: { field: IP }) { edges { cursor node { ip tag } } } } }`,
    ask: (draw) => ({
      variables: {
        ref: draw.ref(),
        refs: draw.some([draw.ref(), draw.ref(), draw.ref()], 4),
        h: draw.chance(0.5),
      },
    }),
  },
  {
    name: "host fields that require no host results",
    query: `query(${REF}, $h: Boolean!) { jobInstance(ref: $ref) { ... on JobInstance { name hostSummary { __typename total @include(if: $h) }
      steps { hostResults { __typename pageInfo { __typename hasNextPage @include(if: $h) } } } } } }`,
    ask: (draw) => ({ variables: { ref: draw.ref(), h: draw.chance(0.5) } }),
  },
  {
    name: "conditions on rows and their fields",
    query: `query(${REF}, $a: Boolean!, $b: Boolean!, $c: Boolean! = false) { jobInstance(ref: $ref) { ... on JobInstance { steps {
      hostResults(first: 4) { nodes @include(if: $a) { ip @skip(if: $b) ...T container { name @include(if: $c) id } } edges @skip(if: $a) { node { tag ip @include(if: $b) } cursor } totalCount @include(if: $c) } } } } }
      fragment T on HostResult { tag @include(if: $c) status exitCode }`,
    ask: (draw) => ({
      variables: {
        ref: draw.ref(),
        a: draw.chance(0.5),
        b: draw.chance(0.5),
        ...(draw.chance(0.5) && { c: draw.chance(0.5) }),
      },
    }),
  },
];
