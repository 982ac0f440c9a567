/** GraphQL over HTTP at `/graphql`. */
import { type ApolloServer, HeaderMap, type HTTPGraphQLRequest } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type ApolloContext, PREFLIGHT_HEADER } from "../graphql/apollo-server.ts";
import type { OperationContext } from "../graphql/context.ts";
import { codeOf } from "../graphql/errors.ts";
import { LANDING_PAGE } from "../graphql/landing-page.ts";
import type { Documents } from "../graphql/operation/documents.ts";
import type { Prepare } from "../graphql/operation/prepare.ts";
import { isInvalid } from "../graphql/operation/request-errors.ts";
import { rejectOperation, type Single, type Stream } from "../graphql/operation/run.ts";
import { type CompressionOptions, chooseEncoding, compress, createEncoder } from "./compression.ts";
import { acceptsHtml, createContentNegotiation } from "./content-type.ts";
import { isRecord } from "./document-id.ts";
import { BAD_REQUEST, sendError, setRetryAfter } from "./error-responses.ts";
import { type GraphQLRequest, readGraphQLRequest } from "./graphql-request.ts";
import { OVERLOADED } from "./load-shedding.ts";
import { losslessSearch, parseJsonBody } from "./lossless-json.ts";
import { acceptsMultipart, sendMultipart } from "./multipart.ts";
import type { OperationRouteOptions } from "./operation-route.ts";
import { isNotForged } from "./origin.ts";
import type { PageFiles } from "./page-files.ts";
import { pageHeaders } from "./page-headers.ts";
import { sendPage } from "./page-routes.ts";
import { GRAPHQL_PATH } from "./paths.ts";
import { clientAbortSignal } from "./request-context.ts";
import { recordRejections } from "./request-log.ts";
import { MAX_SOCKET_BUFFER_BYTES, sendEncoded, sendLarge } from "./streamed-response.ts";

export interface GraphQLRouteOptions extends OperationRouteOptions {
  readonly apollo: ApolloServer<ApolloContext>;
  readonly documents: Documents;
  readonly prepare: Prepare;
  /** Null: browsers get no page. */
  readonly pages: PageFiles | null;
  /** Null: no response is compressed. */
  readonly compression: CompressionOptions | null;
}

/** A Fastify plugin, so that its body parser applies to this route only. */
export async function graphqlRoute(app: FastifyInstance, options: GraphQLRouteOptions) {
  const { documents, run, createContext, requestLog, admission, compression } = options;
  const contentTypeFor = createContentNegotiation();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  recordRejections(app, requestLog);
  app.route({
    method: ["GET", "POST"],
    url: GRAPHQL_PATH,
    onRequest: [...admission],
    handler: async (request, reply) => {
      const { headers } = request;
      const signal = clientAbortSignal(reply);
      const operationLog = requestLog.operationLogOf(request);
      const acceptsSubscriptions = acceptsMultipart(headers.accept);
      const context = createContext({ headers, operationLog, signal, acceptsSubscriptions });
      const contentType = contentTypeFor(headers.accept);
      const graphqlRequest = readGraphQLRequest(request, documents.isAutomatic);
      if (contentType === null) return sendError(reply, 406, BAD_REQUEST, notAcceptable(headers.accept));
      const target = { request, reply, contentType, context, compression };
      if (graphqlRequest.kind === "invalid") {
        const { message } = graphqlRequest;
        await sendResult(target, rejectOperation([{ message, extensions: { code: BAD_REQUEST } }], context));
      } else if (graphqlRequest.kind === "operation") {
        await sendResult(target, await run(graphqlRequest.operation, context));
      } else await respondThroughApollo(target, graphqlRequest, options);
      requestLog.logInternalErrors(request, signal);
      return reply;
    },
  });
}

/** What a response is written to and depends on. */
interface ResponseTarget {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly contentType: string;
  readonly context: OperationContext;
  readonly compression: CompressionOptions | null;
}

