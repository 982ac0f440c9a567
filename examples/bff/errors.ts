/** Error responses of the BFF. */
import { JobClientError } from "bk-job-graphql/client";
import type { FastifyReply, FastifyRequest } from "fastify";

/** A request that the BFF rejects itself. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/** What clients of the BFF get. */
interface ErrorResponse {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number | null;
}

/** HTTP status for codes of the gateway that concern the user. */
const STATUSES: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  RATE_LIMITED: 429,
  UPSTREAM_TIMEOUT: 504,
};

/** Messages of other errors can name internal systems, so that they are logged only. */
const INTERNAL = { status: 502, code: "JOB_UNAVAILABLE", message: "The state of the job is not available." };

export function describeError(error: unknown): ErrorResponse {
  if (error instanceof RequestError) {
    return { status: error.statusCode, code: error.code, message: error.message };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return { status: 504, code: "DEADLINE_EXCEEDED", message: "The job could not be read in time." };
  }
  // Nobody receives this response. The status is for the log line, as in nginx.
  if (isAbort(error))
    return { status: 499, code: "CLIENT_CLOSED_REQUEST", message: "The client disconnected." };
  if (!(error instanceof JobClientError)) return { ...INTERNAL, status: 500 };
  const { code, message, retryAfterMs, isTransient } = error;
  const status = STATUSES[code];
  if (status !== undefined) return { status, code, message, retryAfterMs };
  return isTransient ? { ...INTERNAL, status: 503, retryAfterMs } : INTERNAL;
}

/** Fastify's error handler. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, retryAfterMs } = describeError(error);
  logError(error, request);
  if (retryAfterMs) reply.header("retry-after", Math.ceil(retryAfterMs / 1_000));
  return reply.code(status).send({ code, message, requestId: request.id });
}

/** Logs the request id of the gateway, with which its log lines can be found. No headers: they contain credentials. */
export function logError(error: unknown, { log }: FastifyRequest): void {
  if (error instanceof JobClientError) {
    log.warn({ code: error.code, gatewayRequestId: error.requestId }, error.message);
  } else if (!(error instanceof RequestError) && !isAbort(error)) {
    log.error(error);
  }
}

export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";
