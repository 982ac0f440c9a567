/** The executable schema: the SDL of `schema/` with its scalars and resolvers. */
import { readdirSync, readFileSync } from "node:fs";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { GraphQLScalarType, type GraphQLSchema, isScalarType } from "graphql";
import { GraphQLDateTime, GraphQLSafeInt } from "graphql-scalars";
import { createJobSite, type JobSite } from "../model/job-site.ts";
import { createFederationResolvers, FEDERATION_SDL } from "./federation.ts";
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

/** @returns the SDL: all files of `schema/`, ordered by name */
export function readSdl(): string {
  const folder = new URL("../../schema/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .sort()
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .join("\n");
}

/** `DateTime` of graphql-scalars, serialized from milliseconds since the epoch. */
const createDateTime = () =>
  new GraphQLScalarType<Date, string>({
    ...GraphQLDateTime.toConfig(),
    serialize: (value) => new Date(Number(value)).toISOString(),
  });

const createResolvers = (jobSite: JobSite | null): Resolvers => ({
  DateTime: createDateTime(),
  SafeInt: GraphQLSafeInt,
  Query: query,
  Subscription: subscription,
  JobInstanceResult: jobInstanceResult,
  ResourceScope: resourceScope,
  JobInstance: { ...jobInstance, url: (job) => jobSite?.jobUrl(job) ?? null },
  StepInstance: { ...stepInstance, url: (step) => jobSite?.stepUrl(step) ?? null },
  HostResult: hostResult,
  Container: container,
  HostResultConnection: hostResultConnection,
  HostResultEdge: hostResultEdge,
  PageInfo: pageInfo,
  HostResultGroup: hostResultGroup,
  HostSummary: hostSummary,
});

export interface SchemaOptions {
  /** Whether the schema is a subgraph of Apollo Federation. Default: false. */
  readonly federation?: boolean | undefined;
  /** Where the pages of BlueKing Job are. Default: not known. */
  readonly jobSiteUrl?: URL | null;
}

/** Creates the schema. Its resolvers require a `GraphQLContext`. */
export function createSchema({ federation = false, jobSiteUrl = null }: SchemaOptions = {}): GraphQLSchema {
  const sdl = readSdl();
  const resolvers = createResolvers(jobSiteUrl && createJobSite(jobSiteUrl));
  const schema = makeExecutableSchema(
    federation
      ? { typeDefs: [sdl, FEDERATION_SDL], resolvers: [resolvers, createFederationResolvers(sdl)] }
      : { typeDefs: sdl, resolvers },
  );
  // graphql-tools uses the descriptions of graphql-scalars instead of those in the SDL.
  for (const type of Object.values(schema.getTypeMap())) if (isScalarType(type)) useSdlDescription(type);
  return schema;
}

function useSdlDescription(type: GraphQLScalarType): void {
  if (!type.astNode) return;
  type.description = type.astNode.description?.value;
  type.specifiedByURL = undefined;
}
