/**
 * How urql's normalized cache stores jobs:
 *
 *     import { cacheExchange } from "@urql/exchange-graphcache";
 *
 *     new Client({ url, exchanges: [cacheExchange(graphcacheOptions), fetchExchange] });
 */
import { resolveHostResults } from "./graphcache-pages.ts";
import { possibleTypes } from "./possible-types.ts";

/** The object is part of its parent: its `id`, if it has one, is that of another system, and two objects can have the same one. */
const embedded = (): null => null;

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
  resolvers: {
    StepInstance: { hostResults: resolveHostResults },
    HostResultGroup: { hostResults: resolveHostResults },
  },
};
