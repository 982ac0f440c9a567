/** The document whose expected results are also computed from the data of the simulator. */
import type { PoolDocument } from "./pool.ts";

/** `truth.ts` depends on its selection. */
export const TRUTH_DOCUMENT: PoolDocument = {
  name: "facts that are computed independently",
  query: `query Truth($ref: JobInstanceRef!, $rows: Boolean!, $first: Int! = 10000) { jobInstance(ref: $ref) { __typename ... on JobInstance {
    jobInstanceId name statusCode isFinished startedAt finishedAt observedAt upstreamRequestId
    steps { stepInstanceId name statusCode typeCode retryCount ...Rows @include(if: $rows) } } } }
    fragment Rows on StepInstance { hostSummary { total } hostResults(first: $first) { totalCount nodes { hostId ip container { name } statusCode tag exitCode } } }`,
  ask: (draw) => ({ variables: { ref: draw.ref(), rows: draw.chance(0.5) } }),
};
