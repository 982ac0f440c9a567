/** Operations that cover the features of GraphQL and whose responses have no errors. */
import { getIntrospectionQuery } from "graphql";
import { ref } from "../../support/ask.ts";
import type { Asked } from "./both-executors.ts";
import { EDGE_CASE_JOB } from "./edge-case-job.ts";

export type Case = readonly [title: string, query: string, asked?: Omit<Asked, "query">];

const ROW =
  "id hostId ip ipv6 cloudId cloudName agentId isAgentAlive container { id containerId name nodeHostId } status statusCode phase tag exitCode errorCode startedAt finishedAt durationMs";

/** A job with the selection on it. */
export const job = (selection: string, id = EDGE_CASE_JOB) =>
  `jobInstance(${ref(id)}) { ... on JobInstance { ${selection} } }`;
const FAILED = "20000000002";
const ALL = [
  "100",
  FAILED,
  "20000000005",
  "20000000008",
  "20000000009",
  "20000000010",
  "20000000013",
  "20000000016",
  "9007199254740993",
  EDGE_CASE_JOB,
];

export const FIELDS: readonly Case[] = [
  ...ALL.map(
    (id): Case => [
      `every row field of job ${id}`,
      `{ ${job(`id name startedAt durationMs createdAt elapsedMs observedAt url stepSummary { total byStatus { status statusCode count } } hostSummary { total unknown byStatus { status statusCode count } } steps { id stepInstanceId url name type status createdAt startedAt durationMs hostSummary { failed } hostResults { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { ${ROW} } edges { cursor node { ${ROW} } } } }`, id)} }`,
    ],
  ),
  [
    "groups with pages",
    `{ ${job(`steps { hostGroups { status statusCode tag exitCode count hostResults(first: 2, orderBy: { field: IP }) { nodes { ip tag } edges { cursor } pageInfo { endCursor } } } all: hostGroups(by: []) { status count hostResults { nodes { id } } } }`)} }`,
  ],
  [
    "all orders and directions",
    `{ ${job(["STATUS_CODE", "IP", "STARTED_AT", "DURATION", "EXIT_CODE"].map((field) => `${field.replace("_", "")}: steps { up: hostResults(first: 3, orderBy: { field: ${field} }) { edges { cursor node { id } } } down: hostResults(first: 3, orderBy: { field: ${field}, direction: DESC }) { nodes { id } } }`).join(" "))} }`,
  ],
  [
    "filters",
    `{ ${job('steps { a: hostResults(filter: { statuses: [SUCCEEDED, UNRECOGNIZED], tags: [null, "again"] }) { nodes { id tag } } b: hostResults(filter: { phases: [] }) { totalCount nodes { id } edges { cursor } } c: hostResults(filter: { exitCodes: 0, hostIds: 1, statuses: null, ipContains: "10." }) { nodes { id } } d: hostResults(filter: null, orderBy: null, after: null) { nodes { id } } }')} }`,
  ],
  [
    "steps that are empty, missing or filtered",
    `{ ${job('none: step(stepInstanceId: 99) { name } big: step(stepInstanceId: 9223372036854775807) { id } empty: step(stepInstanceId: "4") { hostResults { nodes { id } edges { cursor } } hostGroups { count } } currentStep { name hostResults { nodes { id } } } steps(filter: { types: [MANUAL_CONFIRM], phases: null }) { name hostResults { nodes { id } } }')} }`,
  ],
];

const PROBLEMS = `{ jobInstances(refs: [${["100", "20000000403", "20000000404"].map((id) => `{ scopeId: 1, jobInstanceId: ${id} }`)}]) {`;

