/** GraphQL over HTTP at `/graphql`. */
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";
import type { ApolloContext } from "../graphql/apollo-server.ts";
import type { OperationContext } from "../graphql/context.ts";
import { codeOf } from "../graphql/errors.ts";
import { isRefusal, type Prepare } from "../graphql/operation/prepare.ts";
import { type RunOperation, refusal, type Single, type Stream } from "../graphql/operation/run.ts";
import { BAD_REQUEST, sendError } from "./error-responses.ts";
import { type GraphQLRequest, readGraphQLRequest } from "./graphql-request.ts";
import { losslessSearch, parseJsonBody } from "./lossless-json.ts";
import { acceptsParts, sendParts } from "./multipart.ts";
import { GRAPHQL_PATH } from "./paths.ts";
import { type CreateContext, clientAbortSignal } from "./request-context.ts";
import type { RequestLog } from "./request-log.ts";
import { MAX_STUCK_MS } from "./streamed-response.ts";

export interface GraphQLRouteOptions {
  readonly apollo: ApolloServer<ApolloContext>;
  readonly prepare: Prepare;
  readonly run: RunOperation;
  readonly createContext: CreateContext;
  /** Where a request's operation is noted. */
  readonly requestLog: Pick<RequestLog, "operationLogOf" | "logInternalErrors">;
}

/** A Fastify plugin, so that its body parser stays its own. */
export async function graphqlRoute(app: FastifyInstance, options: GraphQLRouteOptions) {
  const { run, createContext, requestLog } = options;
  const responseType = createResponseType();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  app.addHook("onSend", (request, reply, payload, done) => {
    // Requests that reach no operation end here without a note of their error; those that do have noted theirs.
    if (reply.statusCode >= 400) {
      const { errorCodes } = requestLog.operationLogOf(request);
      if (errorCodes.length === 0) errorCodes.push(...codesIn(payload));
    }
    done();
  });
  app.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    handler: async (request, reply) => {
      const { headers } = request;
      const signal = clientAbortSignal(reply);
      const operationLog = requestLog.operationLogOf(request);
      const acceptsSubscriptions = acceptsParts(headers.accept);
      const context = createContext({ headers, operationLog, signal, acceptsSubscriptions });
      const contentType = responseType(headers.accept);
      const read = readGraphQLRequest(request);
      if (contentType === null) return sendError(reply, 406, BAD_REQUEST, notAcceptable(headers.accept));
      const exchange = { request, reply, contentType, context };
      if (read.kind === "invalid")
        await respond(exchange, refusal([{ message: read.message, extensions: { code: BAD_REQUEST } }]));
      else if (read.kind === "operation") await respond(exchange, await run(read.operation, context));
      else await respondThroughApollo(exchange, read, options);
      requestLog.logInternalErrors(request, signal);
      return reply;
    },
  });
}

/** A request and where its response goes. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly contentType: string;
  readonly context: OperationContext;
}

/** Apollo Server reads the request and chooses status and headers; what it runs is run as everything else. */
async function respondThroughApollo(
  exchange: Exchange,
  { text, operationName }: Extract<GraphQLRequest, { kind: "other" }>,
  { apollo, prepare, run }: GraphQLRouteOptions,
): Promise<void> {
  const { request, reply, contentType, context } = exchange;
  const wantsPage = acceptsHtml(request.headers.accept);
  // A text that would overflow the stack must not get to Apollo Server's parser.
  const prepared = text === null || wantsPage ? null : prepare(text, operationName);
  if (prepared && isRefusal(prepared)) {
    return respond(exchange, refusal(prepared.errors));
  }
  let result: Single | Stream | null = null;
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: toApolloRequest(request, wantsPage ? null : contentType),
    context: async () => ({
      operationLog: context.operationLog,
      run: async (operation) => {
        result = await run(operation, context);
      },
    }),
  });
  if (result) return respond(exchange, result);
  const { status = 200, headers, body } = response;
  if (body.kind !== "complete")
    throw new Error("Expected a complete response: there is no incremental delivery.");
  reply.code(status).headers(Object.fromEntries(headers)).send(body.string);
}

/** Sends what came of an operation. */
async function respond({ reply, contentType, context }: Exchange, result: Single | Stream): Promise<void> {
  if (result.kind === "stream") {
    return sendParts(reply, result.responses).catch(
      (error: unknown) => void context.operationLog.internalErrors.push(error),
    );
  }
  // `close` also follows a complete response. Until then, the operating system may still read from the body.
  reply.raw.once("close", result.release);
  // A client that reads nothing of a large response for a minute is disconnected.
  if (result.body.length > LARGE_BODY_BYTES) reply.raw.setTimeout(MAX_STUCK_MS, () => reply.raw.destroy());
  reply.code(statusOf(result)).type(contentType).send(result.body);
}

/** Smaller ones fit into the buffers of the operating system. */
const LARGE_BODY_BYTES = 2 ** 16;

const statusOf = ({ refusal }: Single): number => {
  if (!refusal) return 200;
  return refusal.some((error) => codeOf(error) === "INTERNAL_SERVER_ERROR") ? 500 : 400;
};

const RESPONSE_TYPES = [
  "application/json; charset=utf-8",
  "application/graphql-response+json; charset=utf-8",
] as const;

/** `Accept` headers whose content type is remembered: clients have few, and negotiation costs a few microseconds. */
const MAX_ACCEPTS = 100;
const MAX_ACCEPT_LENGTH = 300;

/** Chooses the content type of a response as Apollo Server does; null when the client accepts neither. */
function createResponseType(): (accept: string | undefined) => string | null {
  const known = new LRUCache<string, { readonly type: string | null }>({ max: MAX_ACCEPTS });
  return (accept) => {
    if (!accept || accept.length > MAX_ACCEPT_LENGTH) return negotiate(accept);
    const found = known.get(accept);
    if (found) return found.type;
    const type = negotiate(accept);
    known.set(accept, { type });
    return type;
  };
}

function negotiate(accept: string | undefined): string | null {
  if (!accept) return RESPONSE_TYPES[0];
  const chosen = new Negotiator({ headers: { accept } }).mediaType([...RESPONSE_TYPES]);
  // A client that takes subscriptions in parts, and a browser that wants a page, can read JSON too.
  if (chosen === undefined && (acceptsParts(accept) || acceptsHtml(accept))) return RESPONSE_TYPES[0];
  return chosen ?? null;
}

const acceptsHtml = (accept = ""): boolean => /\btext\/html\b/i.test(accept);

const notAcceptable = (accept = ""): string =>
  `Expected \`Accept\` to allow application/json or application/graphql-response+json, got ${accept}.`;

/** @param accept in place of the request's, when it is decided already. */
function toApolloRequest(request: FastifyRequest, accept: string | null): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  if (accept !== null) headers.set("accept", accept);
  return { method: request.method, headers, search: losslessSearch(request.url), body: request.body };
}

/** Error codes in a response body. */
function codesIn(body: unknown): string[] {
  if (typeof body !== "string" || !body.startsWith('{"errors":')) return [];
  // Every such body is a GraphQL result that was written here.
  const { errors } = JSON.parse(body) as { errors: readonly { extensions?: { code?: string } }[] };
  return errors.map(({ extensions }) => extensions?.code ?? "UNKNOWN");
}
