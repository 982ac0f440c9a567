/**
 * Operations by server-sent events at `/graphql/stream`: GraphQL over SSE in its distinct connections mode, in which
 * every operation has a connection of its own.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createHandler, type Response } from "graphql-sse";
import type { OperationContext } from "../graphql/context.ts";
import { type RunOperation, responsesOf } from "../graphql/operation/run.ts";
import { StreamInterrupted } from "../model/errors.ts";
import { BAD_REQUEST, sendError } from "./error-responses.ts";
import { createInsertedText, type ResultMark } from "./inserted-text.ts";
import { losslessSearch, parseJsonBody } from "./lossless-json.ts";
import { isAllowedOrigin, OTHER_ORIGIN } from "./origin.ts";
import { STREAM_PATH } from "./paths.ts";
import { type CreateContext, clientAbortSignal } from "./request-context.ts";
import type { RequestLog } from "./request-log.ts";
import { beginStream, interruptStream, writeString } from "./streamed-response.ts";

export interface EventStreamOptions {
  readonly run: RunOperation;
  readonly createContext: CreateContext;
  readonly allowedOrigins: readonly string[];
  readonly requestLog: Pick<RequestLog, "operationLogOf" | "logInternalErrors">;
}

const EVENT_STREAM = "text/event-stream";

/** A Fastify plugin, so that its body parser stays its own. */
export async function eventStreamRoute(
  app: FastifyInstance,
  { run, createContext, allowedOrigins, requestLog }: EventStreamOptions,
) {
  const handle = createHandler<FastifyRequest, Exchange>({
    // No tokens: they would join several requests to one stream.
    authenticate: () => undefined,
    onSubscribe: async ({ context: { context, pace } }, { query, operationName, variables }) => {
      const request = { query, operationName: operationName ?? null, variables: variables ?? {} };
      return pace(responsesOf(await run(request, context)));
    },
  });

  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  app.route({
    method: ["GET", "POST"],
    url: STREAM_PATH,
    handler: async (request, reply) => {
      const { headers } = request;
      const accept = headers.accept ?? "nothing";
      if (!accept.toLowerCase().includes(EVENT_STREAM)) {
        return sendError(
          reply,
          406,
          BAD_REQUEST,
          `Expected the header \`Accept: ${EVENT_STREAM}\`, got ${accept}.`,
        );
      }
      if (!isAllowedOrigin(headers, allowedOrigins)) return sendError(reply, 403, BAD_REQUEST, OTHER_ORIGIN);
      const signal = clientAbortSignal(reply);
      const operationLog = requestLog.operationLogOf(request);
      const context = createContext({ headers, operationLog, signal, acceptsSubscriptions: true });
      const exchange = createExchange(context);
      const answer = await handle({
        method: request.method,
        url: STREAM_PATH + losslessSearch(request.url),
        headers: { get: (name) => (name === "accept" ? EVENT_STREAM : [headers[name]].flat().join()) },
        // What `parseJsonBody` made of it; the library checks what is in it. It keeps this request for as long as it
        // has results, so the body is left with Fastify's, which loses it when the stream begins.
        body: request.body ? async () => request.body as Readonly<Record<string, unknown>> : null,
        raw: request,
        context: exchange,
      });
      await send(answer, reply, exchange).catch((error: unknown) => operationLog.internalErrors.push(error));
      requestLog.logInternalErrors(request, signal);
      return reply;
    },
  });
}

/** One operation on its way through the library. */
interface Exchange {
  readonly context: OperationContext;
  /**
   * Results in the form that the library takes, each when the one before was written: it would gather whatever it
   * gets for a client that is slow.
   */
  readonly pace: (
    responses: AsyncGenerator<string, void, undefined>,
  ) => AsyncGenerator<ResultMark, void, undefined>;
  /** An event as the library wrote it, as it is to be sent. */
  readonly complete: (event: string) => string;
  /** That event was sent, or never will be. */
  readonly passed: (event?: string) => void;
}

function createExchange(context: OperationContext): Exchange {
  const texts = createInsertedText();
  let passed = Promise.withResolvers<void>();
  return {
    context,
    pace: async function* (responses) {
      for await (const text of responses) {
        passed = Promise.withResolvers();
        yield texts.markOf(text);
        // Also when the client goes: then the signal of the context ends the results.
        await passed.promise;
      }
    },
    complete: texts.insert,
    passed: (event) => {
      if (event?.startsWith("event: next") ?? true) passed.resolve();
    },
  };
}

async function send([body, init]: Response, reply: FastifyReply, exchange: Exchange): Promise<void> {
  if (body === null || typeof body === "string") {
    return void sendError(reply, init.status, BAD_REQUEST, refusalOf(body) ?? init.statusText);
  }
  // The library's other headers are of the connection, and would take the place of `no-store`.
  const response = beginStream(reply, init.status, {
    "content-type": String(init.headers?.["content-type"]),
  });
  try {
    for await (const event of body) {
      const isWritten = await writeString(response, exchange.complete(event));
      // Before the end of `body`, which waits for the results to end.
      exchange.passed(isWritten ? event : undefined);
      if (!isWritten) break;
    }
    response.end();
  } catch (error) {
    // Without the event `complete`: clients connect again.
    interruptStream(response);
    // Anything else is a fault, for the log.
    if (!(error instanceof StreamInterrupted)) throw error;
  }
}

/** What the library says of a request that it cannot read: a message, or a GraphQL result with one. */
function refusalOf(body: string | null): string | null {
  if (body === null) return null;
  const { errors } = JSON.parse(body) as { errors?: readonly { message: string }[] };
  return errors?.map(({ message }) => message).join(" ") ?? null;
}
