/** GraphQL over HTTP at `/graphql`: Fastify's request in, Apollo Server's response out. */
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Negotiator from "negotiator";
import type { GraphQLContext } from "../graphql/context.ts";
import type { Operations } from "../graphql/operations.ts";
import type { Shortcut } from "../graphql/shortcut.ts";
import { losslessSearch, parseJsonBody } from "./lossless-json.ts";
import { acceptsParts, sendParts } from "./multipart.ts";
import { GRAPHQL_PATH } from "./paths.ts";
import { type CreateContext, clientAbortSignal } from "./request-context.ts";
import type { RequestLog } from "./request-log.ts";

export interface GraphQLRouteOptions {
  readonly apollo: ApolloServer<GraphQLContext>;
  readonly shortcut: Shortcut;
  readonly operations: Pick<Operations, "begun">;
  readonly createContext: CreateContext;
  /** Where a request's operation is noted. */
  readonly requestLog: Pick<RequestLog, "traceOf" | "writeFaults">;
}

/** A Fastify plugin, so that its body parser stays its own. */
export async function graphqlRoute(
  app: FastifyInstance,
  { apollo, shortcut, operations, createContext, requestLog }: GraphQLRouteOptions,
) {
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  app.addHook("onSend", (request, reply, payload, done) => {
    // Requests that reach no operation end here without a trace of their error; those that do have noted theirs.
    if (reply.statusCode >= 400) {
      const { errorCodes } = requestLog.traceOf(request);
      if (errorCodes.length === 0) errorCodes.push(...codesIn(payload));
    }
    done();
  });
  app.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    handler: async (request, reply) => {
      const trace = requestLog.traceOf(request);
      const gone = clientAbortSignal(reply);
      const takesSubscription = acceptsParts(request.headers.accept);
      const context = createContext({ headers: request.headers, trace, signal: gone, takesSubscription });
      const short = await goShortcut(shortcut, request, context);
      if (short !== null) return reply.type(short.type).send(context.detached.attach(short.text));
      const response = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: toApolloRequest(request, takesSubscription),
        context: async () => context,
      });
      const results = operations.begun(context);
      if (results) {
        await sendParts(reply, results).catch((error: unknown) => trace.faults.push(error));
      }
      requestLog.writeFaults(request, gone);
      return results ? reply : send(response, context, reply);
    },
  });
}

/** The answer to an operation that the shortcut ran and that has no errors, else null. */
async function goShortcut(shortcut: Shortcut, { body, headers }: FastifyRequest, context: GraphQLContext) {
  const type = resultType(headers.accept);
  const settled = type && shortcut.run(body, context);
  if (!settled) return null;
  // For the long way, where its errors are seen to.
  context.settled = settled;
  const result = await settled.catch(() => null);
  return result === null || result.errors
    ? null
    : { type, text: `${JSON.stringify({ data: result.data })}\n` };
}

const RESULT_TYPES = [
  "application/json; charset=utf-8",
  "application/graphql-response+json; charset=utf-8",
] as const;

/** The type of a result, as Apollo Server chooses it; null when that cannot be one of these. */
function resultType(accept: string | undefined): string | null {
  if (!accept || accept === "*/*" || accept === "application/json") return RESULT_TYPES[0];
  return new Negotiator({ headers: { accept } }).mediaType([...RESULT_TYPES]) ?? null;
}

function toApolloRequest(request: FastifyRequest, takesSubscription: boolean): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  // Whatever is no subscription is answered in one piece.
  if (takesSubscription) headers.set("accept", "application/json");
  return { method: request.method, headers, search: losslessSearch(request.url), body: request.body };
}

type ApolloResponse = Awaited<ReturnType<ApolloServer<GraphQLContext>["executeHTTPGraphQLRequest"]>>;

function send(
  { status, headers, body }: ApolloResponse,
  { detached }: GraphQLContext,
  reply: FastifyReply,
): FastifyReply {
  if (body.kind !== "complete")
    throw new Error("Expected a complete response: incremental delivery is not offered.");
  return reply
    .code(status ?? 200)
    .headers(Object.fromEntries(headers))
    .send(detached.attach(body.string));
}

/** Error codes in a response body. */
function codesIn(body: unknown): string[] {
  if (typeof body !== "string" || !body.startsWith('{"errors":')) return [];
  // Every such body is a GraphQL result that was written here.
  const { errors } = JSON.parse(body) as { errors: readonly { extensions?: { code?: string } }[] };
  return errors.map(({ extensions }) => extensions?.code ?? "UNKNOWN");
}
