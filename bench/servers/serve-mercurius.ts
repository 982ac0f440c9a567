/** Mercurius as its documentation shows it, with `jit: 1`: an operation is compiled after its first execution. */
import Fastify from "fastify";
import type { GraphQLSchema } from "graphql";
import mercurius from "mercurius";
import { settings } from "./listen.ts";
import { createUpstream } from "./upstream.ts";

/** Serves `schema` at `/graphql`. */
export async function serveMercurius(schema: GraphQLSchema): Promise<void> {
  const jobsOf = createUpstream(settings.upstreamUrl);
  const app = Fastify();
  await app.register(mercurius, {
    schema,
    jit: 1,
    context: (request) => ({ jobs: jobsOf(request.headers["x-bkapi-authorization"]) }),
  });
  await app.listen({ port: settings.port, host: "127.0.0.1" });
}
