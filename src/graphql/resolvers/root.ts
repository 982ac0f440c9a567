/** Root fields, and what kind of outcome a lookup had. */
import { InvalidInput } from "../../model/invalid-input.ts";
import type { JobOutcome } from "../../model/job-instance.ts";
import { parseJobRef } from "../job-ref.ts";
import { createNeeds } from "../needs.ts";
import type {
  JobInstanceResultResolvers,
  QueryResolvers,
  SubscriptionResolvers,
} from "../resolvers.generated.ts";

/** Most references in one list. */
const MAX_REFS = 50;

type LoadJob = Extract<QueryResolvers["jobInstance"], (...args: never[]) => unknown>;

const createLoad =
  (needsOf: ReturnType<typeof createNeeds>): LoadJob =>
  (_, { ref }, { jobs }, info) =>
    jobs.load(parseJobRef(ref), needsOf(info));

export function createQuery(): QueryResolvers {
  const needsOf = createNeeds();
  return {
    jobInstance: createLoad(needsOf),
    jobInstances: (_, { refs }, { jobs }, info) => {
      if (refs.length < 1 || refs.length > MAX_REFS) {
        throw new InvalidInput(`Expected \`refs\` to hold 1 to ${MAX_REFS} references, got ${refs.length}.`);
      }
      const needs = needsOf(info);
      return refs.map(parseJobRef).map((ref) => jobs.load(ref, needs));
    },
  };
}

/** A subscription begins with `subscribe`; then every event is an operation of its own, whose loader has the state. */
export function createSubscription(): SubscriptionResolvers {
  const needsOf = createNeeds();
  return {
    jobInstanceUpdated: {
      subscribe: (_, { ref }, { live }, info) => {
        if (!live) throw new Error("Expected a transport that takes subscriptions.");
        return live.watch(parseJobRef(ref), needsOf(info));
      },
      resolve: createLoad(needsOf),
    },
  };
}

const TYPE_NAMES = {
  job: "JobInstance",
  notFound: "JobInstanceNotFound",
  denied: "PermissionDenied",
} as const satisfies Record<JobOutcome["kind"], string>;

export const jobInstanceResult: JobInstanceResultResolvers = {
  __resolveType: ({ kind }) => TYPE_NAMES[kind],
};
