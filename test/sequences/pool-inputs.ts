/** Documents whose variables determine references, pages, filters and operations. */
import type { PoolDocument } from "./pool.ts";

const REF = "$ref: JobInstanceRef!";

const SEVERAL = `query Status(${REF}) { jobInstance(ref: $ref) { ...J } }
  query Hosts(${REF}, $first: Int! = 2) { jobInstance(ref: $ref) { ...J ... on JobInstance { steps { ...S } } } }
  query Both($refs: [JobInstanceRef!]!, $h: Boolean!) { jobInstances(refs: $refs) { ...J ... on JobInstance { steps { name hostSummary @include(if: $h) { failed total } } } } }
  query Schema { __type(name: "JobInstance") { name kind } __typename }
  fragment J on JobInstance { name statusCode }
  fragment S on StepInstance { name hostResults(first: $first) { nodes { hostId tag } pageInfo { endCursor hasNextPage } } }`;

const SEVERAL_NAMES = ["Status", "Hosts", "Both", "Schema", "Missing"];

export const INPUT_DOCUMENTS: readonly PoolDocument[] = [
  {
    name: "several operations that share fragments",
    query: SEVERAL,
    ask: (draw) => ({
      operationName: draw.pick(SEVERAL_NAMES),
      variables: {
        ref: draw.ref(),
        refs: [draw.ref(), draw.ref()],
        h: draw.chance(0.5),
        first: draw.first(),
      },
    }),
  },
  {
    name: "both roots several times",
    query: `query($a: JobInstanceRef!, $b: JobInstanceRef!, $list: [JobInstanceRef!]!) {
      a: jobInstance(ref: $a) { ...N } b: jobInstance(ref: $b) { ...N ... on JobInstance { hostSummary { total } } }
      l: jobInstances(refs: $list) { ...N } m: jobInstances(refs: [$b, $a]) { __typename ... on JobInstance { steps { hostGroups(by: TAG) { tag count } } } } }
      fragment N on JobInstanceResult { ... on JobInstance { id name } ... on Problem { message upstreamRequestId } }`,
    ask: (draw) => {
      const [a, b] = [draw.ref(), draw.ref()];
      return { variables: { a, b, list: draw.some([a, b, draw.ref()], 5) } };
    },
  },
  {
    name: "parts of a reference",
    query: `query($type: ScopeType = BIZ_SET, $scope: ID = "9991001", $id: ID!, $other: ScopeType! = BIZ) {
      given: jobInstance(ref: { scopeType: $type, scopeId: $scope, jobInstanceId: $id }) { __typename ... on JobInstance { name scope { type typeRaw id } } }
      other: jobInstance(ref: { scopeType: $other, scopeId: "1", jobInstanceId: $id }) { ... on JobInstance { id name } ... on Problem { message } } }`,
    ask: (draw) => ({
      variables: {
        id: draw.pick(["801", 802, "9007199254740995", "700", null, "x"]),
        ...draw.pick([{}, {}, { type: null }, { type: "BIZ", scope: 1 }, { type: "BIZ" }, { scope: null }]),
        ...draw.pick([{}, {}, { other: "BIZ_SET" }, { other: null }, { other: "biz" }]),
      },
    }),
  },
  {
    name: "pages with cursors of earlier responses",
    query: `query($ref: JobInstanceRef!, $first: Int! = 3, $after: String, $filter: HostResultFilter, $order: HostResultOrder) {
      jobInstance(ref: $ref) { ... on JobInstance { name steps { stepInstanceId retryCount hostResults(first: $first, after: $after, filter: $filter, orderBy: $order) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id hostId tag } } } } } ... on Problem { message } } }`,
    ask: (draw) => ({
      variables: {
        ref: draw.ref(),
        ...(draw.chance(0.7) && { first: draw.first() }),
        ...(draw.chance(0.6) && { after: draw.chance(0.8) ? draw.cursor() : null }),
        ...draw.pick([
          {},
          {},
          { filter: null },
          { filter: { phases: ["SUCCEEDED"] } },
          { filter: { tags: [null, "ok", "磁盘已满"] } },
          { filter: { ipContains: "10.0.0.1" } },
        ]),
        ...draw.pick([
          {},
          {},
          { order: null },
          { order: { field: "IP" } },
          { order: { field: "EXIT_CODE", direction: "DESC" } },
          { order: { field: "DURATION", direction: null } },
        ]),
      },
    }),
  },
  {
    name: "pages of one step, and within its groups",
    query: `query($ref: JobInstanceRef!, $step: ID!, $first: Int = 2, $after: String, $by: [HostGroupKey!]! = [STATUS, TAG]) {
      jobInstance(ref: $ref) { ... on JobInstance { step(stepInstanceId: $step) { name hostResults(first: $first, after: $after) { nodes { id ip } pageInfo { endCursor } }
        hostGroups(by: $by) { status tag exitCode count hostResults(first: $first) { nodes { id } edges { cursor } } } } currentStep { name statusCode } } } }`,
    ask: (draw) => ({
      variables: {
        ref: draw.ref(),
        step: draw.pick(["8010", 8011, "8030", "8031", "9007199254740993", "9007199254740994", "75"]),
        ...draw.pick([{}, { first: draw.first() }, { first: null }]),
        ...(draw.chance(0.5) && { after: draw.cursor() }),
        ...draw.pick([{}, { by: [] }, { by: "EXIT_CODE" }, { by: ["TAG", "EXIT_CODE"] }, { by: null }]),
      },
    }),
  },
  {
    name: "steps by filter",
    query: `query($ref: JobInstanceRef!, $f: StepInstanceFilter, $p: RunPhase = SUCCEEDED) { jobInstance(ref: $ref) { __typename ... on JobInstance {
      some: steps(filter: $f) { name phase hostSummary { total } } others: steps(filter: { phases: [$p] }) { statusCode } stepSummary { total running byStatus { status count } } } } }`,
    ask: (draw) => ({
      variables: {
        ref: draw.ref(),
        ...draw.pick([{}, { f: null }, { f: { types: ["SCRIPT"] } }, { f: { statuses: [], phases: null } }]),
        ...draw.pick([{}, { p: "FAILED" }, { p: null }]),
      },
    }),
  },
  {
    name: "introspection by name beside a job",
    query: `query($ref: JobInstanceRef!, $h: Boolean!) { __schema { queryType { name } types @include(if: $h) { name } }
      __type(name: "HostResult") { fields @skip(if: $h) { name } kind }
      jobInstance(ref: $ref) { kind: __typename ... on JobInstance { steps { t: __typename hostResults @include(if: $h) { nodes { __typename } } } } } q: __typename }`,
    ask: (draw) => ({ variables: { ref: draw.ref(), h: draw.chance(0.5) } }),
  },
  {
    name: "variables and aliases with names that are special in JavaScript",
    query: `query($__proto__: JobInstanceRef!, $toString: Boolean!, $constructor: Boolean!) {
      constructor: jobInstance(ref: $__proto__) { ... on JobInstance { __proto__: name toString: id @include(if: $toString) steps { hasOwnProperty: name hostSummary @skip(if: $constructor) { then: total } } } } }`,
    ask: (draw) => ({
      variables: {
        ["__proto__"]: draw.ref(),
        toString: draw.chance(0.5),
        ...(draw.chance(0.9) && { constructor: draw.chance(0.5) }),
      },
    }),
  },
  {
    name: "status and rows of one job in one operation, which can fail for the rows alone",
    query: `query($ref: JobInstanceRef!, $refs: [JobInstanceRef!]!) { rows: jobInstance(ref: $ref) { ... on JobInstance { name hostSummary { total succeeded } } }
      jobInstances(refs: $refs) { ... on JobInstance { name statusCode } ... on Problem { message } } }`,
    ask: (draw) => ({ variables: { ref: draw.ref(), refs: draw.some([draw.ref(), draw.ref()], 2) } }),
  },
  {
    name: "every fact of a problem",
    query: `query($refs: [JobInstanceRef!]!) { jobInstances(refs: $refs) { __typename ... on Problem { message upstreamRequestId }
      ... on PermissionDenied { application { systemId systemName actions { id name relatedResourceTypes { type instances { id name } } } } } ... on JobInstance { name } } }`,
    ask: (draw) => ({
      variables: {
        refs: [...draw.some([draw.ref(), draw.ref()], 3), { scopeId: 1, jobInstanceId: "20000000403" }],
      },
    }),
  },
  {
    name: "status alone",
    query: `query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ... on JobInstance { statusCode name isFinished finishedAt elapsedMs } ... on Problem { message } } }`,
    ask: (draw) => ({ variables: { ref: draw.ref() } }),
  },
  {
    name: "status and counts",
    query: `query($ref: JobInstanceRef!) { jobInstance(ref: $ref) { ... on JobInstance { statusCode name hostSummary { total failed running } } } }`,
    ask: (draw) => ({ variables: { ref: draw.ref() } }),
  },
];
