/** Operations with variables, and operations whose responses have errors. */
import { ref } from "../../support/ask.ts";
import { type Case, job } from "./corpus.ts";
import { EDGE_CASE_JOB } from "./edge-case-job.ts";

const PAGE = "{ totalCount nodes { id tag startedAt } edges { cursor } }";
const withStep = (head: string, field: string) =>
  `query${head} { ${job(`step(stepInstanceId: "9223372036854775807") { ${field} }`)} }`;

/** Each with variables that are set, null, absent and invalid. */
const INPUTS: readonly (readonly [
  title: string,
  query: string,
  values: readonly Record<string, unknown>[],
])[] = [
  [
    "the whole reference",
    "query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { __typename ... on JobInstance { id } } }",
    [
      { ref: { scopeId: "1", jobInstanceId: EDGE_CASE_JOB } },
      { ref: { scopeId: 1, jobInstanceId: 700, scopeType: "BIZ_SET" } },
      { ref: { scopeId: "1", jobInstanceId: "100", scopeType: null } },
      { ref: { scopeId: "1", jobInstanceId: "100", scopeType: "UNRECOGNIZED" } },
      { ref: { scopeId: "1" } },
      { ref: { scopeId: {}, jobInstanceId: [], other: 1, scopeTyp: 2 } },
      { ref: null },
      { ref: "x" },
      {},
    ],
  ],
  [
    "parts of the reference",
    'query($type: ScopeType = BIZ_SET, $id: ID!) { jobInstance(ref: { scopeType: $type, scopeId: "1", jobInstanceId: $id }) { __typename } }',
    [
      { id: "100" },
      { id: 100, type: "BIZ" },
      { id: "100", type: null },
      { type: "BIZ" },
      { id: "100", type: "biz" },
      { id: 1.5 },
    ],
  ],
  [
    "an optional part",
    'query($type: ScopeType! = BIZ) { jobInstance(ref: { scopeType: $type, scopeId: "1", jobInstanceId: "100" }) { __typename } }',
    [{}, { type: "BIZ_SET" }, { type: null }],
  ],
  [
    "a list of references",
    "query($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { __typename ... on JobInstance { name } } }",
    [
      {
        refs: [
          { scopeId: "1", jobInstanceId: "100" },
          { scopeType: "BIZ", scopeId: "1", jobInstanceId: EDGE_CASE_JOB },
        ],
      },
      { refs: { scopeId: "1", jobInstanceId: "100" } },
      { refs: [] },
      { refs: [null] },
      { refs: Array.from({ length: 60 }, () => 1) },
    ],
  ],
  [
    "references in a list",
    "query($a: ID!, $s: ID = 1, $r: JobInstanceRef!) { jobInstances(refs: [{ scopeId: $s, jobInstanceId: $a }, $r]) { ... on JobInstance { id } } }",
    [
      { a: 100, r: { scopeId: 1, jobInstanceId: EDGE_CASE_JOB } },
      { a: 100, s: null, r: { scopeId: 1, jobInstanceId: EDGE_CASE_JOB } },
      { a: "100", s: "2", r: { scopeId: 1, jobInstanceId: 9 } },
    ].slice(0, 3),
  ],
  [
    "page and order",
    withStep(
      "($first: Int, $after: String, $order: HostResultOrder)",
      `hostResults(first: $first, after: $after, orderBy: $order) ${PAGE}`,
    ),
    [
      {},
      { first: 2 },
      { first: null },
      { first: 0 },
      { first: 10_001 },
      { first: 2 ** 31 },
      { first: "2" },
      { after: null, order: null },
      { after: "x" },
      { order: { field: "IP" } },
      { order: { field: "IP", direction: "DESC" } },
      { order: { field: "IP", direction: null } },
      { order: { field: "ip" } },
      { order: {} },
      { order: { direction: "ASC" } },
    ],
  ],
  [
    "defaults",
    withStep(
      '($first: Int = 2, $order: HostResultOrder = { field: IP }, $f: HostResultFilter = { statuses: [SUCCEEDED], tags: [null, "x"] })',
      `hostResults(first: $first, filter: $f, orderBy: $order) ${PAGE}`,
    ),
    [
      {},
      { first: null },
      { order: null, f: null },
      { f: {} },
      { f: { tags: [] } },
      { f: { tags: null, statusCodes: 777 } },
    ],
  ],
  [
    "parts of an order",
    withStep(
      "($d: OrderDirection, $f: HostResultOrderField!)",
      `hostResults(orderBy: { field: $f, direction: $d }) ${PAGE}`,
    ),
    [
      { f: "STARTED_AT" },
      { f: "STARTED_AT", d: "DESC" },
      { f: "STARTED_AT", d: null },
      { f: null },
      { f: "STARTED_AT", d: "down" },
    ],
  ],
  [
    "parts of a filter",
    withStep(
      "($t: String, $p: RunPhase!, $ids: [ID!], $e: Int = 0)",
      `hostResults(filter: { tags: [$t, "again"], phases: [$p], hostIds: $ids, exitCodes: [$e] }) ${PAGE} other: hostResults(filter: { hostIds: $ids }) ${PAGE}`,
    ),
    [
      { p: "SUCCEEDED" },
      { p: "FAILED", t: "x", ids: 1, e: -2 },
      { p: "UNKNOWN", t: null, ids: null },
      { p: "SUCCEEDED", e: null },
      { p: "SUCCEEDED", ids: [] },
    ],
  ],
  [
    "group keys",
    withStep(
      "($by: [HostGroupKey!]! = [EXIT_CODE], $k: HostGroupKey!, $first: Int! = 1)",
      "a: hostGroups(by: $by) { count exitCode } b: hostGroups(by: [$k]) { count tag hostResults(first: $first) { nodes { id } } }",
    ),
    [
      { k: "TAG" },
      { k: "TAG", by: [], first: 3 },
      { k: "TAG", by: "STATUS", first: 0 },
      { k: "TAG", by: null },
      { by: [null], first: null },
    ],
  ],
  [
    "names that are special in JavaScript",
    `query($constructor: ID!, $__proto__: ID!, $toString: Boolean! = true) { a: jobInstance(ref: { scopeId: $constructor, jobInstanceId: 100 }) { __typename @include(if: $toString) t: __typename } step: jobInstance(${ref("100")}) { ... on JobInstance { step(stepInstanceId: $__proto__) { id } } } }`,
    [
      { constructor: "1", toString: false, ["__proto__"]: "75" },
      { constructor: "1", toString: true },
      JSON.parse('{ "constructor": "1", "__proto__": "75" }'),
      {},
    ],
  ],
];

