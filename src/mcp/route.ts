/**
 * The Model Context Protocol at `/mcp`: streamable HTTP without sessions. Each POST request has a server of its own, whose
 * tools act for the caller of the request, so instances behind a load balancer need not know each other's clients.
 */
import type { IncomingHttpHeaders } from "node:http";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { TrustedDocuments } from "../graphql/operation/documents.ts";
import { BAD_REQUEST, sendError } from "../http/error-responses.ts";
import { parseJsonBody } from "../http/lossless-json.ts";
import type { OperationRouteOptions } from "../http/operation-route.ts";
import { FORBIDDEN_ORIGIN, isAllowedOrigin } from "../http/origin.ts";
import { MCP_PATH } from "../http/paths.ts";
import { clientAbortSignal } from "../http/request-context.ts";
import { errorsIn, recordRejections } from "../http/request-log.ts";
import { KEEP_ALIVE_MS, startStream, writeChunked } from "../http/streamed-response.ts";
import type { OperationLog } from "../model/operation-log.ts";
import { DOCUMENTS } from "./documents.ts";
import { createGatewaySource } from "./gateway-source.ts";
import { createMcpServer } from "./tools.ts";

/** Adds the documents of the tools. Null: the gateway has no trusted documents, and runs all. */
export const withToolDocuments = (trusted: TrustedDocuments | null): TrustedDocuments | null =>
  trusted && {
    ...trusted,
    documents: new Map([...DOCUMENTS.map((text) => [text, text] as const), ...trusted.documents]),
  };

/**
 * Messages of agents have some hundred bytes. The SDK copies a message several times, which takes 200 ms for a hostile one
 * of a megabyte, and some errors repeat parts of it.
 */
const MAX_MESSAGE_BYTES = 2 ** 16;

/** A batch would be many operations in one request, of which limits count one. The current protocol has none either. */
const NO_BATCH = "Expected one JSON-RPC message, got a batch. Send each message in a request of its own.";

/** A Fastify plugin, so that its body parser and its form of errors apply to this route only. */
export async function mcpRoute(
  app: FastifyInstance,
  { run, createContext, allowedOrigins, requestLog, admission }: OperationRouteOptions,
) {
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, parseJsonBody);
  recordRejections(app, requestLog);
  sendErrorsAsJsonRpc(app);
  app.route({
    method: "POST",
    url: MCP_PATH,
    bodyLimit: Math.min(MAX_MESSAGE_BYTES, app.initialConfig.bodyLimit ?? MAX_MESSAGE_BYTES),
    onRequest: [...admission],
    handler: async (request, reply) => {
      const { headers, body } = request;
      if (!isAllowedOrigin(headers, allowedOrigins)) {
        return sendError(reply, 403, BAD_REQUEST, FORBIDDEN_ORIGIN);
      }
      if (Array.isArray(body)) return sendError(reply, 400, BAD_REQUEST, NO_BATCH);
      const signal = clientAbortSignal(reply);
      const operationLog = requestLog.operationLogOf(request);
      const context = createContext({ headers, operationLog, signal, acceptsSubscriptions: true });
      const server = createMcpServer({
        source: createGatewaySource(run, context),
        onInternalError: (error) => operationLog.internalErrors.push(error),
      });
      const transport = new WebStandardStreamableHTTPServerTransport({ keepAliveMs: KEEP_ALIVE_MS });
      await server.connect(transport);
      const response = await transport.handleRequest(toWebRequest(headers), { parsedBody: body });
      await send(response, reply, operationLog);
      await server.close();
      requestLog.logInternalErrors(request, signal);
      return reply;
    },
  });
}

/** What the transport reads of a request. It gets neither credentials nor the body, which has been parsed. */
function toWebRequest({ accept, ...headers }: IncomingHttpHeaders): Request {
  const { "content-type": contentType, "mcp-protocol-version": version } = headers;
  const read = Object.entries({ accept, "content-type": contentType, "mcp-protocol-version": version });
  return new Request(`http://gateway${MCP_PATH}`, {
    method: "POST",
    headers: read.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  });
}

/** Sends what the transport responds: a stream of messages, an error, or nothing to a notification. */
async function send(response: Response, reply: FastifyReply, operationLog: OperationLog): Promise<void> {
  const { status, body } = response;
  const contentType = response.headers.get("content-type") ?? "";
  if (contentType === EVENT_STREAM && body) {
    const stream = startStream(reply, status, { "content-type": contentType });
    for await (const chunk of body) {
      // False when the client has disconnected.
      if (!(await writeChunked(stream, Buffer.from(chunk)))) break;
    }
    stream.end();
    return;
  }
  if (status >= 400) operationLog.errorCodes.push(BAD_REQUEST);
  const text = await response.text();
  if (text === "") reply.code(status).send();
  else reply.code(status).type(contentType).send(text);
}

const EVENT_STREAM = "text/event-stream";

/** Codes of JSON-RPC and of the protocol: invalid request, internal error, all others. */
const jsonRpcCodeOf = (status: number): number =>
  status === 400 ? -32600 : status === 500 ? -32603 : -32000;

/** Errors of requests that reach no tool have the form of JSON-RPC. `data` is what `extensions` is in GraphQL. */
function sendErrorsAsJsonRpc(app: FastifyInstance): void {
  app.addHook("onSend", (_request, reply, payload, done) => {
    const [error] = errorsIn(payload);
    if (!error) return done();
    reply.type("application/json; charset=utf-8");
    const { message, extensions: data } = error;
    const code = jsonRpcCodeOf(reply.statusCode);
    done(null, JSON.stringify({ jsonrpc: "2.0", error: { code, message, data }, id: null }));
  });
}
