/** GraphQL Yoga on node:http. */
import { createServer } from "node:http";
import { createYoga } from "graphql-yoga";
import { settings } from "./listen.ts";
import { createSchema } from "./schema.ts";
import { createUpstream } from "./upstream.ts";

const jobsOf = createUpstream(settings.upstreamUrl);

const yoga = createYoga({
  schema: createSchema(),
  graphiql: false,
  landingPage: false,
  context: ({ request }) => ({ jobs: jobsOf(request.headers.get("x-bkapi-authorization")) }),
});
createServer(yoga).listen(settings.port, "127.0.0.1");