/** Apollo Server reads the request and chooses status and headers. Its operations run through the same pipeline. */
async function respondThroughApollo(
  target: ResponseTarget,
  { document, operationName }: Extract<GraphQLRequest, { kind: "apollo" }>,
  { apollo, documents, prepare, run, pages, allowedOrigins }: GraphQLRouteOptions,
): Promise<void> {
  const { request, reply, contentType, context } = target;
  const acceptsPage = acceptsHtml(request.headers.accept);
  const wantsPage = acceptsPage && pages !== null;
  const isEmpty = document.query === null && document.documentId === null;
  if (acceptsPage && !pages && isEmpty) {
    return sendResult(
      target,
      rejectOperation([{ message: NO_EXPLORER, extensions: { code: BAD_REQUEST } }], context),
    );
  }
  // Checks limits first: deep nesting would overflow the stack of Apollo Server's parser.
  const text = isEmpty || wantsPage ? null : documents.textOf(document);
  const checked = typeof text === "string" ? prepare(text, operationName) : text;
  if (checked && isInvalid(checked))
    return sendResult(target, rejectOperation(checked.errors, context, checked.reason));
  let result: Single | Stream | null = null;
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: toApolloRequest(request, {
      accept: wantsPage ? null : contentType,
      text: typeof text === "string" && document.documentId !== null ? text : null,
      needsNoPreflight: isNotForged(request.headers, allowedOrigins),
    }),
    context: async () => ({
      operationLog: context.operationLog,
      run: async (operation) => {
        result = await run(operation, context);
      },
    }),
  });
  if (result) return sendResult(target, result);
  const { status = 200, headers, body } = response;
  if (body.kind !== "complete") throw new Error("Expected a complete response, got incremental delivery.");
  if (pages && body.string === LANDING_PAGE) {
    await sendPage(request, reply, pages, "sandbox", SANDBOX_HEADERS);
    return;
  }
  reply.code(status).headers(Object.fromEntries(headers)).send(body.string);
}

/** Apollo's script runs in the page and sends the operations of the user, whom a frame from Apollo asks what to send. */
const SANDBOX_HEADERS = {
  ...pageHeaders({
    "script-src": "'self' https://embeddable-sandbox.cdn.apollographql.com",
    "frame-src": "https://sandbox.embed.apollographql.com",
  }),
  // The frame opens a window when a user logs in to Apollo.
  "cross-origin-opener-policy": "same-origin-allow-popups",
};

const NO_EXPLORER = "The explorer of this gateway is disabled. Send GraphQL operations by POST.";

async function sendResult(
  { request, reply, contentType, context, compression }: ResponseTarget,
  result: Single | Stream,
): Promise<void> {
  if (result.kind === "stream") {
    return sendMultipart(reply, result.responses).catch(
      (error: unknown) => void context.operationLog.internalErrors.push(error),
    );
  }
  // `close` is emitted after every response, complete or not. Until then, the operating system may read the body.
  reply.raw.once("close", result.release);
  const status = httpStatusOf(result);
  if (status === 503) for (const error of result.requestErrors ?? []) setRetryAfter(reply, error);
  const { body } = result;
  const isLarge = body.length > MAX_SOCKET_BUFFER_BYTES;
  const encoding = compression && chooseEncoding(compression, request, reply, body.length);
  if (encoding) {
    const headers = { "content-type": contentType, "content-encoding": encoding };
    if (isLarge) return sendEncoded(reply, status, headers, body, createEncoder[encoding]());
    reply.code(status).headers(headers).send(compress[encoding](body));
    return;
  }
  if (isLarge) return sendLarge(reply, status, contentType, body);
  reply.code(status).type(contentType).send(body);
}

const httpStatusOf = ({ requestErrors }: Single): number => {
  if (!requestErrors) return 200;
  const codes = requestErrors.map(codeOf);
  if (codes.includes(OVERLOADED)) return 503;
  return codes.includes("INTERNAL_SERVER_ERROR") ? 500 : 400;
};

const notAcceptable = (accept = ""): string =>
  `Expected \`Accept\` to allow application/json or application/graphql-response+json, got ${accept}.`;

interface ApolloRequestOptions {
  /** Replaces the request's `Accept` header if the content type has been chosen. */
  readonly accept: string | null;
  /** Replaces the id of a trusted document, which Apollo Server does not know. */
  readonly text: string | null;
  /** Whether the request needs no header against CSRF. */
  readonly needsNoPreflight: boolean;
}

function toApolloRequest(
  request: FastifyRequest,
  { accept, text, needsNoPreflight }: ApolloRequestOptions,
): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  if (accept !== null) headers.set("accept", accept);
  if (needsNoPreflight) headers.set(PREFLIGHT_HEADER, "true");
  const { method, url, body } = request;
  const search = losslessSearch(url);
  if (text === null) return { method, headers, search, body };
  const params = new URLSearchParams(search);
  params.set("query", text);
  params.delete("extensions");
  const withText = isRecord(body) ? { ...body, query: text, extensions: undefined } : body;
  return { method, headers, search: `?${params}`, body: withText };
}
