/** Fastify with Mercurius and its compiler, graphql-jit: this project's SDL and the shared resolvers. */
import { createSchema } from "./schema.ts";
import { serveMercurius } from "./serve-mercurius.ts";

await serveMercurius(createSchema());
