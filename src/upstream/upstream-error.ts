/** Errors of upstream calls. Outcomes that a user interface shows, such as "no permission", are not errors. */

/** The error codes of upstream calls. `docs/errors.md` explains each. */
export type UpstreamErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "RATE_LIMITED"
  | "UPSTREAM_TIMEOUT"
  | "UPSTREAM_UNAVAILABLE"
  | "UPSTREAM_ERROR"
  | "UPSTREAM_CONTRACT";

/** Details of an upstream response, for support requests. Null where the response has no such value. */
export interface ErrorDetails {
  /** HTTP status; null if no response was received. */
  readonly httpStatus: number | null;
  /** The upstream's error code: `NOT_FOUND`, `1640001`, … */
  readonly code: string | null;
  /** bk-job's `job_request_id`. */
  readonly jobRequestId: string | null;
  /** `X-Bkapi-Request-Id` of the API Gateway. */
  readonly gatewayRequestId: string | null;
}

export const NO_ERROR_DETAILS: ErrorDetails = {
  httpStatus: null,
  code: null,
  jobRequestId: null,
  gatewayRequestId: null,
};

/**
 * Where an error occurred. `connection`: the connection failed in a way that may be over at once. `gateway`: the gateway
 * did not call the upstream, because of a limit of its own. `upstream`: all others.
 */
export type ErrorOrigin = "connection" | "gateway" | "upstream";

export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly code: UpstreamErrorCode;
  readonly upstream: ErrorDetails;
  /** Milliseconds until a retry makes sense; null if unknown. */
  readonly retryAfterMs: number | null;
  readonly origin: ErrorOrigin;
  /** For logs, what the code does not say. Null if there is no more to say. */
  readonly reason: string | null;

  /** @param message is shown to callers, so it must contain neither secrets nor the upstream's address. */
  constructor(
    code: UpstreamErrorCode,
    message: string,
    upstream: ErrorDetails = NO_ERROR_DETAILS,
    retryAfterMs: number | null = null,
    origin: ErrorOrigin = "upstream",
    reason: string | null = null,
  ) {
    super(message);
    this.code = code;
    this.upstream = upstream;
    this.retryAfterMs = retryAfterMs;
    this.origin = origin;
    const { httpStatus } = upstream;
    this.reason = reason ?? (httpStatus !== null && httpStatus >= 400 ? `HTTP ${httpStatus}` : null);
  }
}

const REJECTION_CODES: ReadonlySet<UpstreamErrorCode> = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/** True when the upstream rejected the caller's credentials. A retry cannot help; other callers may not be affected. */
export const areCredentialsRejected = (error: unknown): boolean =>
  error instanceof UpstreamError && REJECTION_CODES.has(error.code);
