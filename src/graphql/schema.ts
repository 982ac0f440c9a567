/** The executable schema: the SDL of `schema/` with its scalars and resolvers. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import { type GraphQLScalarType, type GraphQLSchema, isScalarType } from "graphql";
import { GraphQLSafeInt } from "graphql-scalars";
import { createDateTime } from "./date-time.ts";
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
import { jobInstanceResult, query, subscription } from "./resolvers/root.ts";
import type { Resolvers } from "./resolvers.generated.ts";
import { readSdl } from "./sdl.ts";

const createResolvers = (): Resolvers => ({
  DateTime: createDateTime(),
  SafeInt: GraphQLSafeInt,
  Query: query,
  Subscription: subscription,
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
});

/** @returns a schema whose root fields need a `GraphQLContext`. */
export function createSchema(): GraphQLSchema {
  const schema = makeExecutableSchema({ typeDefs: readSdl(), resolvers: createResolvers() });
  // graphql-tools gives them the texts of the library that they come from.
  for (const type of Object.values(schema.getTypeMap())) if (isScalarType(type)) describeAsInSdl(type);
  return schema;
}

function describeAsInSdl(type: GraphQLScalarType): void {
  if (!type.astNode) return;
  type.description = type.astNode.description?.value;
  type.specifiedByURL = undefined;
}