export const VARIABLES: readonly Case[] = INPUTS.flatMap(([title, query, values]) =>
  values.map(
    (variables): Case => [`${title}: ${JSON.stringify(variables).slice(0, 80)}`, query, { variables }],
  ),
);

const refs = (...ids: string[]) =>
  `refs: [${ids.map((id) => `{ scopeId: 1, jobInstanceId: "${id}" }`).join(", ")}]`;
const NAMES = `query A { ${job("name")} } query B { __typename }`;
const BAD = 'hostResults(after: "forged") { nodes { id } }';

export const ERRORS: readonly Case[] = [
  ["a bad cursor in a step", `{ ${job(`name steps { name ${BAD} } `)} b: ${job("name")} }`],
  [
    "a bad cursor in one step of several, of several jobs",
    `{ a: ${job(`step(stepInstanceId: 2) { ${BAD} } name`)} b: ${job("steps { hostResults { nodes { ip } } }", "100")} c: ${job(`step(stepInstanceId: 3) { x: hostResults { nodes { id } } ${BAD} }`)} }`,
  ],
  [
    "several errors, one of which nullifies the others",
    `{ ${job("steps { a: hostResults(first: 0) { totalCount } b: hostResults(first: -1) { totalCount } } hostSummary { total } x: steps { hostResults(first: 0) { totalCount } }")} }`,
  ],
  [
    "errors beside valid jobs, in another order than they occur",
    `{ late: ${job("steps { hostResults(first: 0) { totalCount } }", "20000000002")} early: jobInstance(ref: { scopeId: "", jobInstanceId: 1 }) { __typename } fine: ${job("steps { hostResults { nodes { ip } } }")} bad: jobInstance(${ref("20000090005")}) { __typename } }`,
  ],
  [
    "errors within groups and merged fields",
    `{ ${job("steps { hostGroups { hostResults(first: 0) { nodes { id } } } hostGroups { hostResults(first: 0) { nodes { ip } } } }")} ${job("name")} }`,
  ],
  [
    "upstream errors in some entries",
    `{ jobInstances(${refs("20000090005", "100", "20000000404", "20000090504", EDGE_CASE_JOB, "20000000403", "20000090005")}) { __typename ... on Problem { message } ... on JobInstance { steps { hostResults { nodes { ip } edges { cursor } } } } } }`,
  ],
  [
    "errors in entries of lists and below them",
    `{ a: jobInstances(${refs("100", "20000090005", EDGE_CASE_JOB)}) { ... on JobInstance { steps { ${BAD} } } } b: jobInstances(${refs("20000090005", EDGE_CASE_JOB)}) { ... on JobInstance { name steps { hostResults { nodes { id } } } } } }`,
  ],
  [
    "an invalid reference of one job",
    `{ a: jobInstance(ref: { scopeId: 1, jobInstanceId: "-1" }) { __typename } b: ${job("name")} }`,
  ],
  [
    "an invalid reference in a non-null list",
    `{ b: ${job("name steps { hostResults { nodes { id } } }")} jobInstances(${refs("100", "x")}) { __typename } }`,
  ],
  ["no references", "{ jobInstances(refs: []) { __typename } }"],
  [
    "too many jobs",
    `{ ${Array.from({ length: 101 }, (_, n) => `j${n}: jobInstance(${ref(String(n + 1))}) { __typename }`).join(" ")} }`,
  ],
  [
    "all kinds of upstream errors",
    `{ jobInstances(${refs("20000090001", "20000090003", "20000090101", "20000090201", "20000090301", "20000090401")}) { ... on JobInstance { hostSummary { total } } } }`,
  ],
  [
    "errors in a fragment spread twice, under aliases",
    `{ a: ${job("...J")} b: ${job("...J", "100")} } fragment J on JobInstance { steps { bad: hostResults(first: 10001) { nodes { id } } } name }`,
  ],
  ["a valid operation name", NAMES, { operationName: "A" }],
  ["an unknown operation name", NAMES, { operationName: "C" }],
  ["an empty operation name", NAMES, { operationName: "" }],
  ["a missing operation name", NAMES],
  ["an unknown operation name for a single operation", `query A { ${job("name")} }`, { operationName: "B" }],
  ["an empty operation name for a single operation", `{ ${job("name")} }`, { operationName: "" }],
];
