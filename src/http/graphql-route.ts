/** GraphQL over HTTP at `/graphql`: Fastify's request in, Apollo Server's response out. */
import type { IncomingHttpHeaders } from "node:http";
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLContext } from "../graphql/context.ts";
import type { DetachedJson } from "../graphql/executor/detached-rows.ts";
import type { Trace } from "../upstream/trace.ts";
import { exactSearch, parseRequestJson } from "./exact-json.ts";
import { GRAPHQL_PATH } from "./problems.ts";
import type { RequestLog } from "./request-log.ts";

export interface GraphQLRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly createContext: (headers: IncomingHttpHeaders, trace: Trace, signal: AbortSignal) => GraphQLContext;
  /** Where a request's operation is noted. */
  readonly requestLog: Pick<RequestLog, "traceOf" | "writeFaults">;
}

/** A Fastify plugin, so that its body parser stays its own. */
export async function graphqlRoute(
  app: FastifyInstance,
  { apollo, createContext, requestLog }: GraphQLRouteOptions,
) {
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string" },
    async (_request: FastifyRequest, body: string) => parseBody(body),
  );
  app.addHook("onSend", async (request, reply, payload) => {
    // Requests that reach no operation end here without a trace of their error; those that do have noted theirs.
    const { errorCodes } = requestLog.traceOf(request);
    if (reply.statusCode >= 400 && errorCodes.length === 0) errorCodes.push(...codesIn(payload));
  });
  app.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    handler: async (request, reply) => {
      const trace = requestLog.traceOf(request);
      const gone = goneSignal(reply);
      let context: GraphQLContext | undefined;
      const response = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toApolloRequest(request),
        context: async () => {
          try {
            context = createContext(request.headers, trace, gone);
            return context;
          } catch (error) {
            // Apollo Server answers it, and keeps it from `setErrorHandler`.
            trace.faults.push(error);
            throw error;
          }
        },
      });
      requestLog.writeFaults(request, gone);
      return send(response, context?.detached, reply);
    },
  });
}

function parseBody(body: string): unknown {
  try {
    return parseRequestJson(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw Object.assign(new Error(`Expected the request body to be JSON: ${reason}.`), { statusCode: 400 });
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

/** Aborts when the client goes away before its response is complete. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) gone.abort(new Error("The client has gone away."));
  });
  return gone.signal;
}

type ApolloResponse = Awaited<ReturnType<ApolloServer<GraphQLContext>["executeHTTPGraphQLRequest"]>>;

function send(
  { status, headers, body }: ApolloResponse,
  detached: DetachedJson | undefined,
  reply: FastifyReply,
): FastifyReply {
  if (body.kind !== "complete")
    throw new Error("Expected a complete response: incremental delivery is not offered.");
  return reply
    .code(status ?? 200)
    .headers(Object.fromEntries(headers))
    .send(detached ? detached.attach(body.string) : body.string);
}

/** Error codes in a response body. */
function codesIn(body: unknown): string[] {
  if (typeof body !== "string" || !body.startsWith('{"errors":')) return [];
  // Every such body is a GraphQL result that was written here.
  const { errors } = JSON.parse(body) as { errors: readonly { extensions?: { code?: string } }[] };
  return errors.map(({ extensions }) => extensions?.code ?? "UNKNOWN");
}
