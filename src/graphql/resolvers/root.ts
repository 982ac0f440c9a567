/** Root fields, and what kind of outcome a lookup had. */
import { InvalidInput } from "../../model/errors.ts";
import type { JobOutcome, JobRef } from "../../model/job-instance.ts";
import type { JobInstanceRef } from "../../model/sdl.generated.ts";
import { parseJobRef } from "../job-ref.ts";
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
      throw new InvalidInput(`Expected \`refs\` to hold 1 to ${MAX_REFS} references, got ${refs.length}.`);
    }
    return refs.map(parseRefAt).map((ref) => jobs.load(ref, requiredData(path.key)));
  },
};

/** @throws InvalidInput that says which of the references it is about. */
function parseRefAt(ref: JobInstanceRef, index: number): JobRef {
  try {
    return parseJobRef(ref);
  } catch (error) {
    throw error instanceof InvalidInput ? new InvalidInput(`In \`refs[${index}]\`: ${error.message}`) : error;
  }
}

/** `subscribe` starts the stream; each of its events is then resolved like a query, by a loader that has the state. */
export const subscription: SubscriptionResolvers = {
  jobInstanceUpdated: {
    subscribe: (_, { ref }, { watch, requiredData }, { path }) => {
      if (!watch) throw new Error("Expected a transport that carries subscriptions.");
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