export const SELECTIONS: readonly Case[] = [
  [
    "__typename in every selection",
    `{ __typename q: __typename ${job("__typename scope { __typename } stepSummary { __typename byStatus { __typename } } steps { __typename hostSummary { __typename byStatus { __typename } } hostGroups { __typename hostResults { __typename } } hostResults { __typename pageInfo { __typename } nodes { __typename a: __typename container { __typename } } edges { __typename node { __typename } } } }")} }`,
  ],
  ["an outcome with __typename only", `{ jobInstance(${ref("100")}) { __typename } }`],
  [
    "a union with every type and the interface",
    `${PROBLEMS} __typename ... on Problem { message t: __typename } ... on PermissionDenied { upstreamRequestId application { systemId actions { id relatedResourceTypes { type instances { id name } } } } } ... on JobInstanceNotFound { m: message } ... on JobInstance { id } ... { k: __typename } } }`,
  ],
  [
    "fragments on union, interface and objects, nested",
    `${PROBLEMS} ...R } } fragment R on JobInstanceResult { ...P ...J ...N } fragment P on Problem { message ...D } fragment D on PermissionDenied { application { ...A } } fragment A on IamApplication { systemName } fragment N on JobInstanceNotFound { __typename } fragment J on JobInstance { name steps { ...S } } fragment S on StepInstance { hostResults { ...C } } fragment C on HostResultConnection { totalCount nodes { ...H } edges { ...E } } fragment E on HostResultEdge { cursor node { ...H } } fragment H on HostResult { ip ...T } fragment T on HostResult { tag status }`,
  ],
  [
    "a fragment spread several times",
    `{ ${job("...J ...J steps { ...S hostResults { nodes { ...H ip ...H } } ...S }")} b: jobInstance(${ref("100")}) { ...J } } fragment J on JobInstance { name steps { ...S } } fragment S on StepInstance { name hostResults { nodes { tag ...H } } } fragment H on HostResult { id status }`,
  ],
  [
    "inline fragments without types around everything",
    `{ ... { jobInstance(${ref(EDGE_CASE_JOB)}) { ... { ... on JobInstance { ... { steps { ... { hostResults { ... { nodes { ... { ip } ... on HostResult { tag } } } ... on HostResultConnection { edges { ... { node { ... { id } } } } } } } } } } } } } }`,
  ],
  [
    "a fragment on a type that does not occur",
    `{ jobInstance(${ref("100")}) { ... on PermissionDenied { application { systemId } } ... on Problem { message } } }`,
  ],
  [
    "aliases everywhere",
    `{ x: ${job("a: name b: name s: steps { r: hostResults(first: 2) { n: nodes { i: ip j: ip c: container { d: id } } m: nodes { tag } e: edges { k: cursor o: node { p: phase } } f: edges { cursor } } t: hostResults(first: 1) { n: nodes { id } nodes { ip } } }")} y: ${job("name", "100")} }`,
  ],
  [
    "row fields merged from several places",
    `{ ${job("steps { hostResults { nodes { id } edges { node { ip } } nodes { ip container { id } } } hostResults { nodes { container { name } tag } edges { cursor node { container { id } } node { container { name } } } } } steps { name hostResults { totalCount nodes { id phase } } }")} }`,
  ],
  [
    "one job under two aliases with different rows",
    `{ a: ${job("steps { hostResults { nodes { ip } } }", "100")} b: ${job("steps { hostResults { nodes { id } } }", "100")} }`,
  ],
  [
    "aliases that are special in JavaScript",
    `{ constructor: ${job("toString: name hasOwnProperty: id steps { class: hostResults { valueOf: totalCount nodes { constructor: ip toString: tag __proto__: id } function: edges { prototype: cursor } } then: name length: type }")} toString: ${job("then: steps { constructor: name }", "100")} }`,
  ],
  [
    "aliases that are special in JavaScript, on objects that can have errors",
    `{ constructor: ${job("constructor: steps { toString: hostResults { constructor: nodes { id } } }")} }`,
  ],
  [
    "__proto__ as an alias",
    `{ __proto__: ${job("__proto__: steps { __proto__: hostResults { __proto__: nodes { __proto__: ip container { __proto__: id } } } }")} }`,
  ],
  [
    "aliases that are ambiguous when concatenated",
    `{ ${job("steps { hostResults { nodes { id } } } nodes_hostResults_idx0_steps: status")} nodes_hostResults_idx0_steps_JobInstance_jobInstance: ${job("steps { hostResults { nodes { ip } } }", "100")} }`,
  ],
  [
    "aliases that are ambiguous with those of nested fields",
    `{ a: ${job("b: step(stepInstanceId: 3) { hostResults { c: nodes { id } } }")} b_JobInstance_a: jobInstance(${ref("100")}) { __typename } }`,
  ],
  [
    "aliases that equal internal names of lists",
    `{ idx0: jobInstances(refs: [{ scopeId: 1, jobInstanceId: 100 }]) { ... on JobInstance { idx0: steps { idx1: hostResults { idx0: nodes { idx0: ip } } } } } }`,
  ],
];

