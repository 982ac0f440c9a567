/**
 * A supergraph: bk-job-graphql with FEDERATION=true at GATEWAY_URL, a second subgraph, and a router at PORT. In
 * production, compose in CI and use Apollo Router or another router that supports Federation 2.
 */
import { composeServices } from "@apollo/composition";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { parse } from "graphql";
import { DEPLOYMENTS_SDL, startDeployments } from "./deployments.ts";

const GATEWAY_URL = process.env.GATEWAY_URL ?? "http://127.0.0.1:4000/graphql";
const PORT = Number(process.env.PORT ?? 4001);

/** The headers that the gateway reads credentials from. The router adds no credentials of its own. */
const FORWARDED = ["x-bkapi-authorization", "authorization", "cookie", "x-bk-tenant-id", "accept-language"];

interface Context {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Asks the gateway for its SDL, as a router or `rover subgraph introspect` does. */
async function readSdl(): Promise<string> {
  const response = await fetch(GATEWAY_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ _service { sdl } }" }),
  });
  const { data, errors } = (await response.json()) as {
    readonly data?: { readonly _service: { readonly sdl: string } };
    readonly errors?: readonly { readonly message: string }[];
  };
  if (!data) throw new Error(`Set FEDERATION=true for the gateway: ${errors?.[0]?.message}`);
  return data._service.sdl;
}

const composed = composeServices([
  { name: "jobs", url: GATEWAY_URL, typeDefs: parse(await readSdl()) },
  { name: "deployments", url: await startDeployments(), typeDefs: parse(DEPLOYMENTS_SDL) },
]);
if (composed.errors) throw new AggregateError(composed.errors, "The subgraphs do not compose.");

const gateway = new ApolloGateway({
  supergraphSdl: composed.supergraphSdl,
  buildService: ({ url = "" }) =>
    new RemoteGraphQLDataSource<Context>({
      url,
      willSendRequest: ({ request, context }) => {
        for (const name of FORWARDED) {
          const value = context.headers?.[name];
          if (typeof value === "string") request.http?.headers.set(name, value);
        }
      },
    }),
});

const server = new ApolloServer<Context>({ gateway, includeStacktraceInErrorResponses: false });
const { url } = await startStandaloneServer(server, {
  listen: { host: "127.0.0.1", port: PORT },
  context: async ({ req }) => ({ headers: req.headers }),
});
console.log(`Supergraph: ${url}`);
