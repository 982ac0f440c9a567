/** Error responses to requests that do not reach an operation. Each body is a GraphQL result. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLFormattedError } from "graphql";
import { formatError } from "../graphql/errors.ts";
import type { LimitName } from "../model/limits.ts";
import { errorContentType } from "./content-type.ts";
import { UnreadableBody } from "./lossless-json.ts";
import { ALLOWED_METHODS, isPathOf, pathOf } from "./paths.ts";

export const BAD_REQUEST = "BAD_REQUEST";
export const SHUTTING_DOWN = "SHUTTING_DOWN";
export const SHUTTING_DOWN_MESSAGE = "The gateway is shutting down. Retry on another instance.";

export const sendError = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ errors: [{ message, extensions: { code } }] });

declare module "fastify" {
  interface FastifyRequest {
    /** The name of the limit because of which the request is rejected. Absent if it is not. */
    exceededLimit?: LimitName;
  }
}

/** Rejects a request because of a limit, with an error that says when to retry. */
export function sendRejection(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  error: GraphQLFormattedError,
  limit: LimitName,
): FastifyReply {
  request.exceededLimit = limit;
  setRetryAfter(reply, error);
  const body = JSON.stringify({ errors: [error] });
  return reply.code(status).type(errorContentType(request.headers.accept)).send(body);
}

/** Sets `Retry-After` as the error says, in whole seconds. */
export function setRetryAfter(reply: FastifyReply, { extensions }: GraphQLFormattedError): void {
  reply.header("retry-after", Math.ceil(Number(extensions?.retryAfterMs) / 1_000));
}

/** Fastify's error handler. Explains errors of the client; masks and logs all others. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  if (error instanceof UnreadableBody) reply.headers(error.headers);
  if (status < 500) return sendError(reply, status, BAD_REQUEST, explain(error, request));
  request.log.error({ err: error }, "internal error");
  return reply.code(500).send({ errors: [formatError({ message: error.message }, error)] });
}

const BODY_TOO_LARGE = "FST_ERR_CTP_BODY_TOO_LARGE";

export const isBodyTooLarge = ({ code }: FastifyError): boolean => code === BODY_TOO_LARGE;

function explain(error: FastifyError, { headers, routeOptions }: FastifyRequest): string {
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `Expected the content type application/json, got ${headers["content-type"] ?? "none"}.`;
    case BODY_TOO_LARGE:
      return `Request body too large (maximum ${routeOptions.bodyLimit} bytes). Send a smaller operation.`;
    case "FST_ERR_BAD_URL":
      return "Invalid percent-encoding in the path.";
    default:
      return error.message;
  }
}

/** For requests without a route (an unknown path, or a known path with another method) and for files that do not exist. */
export function handleNotFound({ method, url, server }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = [...ALLOWED_METHODS.keys()].filter((path) =>
    ["GET", "POST"].some((served) => server.hasRoute({ method: served, url: path })),
  );
  const path = pathOf(url);
  const allowed = ALLOWED_METHODS.get(known.find((route) => isPathOf(route, path)) ?? "");
  if (allowed !== undefined && !allowed.split(", ").includes(method)) {
    reply.header("allow", allowed);
    return sendError(reply, 405, BAD_REQUEST, `Method ${method} is not allowed. Use one of ${allowed}.`);
  }
  return sendError(reply, 404, BAD_REQUEST, `No such path. The gateway serves ${known.join(", ")}.`);
}

/** Statuses of requests that Node.js cannot parse, by its error codes. All others get 400. */
const PARSE_ERROR_STATUSES = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/**
 * Responds to a request that Node.js cannot parse. Its bytes, which Node.js attaches to the error, are neither sent nor
 * logged, because they may contain credentials.
 */
export function rejectMalformedRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
  logger: FastifyBaseLogger,
): void {
  // The client has disconnected: there is nobody to respond to.
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status = PARSE_ERROR_STATUSES.get(error.code ?? "") ?? "400 Bad Request";
  logger.info({ statusCode: Number.parseInt(status, 10), reason: error.code }, "malformed request");
  endSocket(socket, status, BAD_REQUEST, `Malformed HTTP request (${error.code}).`);
}

/**
 * Sends an error response on a connection without a response object, and closes the connection.
 * @param status with its reason phrase.
 */
export function endSocket(socket: Duplex, status: string, code: string, message: string): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  // A client that keeps its side open must not keep the server from closing.
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
