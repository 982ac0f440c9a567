/**
 * How Apollo Client's `InMemoryCache` stores jobs:
 *
 *     new InMemoryCache({ possibleTypes, typePolicies: apolloTypePolicies });
 *
 * Jobs, steps and host results have an `id` that is globally unique, so the cache normalizes them by default. The policies are
 * for all other objects: their `id`, if they have one, is that of another system, and two objects can have the same one.
 */
import { type HostPage, mergePages } from "./host-pages.ts";

/** An object without an `id` of its own. Its fields are added to those that the same field of its parent has already. */
const EMBEDDED = { keyFields: false, merge: true } as const;

/** A list whose items can change: it replaces the last one. */
const REPLACED = { merge: false } as const;

/** The part of Apollo Client's `FieldFunctionOptions` that the policies use. */
interface MergeOptions {
  readonly args: Readonly<Record<string, unknown>> | null;
}

/**
 * Host results by filter and order. Pages are appended, as by Apollo Client's `relayStylePagination`; `nodes` as well as
 * `edges`. The first page replaces all pages.
 */
const HOST_RESULTS = {
  keyArgs: ["filter", "orderBy"],
  merge: (existing: HostPage | undefined, incoming: HostPage, { args }: MergeOptions): HostPage =>
    mergePages(existing ?? {}, incoming, existing && typeof args?.after === "string" ? args.after : null),
};

/** A group as the cache stores it. */
type Group = Readonly<Record<string, unknown>>;

/** The fields that tell groups apart. */
const GROUP_KEYS = ["status", "statusCode", "tag", "exitCode"];

const keyOf = (group: Group): string => JSON.stringify(GROUP_KEYS.map((key) => group[key]));

/**
 * Adds the fields of each group to those that the cache has of the same group, which another document has selected. Groups that
 * no longer exist are left out.
 */
function mergeGroups(existing: readonly Group[] = [], incoming: readonly Group[]): readonly Group[] {
  const known = new Map(existing.map((group) => [keyOf(group), group]));
  // A document without some of these fields cannot tell all groups apart.
  const isDistinct = known.size === existing.length && new Set(incoming.map(keyOf)).size === incoming.length;
  return isDistinct ? incoming.map((group) => ({ ...known.get(keyOf(group)), ...group })) : incoming;
}

/** `typePolicies` of Apollo Client's `InMemoryCache`. */
export const apolloTypePolicies = {
  Query: { fields: { jobInstance: { merge: true }, jobInstances: REPLACED } },
  Subscription: { fields: { jobInstanceUpdated: { merge: true } } },
  JobInstance: { fields: { steps: REPLACED } },
  StepInstance: { fields: { hostResults: HOST_RESULTS, hostGroups: { merge: mergeGroups } } },
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
