/** Failures of an upstream call: everything that is not an outcome which a caller should be ready to render. */

/** The closed list of what can go wrong with a call. `docs/errors.md` explains each. */
export type UpstreamErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "RATE_LIMITED"
  | "UPSTREAM_TIMEOUT"
  | "UPSTREAM_UNAVAILABLE"
  | "UPSTREAM_ERROR"
  | "UPSTREAM_CONTRACT";

/** What the upstream said about itself, to quote to its support. Null where it said nothing. */
export interface ErrorDetails {
  /** HTTP status; null when no response came. */
  readonly httpStatus: number | null;
  /** The upstream's own error code: `NOT_FOUND`, `1640001`, … */
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

export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly code: UpstreamErrorCode;
  readonly upstream: ErrorDetails;
  /** When a new try makes sense, milliseconds from now; null where unknown. */
  readonly retryAfterMs: number | null;

  /** @param message fit to show to a caller: no secret, no address of the upstream. */
  constructor(
    code: UpstreamErrorCode,
    message: string,
    upstream: ErrorDetails = NO_ERROR_DETAILS,
    retryAfterMs: number | null = null,
  ) {
    super(message);
    this.code = code;
    this.upstream = upstream;
    this.retryAfterMs = retryAfterMs;
  }
}
