/** Fastify with Mercurius and its compiler, graphql-jit. */
import Fastify from "fastify";
import mercurius from "mercurius";
import { settings } from "./listen.ts";
import { createSchema } from "./schema.ts";
import { createUpstream } from "./upstream.ts";

const jobsOf = createUpstream(settings.upstreamUrl);

const app = Fastify();
await app.register(mercurius, {
  schema: createSchema(),
  jit: 1,
  context: (request) => ({ jobs: jobsOf(request.headers["x-bkapi-authorization"]) }),
});
await app.listen({ port: settings.port, host: "127.0.0.1" });
