/** Groups of host results in a cache. They have no ids: what they are grouped by tells them apart. */
import { type HostPages, mergePages } from "./host-pages.ts";

/** A group as caches store it. Which fields it has depends on the documents. */
export type HostGroup = Readonly<Record<string, unknown>>;

/** The fields that tell groups apart. */
export const GROUP_KEYS = ["status", "statusCode", "tag", "exitCode"] as const;

const keyOf = (group: HostGroup): string => JSON.stringify(GROUP_KEYS.map((key) => group[key]));

/**
 * Adds the fields of each group to those that the cache has of the same group, which another document has selected. Groups that
 * no longer exist are left out.
 */
export function mergeGroups(
  existing: readonly HostGroup[] = [],
  incoming: readonly HostGroup[],
): readonly HostGroup[] {
  const known = new Map(existing.map((group) => [keyOf(group), group]));
  // A document without some of these fields cannot tell all groups apart.
  const isDistinct = known.size === existing.length && new Set(incoming.map(keyOf)).size === incoming.length;
  return isDistinct ? incoming.map((group) => mergeGroup(known.get(keyOf(group)) ?? {}, group)) : incoming;
}

/** A page of hosts in the group follows the ones that the cache has of this group. */
function mergeGroup(existing: HostGroup, incoming: HostGroup): HostGroup {
  const pages = Object.entries(incoming).flatMap(([field, value]) => {
    const known = existing[field];
    return isPages(value) && isPages(known) ? [[field, mergePages(known, value, value.startsAfter)]] : [];
  });
  return { ...existing, ...incoming, ...Object.fromEntries(pages) };
}

const isPages = (value: unknown): value is HostPages =>
  typeof value === "object" && value !== null && "startsAfter" in value;
