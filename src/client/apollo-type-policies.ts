/**
 * How Apollo Client's `InMemoryCache` stores jobs:
 *
 *     new InMemoryCache({ possibleTypes, typePolicies: apolloTypePolicies });
 *
 * Jobs, steps and host results have an `id` that is globally unique, so the cache normalizes them by default. The policies are
 * for all other objects: their `id`, if they have one, is that of another system, and two objects can have the same one.
 */
import { mergeGroups } from "./host-groups.ts";
import { type HostPage, type HostPages, mergePages } from "./host-pages.ts";

/** An object without an `id` of its own. Its fields are added to those that the same field of its parent has already. */
const EMBEDDED = { keyFields: false, merge: true } as const;

/** A list whose items can change: it replaces the last one. */
const REPLACED = { merge: false } as const;

/** The part of Apollo Client's `FieldFunctionOptions` that the policies use. */
interface FieldOptions {
  readonly args: Readonly<Record<string, unknown>> | null;
}

const afterOf = ({ args }: FieldOptions): string | null =>
  typeof args?.after === "string" ? args.after : null;

/** Pages that do not begin with the first one are only read with the cursor of their first page. */
const readPages = (pages: HostPages | undefined, options: FieldOptions): HostPages | undefined =>
  pages?.startsAfter === null || pages?.startsAfter === afterOf(options) ? pages : undefined;

/**
 * Host results by filter and order. Pages are appended, as by Apollo Client's `relayStylePagination`; `nodes` as well as
 * `edges`. The first page replaces all pages.
 */
const HOST_RESULTS = {
  keyArgs: ["filter", "orderBy"],
  read: readPages,
  merge: (existing: HostPages | undefined, incoming: HostPage, options: FieldOptions): HostPages =>
    mergePages(existing, incoming, afterOf(options)),
};

/** Host results of a group. Apollo Client merges objects in lists by index, so `mergeGroups` appends the pages. */
const GROUP_RESULTS = {
  keyArgs: ["orderBy"],
  read: readPages,
  merge: (_: unknown, incoming: HostPage, options: FieldOptions): HostPages =>
    mergePages(undefined, incoming, afterOf(options)),
};

/** Null if an invalid cursor has made a field of the step fail: what is cached of the step is still valid. */
const STEP = { merge: (existing: unknown, incoming: unknown): unknown => incoming ?? existing ?? null };

/** `typePolicies` of Apollo Client's `InMemoryCache`. */
export const apolloTypePolicies = {
  Query: { fields: { jobInstance: { merge: true }, jobInstances: REPLACED } },
  Subscription: { fields: { jobInstanceUpdated: { merge: true } } },
  JobInstance: { fields: { steps: REPLACED, step: STEP } },
  StepInstance: { fields: { hostResults: HOST_RESULTS, hostGroups: { merge: mergeGroups } } },
  HostResultGroup: { fields: { hostResults: GROUP_RESULTS } },
  HostSummary: EMBEDDED,
  RunSummary: EMBEDDED,
  ResourceScope: EMBEDDED,
  Container: EMBEDDED,
  JobInstanceNotFound: EMBEDDED,
  PermissionDenied: EMBEDDED,
  IamApplication: EMBEDDED,
  IamAction: EMBEDDED,
  IamRelatedResourceType: EMBEDDED,
  IamResourceNode: EMBEDDED,
};
