/** GraphQL over HTTP at `/graphql`: Fastify's request in, Apollo Server's response out. */
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLContext } from "../graphql/context.ts";
import { exactSearch, parseRequestJson } from "./exact-json.ts";

export const GRAPHQL_PATH = "/graphql";

export interface GraphQLRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly createContext: (request: FastifyRequest, reply: FastifyReply) => GraphQLContext;
}

/** A Fastify plugin, so that its body parser and error form stay its own. */
export async function graphqlRoute(app: FastifyInstance, { apollo, createContext }: GraphQLRouteOptions) {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    async (_request: FastifyRequest, body: string) => parseBody(body),
  );
  // Other types arrive without a body, and Apollo Server says what it expects.
  app.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) throw error;
    return reply
      .code(status)
      .send({ errors: [{ message: error.message, extensions: { code: "BAD_REQUEST" } }] });
  });
  app.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    handler: async (request, reply) => {
      const response = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toApolloRequest(request),
        context: async () => createContext(request, reply),
      });
      return send(response, reply);
    },
  });
}

function parseBody(body: string): unknown {
  try {
    return parseRequestJson(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`Expected the request body to be JSON: ${reason}`), { statusCode: 400 });
  }
}

function toApolloRequest(request: FastifyRequest): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const query = request.url.indexOf("?");
  const search = query < 0 ? "" : exactSearch(request.url.slice(query));
  return { method: request.method, headers, search, body: request.body };
}

type ApolloResponse = Awaited<ReturnType<ApolloServer<GraphQLContext>["executeHTTPGraphQLRequest"]>>;

function send({ status, headers, body }: ApolloResponse, reply: FastifyReply): FastifyReply {
  if (body.kind !== "complete")
    throw new Error("Expected a complete response: incremental delivery is not offered.");
  return reply
    .code(status ?? 200)
    .headers(Object.fromEntries(headers))
    .send(body.string);
}
