/** Subscriptions to jobs that never change: one result, then the end. */
import type { Draw } from "./draw.ts";
import type { PoolDocument } from "./pool.ts";
import { CONSTANT_JOBS } from "./upstream.ts";

const ref = (draw: Draw) => ({
  scopeId: "1",
  jobInstanceId: draw.pick([...CONSTANT_JOBS, "20000000403", "20000000404", "0", "20000090005"]),
});

export const LIVE_DOCUMENTS: readonly PoolDocument[] = [
  {
    name: "live state with rows under a condition in nested fragments",
    isLive: true,
    query: `subscription($ref: JobInstanceRef!, $h: Boolean!) { jobInstanceUpdated(ref: $ref) { ...A } }
      fragment A on JobInstance { name steps { ...B } }
      fragment B on StepInstance { name hostResults(first: 3) @include(if: $h) { nodes { ip tag } } }`,
    ask: (draw) => ({ variables: { ref: ref(draw), h: draw.chance(0.5) } }),
  },
  {
    name: "live state, one of two operations",
    isLive: true,
    query: `subscription A($ref: JobInstanceRef!) { jobInstanceUpdated(ref: $ref) { ...J } }
      subscription B($ref: JobInstanceRef!, $x: Boolean! = true) { state: jobInstanceUpdated(ref: $ref) { __typename ...J @skip(if: $x) ...P ... on JobInstance { hostSummary @include(if: $x) { total } } } }
      fragment J on JobInstance { id status steps { status name } }
      fragment P on Problem { message }`,
    ask: (draw) => ({
      operationName: draw.pick(["A", "B", "B", "C"]),
      variables: { ref: ref(draw), ...(draw.chance(0.5) && { x: draw.chance(0.5) }) },
    }),
  },
];
