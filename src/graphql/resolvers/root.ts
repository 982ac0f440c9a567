/** Resolvers of the root fields, which check references before they call the upstream, and of the result union. */
import { InvalidInput } from "../../model/errors.ts";
import { MAX_INT64 } from "../../model/int64.ts";
import type { JobOutcome, JobRef } from "../../model/job-instance.ts";
import type { JobInstanceRef } from "../../model/sdl.generated.ts";
import { SCOPE_TYPES } from "../../model/status.ts";
import type {
  JobInstanceResultResolvers,
  QueryResolvers,
  SubscriptionResolvers,
} from "../resolvers.generated.ts";

/** Maximum number of references in one list. */
const MAX_REFS = 50;

type LoadJob = Extract<QueryResolvers["jobInstance"], (...args: never[]) => unknown>;

const loadJob: LoadJob = (_, { ref }, { jobs, requiredData }, { path }) =>
  jobs.load(parseJobRef(ref), requiredData(path.key));

export const query: QueryResolvers = {
  jobInstance: loadJob,
  jobInstances: (_, { refs }, { jobs, requiredData }, { path }) => {
    if (refs.length < 1 || refs.length > MAX_REFS) {
      throw new InvalidInput(`Expected \`refs\` to contain 1 to ${MAX_REFS} references, got ${refs.length}.`);
    }
    return refs.map(parseRefAt).map((ref) => jobs.load(ref, requiredData(path.key)));
  },
};

const RAW_SCOPE_TYPES = new Map([...SCOPE_TYPES].map(([raw, name]) => [name, raw]));

/** @throws InvalidInput for a reference that cannot exist */
export function parseJobRef({ scopeType, scopeId, jobInstanceId }: JobInstanceRef): JobRef {
  const typeRaw = RAW_SCOPE_TYPES.get(scopeType);
  if (typeRaw === undefined) {
    const known = [...RAW_SCOPE_TYPES.keys()].join(" or ");
    throw new InvalidInput(`Expected \`scopeType\` to be ${known}, got ${scopeType}.`);
  }
  if (scopeId.trim() === "") {
    throw new InvalidInput(
      "Expected `scopeId` to be the ID of a business or business set, got an empty string.",
    );
  }
  if (!/^[1-9]\d{0,18}$/.test(jobInstanceId) || BigInt(jobInstanceId) > MAX_INT64) {
    const shown = JSON.stringify(jobInstanceId.slice(0, 40));
    throw new InvalidInput(
      `Expected \`jobInstanceId\` to be a positive 64-bit integer in decimal, got ${shown}.`,
    );
  }
  return { scope: { typeRaw, id: scopeId }, jobInstanceId };
}

/** @throws InvalidInput whose message names the invalid reference */
function parseRefAt(ref: JobInstanceRef, index: number): JobRef {
  try {
    return parseJobRef(ref);
  } catch (error) {
    throw error instanceof InvalidInput ? new InvalidInput(`In \`refs[${index}]\`: ${error.message}`) : error;
  }
}

/**
 * `subscribe` creates the source stream. `resolve` resolves each event like a query, by a loader that has the state.
 */
export const subscription: SubscriptionResolvers = {
  jobInstanceUpdated: {
    subscribe: (_, { ref }, { watch, requiredData }, { path }) => {
      if (!watch) throw new Error("Expected a transport that can carry subscriptions.");
      return watch(parseJobRef(ref), requiredData(path.key));
    },
    resolve: loadJob,
  },
};

const TYPE_NAMES = {
  job: "JobInstance",
  notFound: "JobInstanceNotFound",
  denied: "PermissionDenied",
} as const satisfies Record<JobOutcome["kind"], string>;

export const jobInstanceResult: JobInstanceResultResolvers = {
  __resolveType: ({ kind }) => TYPE_NAMES[kind],
};
