/** The executable schema: the SDL of `schema/` with its scalars and resolvers. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import { GraphQLDateTime, GraphQLSafeInt } from "graphql-scalars";
import {
  container,
  hostResult,
  hostResultConnection,
  hostResultEdge,
  hostResultGroup,
  hostSummary,
  pageInfo,
} from "./resolvers/host-result.ts";
import { jobInstance, resourceScope, stepInstance } from "./resolvers/job-instance.ts";
import { jobInstanceResult, query } from "./resolvers/query.ts";
import type { Resolvers } from "./resolvers.generated.ts";
import { readSdl } from "./sdl.ts";

const resolvers: Resolvers = {
  DateTime: GraphQLDateTime,
  SafeInt: GraphQLSafeInt,
  Query: query,
  JobInstanceResult: jobInstanceResult,
  ResourceScope: resourceScope,
  JobInstance: jobInstance,
  StepInstance: stepInstance,
  HostResult: hostResult,
  Container: container,
  HostResultConnection: hostResultConnection,
  HostResultEdge: hostResultEdge,
  PageInfo: pageInfo,
  HostResultGroup: hostResultGroup,
  HostSummary: hostSummary,
};

/** @returns a schema whose root fields need a `GraphQLContext`. */
export const createSchema = (): GraphQLSchema => makeExecutableSchema({ typeDefs: readSdl(), resolvers });
