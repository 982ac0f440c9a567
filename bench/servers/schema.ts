/** The project's SDL with the shared resolvers: one schema for all servers but the gateway. */
import { readdirSync, readFileSync } from "node:fs";
import { makeExecutableSchema } from "@graphql-tools/schema";
import type { GraphQLSchema } from "graphql";
import { type JobsContext, resolvers } from "./resolvers.ts";

export function createSchema(): GraphQLSchema {
  const folder = new URL("../../schema/", import.meta.url);
  const typeDefs = readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => readFileSync(new URL(name, folder), "utf8"));
  return makeExecutableSchema<JobsContext>({ typeDefs, resolvers });
}