const BOTH = "query Q($t: Boolean!, $f: Boolean!, $d: Boolean = true, $n: Boolean! = false)";
const ON = { variables: { t: true, f: false } };
const OFF = { variables: { t: false, f: true, d: false, n: true } };
const CONDITIONED: readonly (readonly [title: string, selection: string])[] = [
  [
    "rows",
    "steps { hostResults { a: nodes @skip(if: $t) { ip } b: edges @include(if: $t) { cursor } totalCount } }",
  ],
  [
    "fields of rows",
    "steps { hostResults { nodes { id @skip(if: $t) ip @include(if: $d) tag @include(if: $f) @skip(if: $n) container @skip(if: $f) { id @skip(if: $t) name } } } }",
  ],
  [
    "fragments within rows",
    "steps { hostResults { nodes { id ... @include(if: $t) { ip } ... on HostResult @skip(if: $n) { tag } ...H @include(if: $f) } edges { ... @skip(if: $d) { cursor } node { ...H @skip(if: $f) } } } }",
  ],
  [
    "one of two that select a row field",
    "steps { hostResults @include(if: $t) { nodes { ip } } hostResults { nodes { id } } }",
  ],
  [
    "one of two ancestors of rows",
    "steps { hostResults { nodes { id } } } ... @include(if: $f) { steps { hostResults { totalCount nodes { tag } } } } ... on JobInstance @skip(if: $f) { steps @skip(if: $n) { hostResults { nodes { ip } edges { cursor } } } }",
  ],
  [
    "one of two spreads",
    "...J @include(if: $f) ...J @skip(if: $f) steps { ...S @include(if: $t) ...S @include(if: $f) }",
  ],
  [
    "everything in a selection",
    "a: steps { hostResults { nodes { ip @skip(if: true) } edges { node { id @include(if: false) } } } } b: steps { hostResults { totalCount @skip(if: $t) } } scope { id @include(if: $n) }",
  ],
  [
    "ancestors at all depths",
    "x: steps @skip(if: $f) { y: hostResults @include(if: $d) { pageInfo @skip(if: $n) { endCursor @skip(if: $n) } nodes { ip } } hostGroups @include(if: $t) { hostResults @include(if: $t) { nodes @include(if: $t) { id @include(if: $t) } } } }",
  ],
  [
    "literals",
    "a: steps @skip(if: false) { hostResults @include(if: true) { nodes @skip(if: true) { ip } edges { node @skip(if: false) @include(if: false) { id } } } } b: name @skip(if: false) @include(if: true)",
  ],
];
const USED =
  "y: __typename @skip(if: $t) z: __typename @skip(if: $f) v: __typename @skip(if: $d) w: __typename @skip(if: $n)";
const FRAGMENTS =
  "u: __typename ...U } fragment U on Query { ...V } fragment V on Query { k: __typename } fragment H on HostResult { phase } fragment S on StepInstance { name hostResults { nodes { id } } } fragment J on JobInstance { id steps { type hostResults { nodes { tag } } } }";
const UNUSED =
  "x: jobInstance(ref: { scopeId: 1, jobInstanceId: 100 }) { ...J } j: jobInstance(ref: { scopeId: 1, jobInstanceId: 100 }) { ... on JobInstance { steps { ...S hostResults { nodes { ...H } } } } }";

export const CONDITIONS: readonly Case[] = CONDITIONED.flatMap(([title, selection]): Case[] =>
  [ON, OFF].map((asked, index) => [
    `${title}, ${["on", "off"][index]}`,
    `${BOTH} { ${USED} ${job(selection)} ${UNUSED} ${FRAGMENTS}`,
    asked,
  ]),
);

const ON_T = { variables: { t: true } };

export const OPERATIONS: readonly Case[] = [
  [
    "a document with only a skipped field",
    `query($t: Boolean!) { jobInstance(${ref("100")}) @skip(if: $t) { __typename } }`,
    ON_T,
  ],
  ["introspection of everything", getIntrospectionQuery()],
  [
    "introspection beside a job",
    `{ __schema { queryType { name } } __type(name: "HostResultConnection") { fields { name type { kind ofType { name kind } } } } ${job("steps { hostResults { nodes { ip } } }")} }`,
  ],
  [
    "the named one of several, while the other has conditions and introspection",
    `query A { ${job("steps { hostResults { nodes { ...H } } }")} } query B($x: Boolean!) { __schema { queryType { name } } a: __typename @skip(if: $x) ${job("steps { hostResults { nodes { ...H @skip(if: $x) } } }")} } fragment H on HostResult { ip tag }`,
    { operationName: "A" },
  ],
  [
    "operation names that are special in JavaScript",
    `query __proto__ { ${job("name")} } query constructor { __typename }`,
    { operationName: "__proto__" },
  ],
  [
    "an event of a subscription",
    `subscription S($first: Int!) { alias: jobInstanceUpdated(${ref(FAILED)}) { __typename ... on JobInstance { status steps { hostGroups { tag count } hostResults(first: $first) { nodes { ...H } } } } } } fragment H on HostResult { ip tag startedAt }`,
    { variables: { first: 3 } },
  ],
];
