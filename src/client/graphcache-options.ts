/**
 * How urql's normalized cache stores jobs:
 *
 *     import { cacheExchange } from "@urql/exchange-graphcache";
 *
 *     new Client({ url, exchanges: [cacheExchange(graphcacheOptions), fetchExchange] });
 */
import { type Arguments, fieldKeyOf, type WritableCache } from "./graphcache-fields.ts";
import {
  labelGroupResults,
  type ResolveInfo,
  resolveGroupResults,
  resolveHostResults,
} from "./graphcache-pages.ts";
import { possibleTypes } from "./possible-types.ts";

/** The object is part of its parent: its `id`, if it has one, is that of another system, and two objects can have the same one. */
const embedded = (): null => null;

/**
 * A step is null if an invalid cursor has made a field of it fail. What is cached of the step is still valid, so the job keeps
 * its link to it.
 */
function keepStep(
  { step }: { readonly step?: unknown },
  args: Arguments,
  cache: WritableCache,
  { parentKey, fieldName }: ResolveInfo,
): void {
  if (step !== null) return;
  // The gateway creates the id of a step from that of its job.
  const key = `${parentKey.replace("JobInstance", "StepInstance")}/${args.stepInstanceId}`;
  if (cache.resolve(key, "id") !== undefined) cache.link(parentKey, fieldKeyOf(cache, fieldName, args), key);
}

/** Options of `cacheExchange` in `@urql/exchange-graphcache`. Jobs, steps and host results have globally unique ids. */
export const graphcacheOptions = {
  possibleTypes,
  keys: {
    Container: embedded,
    HostResultConnection: embedded,
    HostResultEdge: embedded,
    HostResultGroup: embedded,
    HostStatusCount: embedded,
    HostSummary: embedded,
    IamAction: embedded,
    IamApplication: embedded,
    IamRelatedResourceType: embedded,
    IamResourceNode: embedded,
    JobInstanceNotFound: embedded,
    PageInfo: embedded,
    PermissionDenied: embedded,
    ResourceScope: embedded,
    RunStatusCount: embedded,
    RunSummary: embedded,
  },
  updates: {
    JobInstance: { step: keepStep },
    HostResultGroup: { hostResults: labelGroupResults },
  },
  resolvers: {
    StepInstance: { hostResults: resolveHostResults },
    HostResultGroup: { hostResults: resolveGroupResults },
  },
};
