/** Error responses to requests that reach no operation: each has the form of a GraphQL result. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { formatError } from "../graphql/errors.ts";
import { HEALTH_PATHS } from "./health.ts";
import { UnreadableBody } from "./lossless-json.ts";
import { GRAPHQL_PATH, pathOf, STREAM_PATH } from "./paths.ts";

export const BAD_REQUEST = "BAD_REQUEST";
export const SHUTTING_DOWN = "SHUTTING_DOWN";
export const SHUTTING_DOWN_MESSAGE = "The gateway is shutting down; try another instance.";

export const sendError = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ errors: [{ message, extensions: { code } }] });

/** A failure before an operation: the client's, which is explained, or our own, which is masked and logged. */
export function sendFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  if (error instanceof UnreadableBody) reply.headers(error.headers);
  if (status < 500) return sendError(reply, status, BAD_REQUEST, explain(error, request));
  request.log.error({ err: error }, "internal error");
  return reply.code(500).send({ errors: [formatError({ message: error.message }, error)] });
}

function explain(error: FastifyError, { headers, routeOptions }: FastifyRequest): string {
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `Expected the content type application/json, got ${headers["content-type"] ?? "none"}.`;
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return `Expected a body of at most ${routeOptions.bodyLimit} bytes, got more.`;
    case "FST_ERR_BAD_URL":
      return "Expected a path that can be decoded, got a broken percent-encoding.";
    default:
      return error.message;
  }
}

const ALLOWED_METHODS = new Map([
  [GRAPHQL_PATH, "GET, POST"],
  [STREAM_PATH, "GET, POST"],
  ...HEALTH_PATHS.map((path) => [path, "GET, HEAD"] as const),
]);

/** For what no route takes: a known path with another method, or an unknown path. */
export function sendNotFound({ method, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const allowed = ALLOWED_METHODS.get(pathOf(url));
  if (allowed !== undefined) {
    reply.header("allow", allowed);
    return sendError(reply, 405, BAD_REQUEST, `Expected one of the methods ${allowed}, got ${method}.`);
  }
  const known = [...ALLOWED_METHODS.keys()].join(", ");
  return sendError(reply, 404, BAD_REQUEST, `Expected one of the paths ${known}; nothing else is here.`);
}

/** Statuses of what Node.js cannot read as a request, by its error codes; 400 for all others. */
const UNREADABLE = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/**
 * Answers what is no HTTP request. Its bytes, which Node.js attaches to the error, go nowhere: there may be
 * credentials in them.
 */
export function refuseUnreadable(
  error: Error & { readonly code?: string },
  socket: Socket,
  logger: FastifyBaseLogger,
): void {
  // A client that has gone away is no news.
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = UNREADABLE.get(error.code ?? "") ?? "400 Bad Request";
  logger.info({ statusCode: Number.parseInt(status, 10), reason: error.code }, "unreadable request");
  const message = `Expected an HTTP request, got what cannot be read (${error.code}).`;
  endSocket(socket, status, BAD_REQUEST, message);
}

/** Answers on a connection that has no response object, and ends it. @param status with its reason phrase. */
export function endSocket(socket: Duplex, status: string, code: string, message: string): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  // A client that keeps its side open would keep the server from closing, too.
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
