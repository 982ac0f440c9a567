/**
 * Server-sent events at `/graphql/stream`: the GraphQL over SSE protocol in distinct connections mode, with one
 * connection per operation.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createHandler, type Response } from "graphql-sse";
import type { OperationContext } from "../graphql/context.ts";
import { responsesOf } from "../graphql/operation/run.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { documentIdOf, isRecord, type JsonObject, withQuery } from "./document-id.ts";
import { BAD_REQUEST, sendError } from "./error-responses.ts";
import { losslessSearch, parseJsonBody } from "./lossless-json.ts";
import type { OperationRouteOptions } from "./operation-route.ts";
import { FORBIDDEN_ORIGIN, isAllowedOrigin } from "./origin.ts";
import { STREAM_PATH } from "./paths.ts";
import { createRawJson, type JsonPlaceholder } from "./raw-json.ts";
import { clientAbortSignal } from "./request-context.ts";
import { recordRejections } from "./request-log.ts";
import { interruptStream, startStream, writeChunked } from "./streamed-response.ts";

const EVENT_STREAM = "text/event-stream";

/** A Fastify plugin, so that its body parser applies to this route only. */
export async function eventStreamRoute(
  app: FastifyInstance,
  { run, createContext, allowedOrigins, requestLog, admission }: OperationRouteOptions,
) {
  const handle = createHandler<FastifyRequest, StreamedOperation>({
    // No tokens: they would enable single connection mode, in which operations share a stream.
    authenticate: () => undefined,
    onSubscribe: async ({ raw, context: { context, pace } }, { query, operationName = null, variables }) => {
      const documentId = documentIdOf(parametersOf(raw));
      const request = { query, documentId, operationName, variables: variables ?? {} };
      return pace(responsesOf(await run(request, context)));
    },
  });

  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  recordRejections(app, requestLog);
  app.route({
    method: ["GET", "POST"],
    url: STREAM_PATH,
    onRequest: [...admission],
    handler: async (request, reply) => {
      const { headers } = request;
      const accept = headers.accept ?? "none";
      if (!accept.toLowerCase().includes(EVENT_STREAM)) {
        const message = `Expected the header \`Accept: ${EVENT_STREAM}\`, got ${accept}.`;
        return sendError(reply, 406, BAD_REQUEST, message);
      }
      if (!isAllowedOrigin(headers, allowedOrigins)) {
        return sendError(reply, 403, BAD_REQUEST, FORBIDDEN_ORIGIN);
      }
      const signal = clientAbortSignal(reply);
      const operationLog = requestLog.operationLogOf(request);
      const operation = createStreamedOperation(
        createContext({ headers, operationLog, signal, acceptsSubscriptions: true }),
      );
      const response = await handle({
        method: request.method,
        url: STREAM_PATH + searchWithQuery(request),
        headers: { get: (name) => (name === "accept" ? EVENT_STREAM : [headers[name]].flat().join()) },
        // A function, because the library retains this object while the operation runs. The body stays with Fastify's
        // request, which drops it when the stream starts. The library validates what `parseJsonBody` returned.
        body: request.body ? async () => withQuery(request.body) as JsonObject : null,
        raw: request,
        context: operation,
      });
      await send(response, reply, operation).catch((error: unknown) =>
        operationLog.internalErrors.push(error),
      );
      requestLog.logInternalErrors(request, signal);
      return reply;
    },
  });
}

/** The parameters of an operation. The library checks them. */
const parametersOf = ({ method, body, query }: FastifyRequest): JsonObject => {
  const parameters = method === "POST" ? body : query;
  return isRecord(parameters) ? parameters : {};
};

/** The library requires a document. */
function searchWithQuery(request: FastifyRequest): string {
  const search = losslessSearch(request.url);
  const isWithoutQuery = withQuery(request.query) !== request.query;
  return isWithoutQuery ? `${search}&query=` : search;
}

/** What connects an operation's results, which the library reads, to its events, which the library writes. */
interface StreamedOperation {
  readonly context: OperationContext;
  /**
   * Placeholders for the results, each one yielded only after the event of the previous one was written. Without this,
   * the library would buffer all results for a slow client.
   */
  readonly pace: (
    results: AsyncGenerator<string, void, undefined>,
  ) => AsyncGenerator<JsonPlaceholder, void, undefined>;
  /** The event that the library wrote, with the result in place of its placeholder. */
  readonly splice: (event: string) => string;
  /** Call it when an event has been written, and without an event when no more will be written. */
  readonly onWritten: (event?: string) => void;
}

function createStreamedOperation(context: OperationContext): StreamedOperation {
  const rawJson = createRawJson();
  let written = Promise.withResolvers<void>();
  return {
    context,
    pace: async function* (results) {
      for await (const json of results) {
        written = Promise.withResolvers();
        yield rawJson.placeholderFor(json);
        // Also resolves when the client disconnects. The signal of the context then ends the results.
        await written.promise;
      }
    },
    splice: rawJson.splice,
    onWritten: (event) => {
      if (event?.startsWith("event: next") ?? true) written.resolve();
    },
  };
}

async function send(
  [body, init]: Response,
  reply: FastifyReply,
  operation: StreamedOperation,
): Promise<void> {
  if (body === null || typeof body === "string") {
    return void sendError(reply, init.status, BAD_REQUEST, errorMessageIn(body) ?? init.statusText);
  }
  // The library's other headers concern the connection, or would replace `no-store`.
  const response = startStream(reply, init.status, {
    "content-type": String(init.headers?.["content-type"]),
  });
  try {
    for await (const event of body) {
      const isWritten = await writeChunked(response, operation.splice(event));
      // Must be called before the loop is left: leaving it ends `body`, which waits for `pace` to end.
      operation.onWritten(isWritten ? event : undefined);
      if (!isWritten) break;
    }
    response.end();
  } catch (error) {
    // No `complete` event, so that clients reconnect.
    interruptStream(response);
    // Any other error is internal, and logged by the caller.
    if (!(error instanceof StreamInterrupted)) throw error;
  }
}

/** The message in the library's response to an invalid request: a GraphQL result with errors, or null. */
function errorMessageIn(body: string | null): string | null {
  if (body === null) return null;
  const { errors } = JSON.parse(body) as { errors?: readonly { message: string }[] };
  return errors?.map(({ message }) => message).join(" ") ?? null;
}
