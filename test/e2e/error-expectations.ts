/** The expected result for every error job of the simulator, in English and in the simulator's order. */

/** The request ids in a response. */
type Ids = "job and gateway" | "gateway" | "none";

export interface Failure {
  /** `extensions.code`. */
  readonly code: string;
  /** `extensions.upstream.httpStatus`; null if there was no response, and therefore no `upstream`. */
  readonly httpStatus: number | null;
  /** `extensions.upstream.code`. */
  readonly upstreamCode: string | null;
  readonly message: RegExp | string;
  readonly ids: Ids;
  readonly retryAfterMs?: number;
}

export type Expectation =
  | { readonly failure: Failure }
  | { readonly outcome: "JobInstance" }
  | { readonly outcome: "JobInstanceNotFound" | "PermissionDenied"; readonly message: string };

const failure =
  (ids: Ids) =>
  (
    code: string,
    httpStatus: number,
    upstreamCode: string | null,
    message: RegExp | string,
    retryAfterMs?: number,
  ): Expectation => ({
    failure: {
      code,
      httpStatus,
      upstreamCode,
      message,
      ids,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  });

const job = failure("job and gateway");
const gateway = failure("gateway");
const contract = (message: RegExp | string, httpStatus = 200, ids: Ids = "gateway") =>
  failure(ids)("UPSTREAM_CONTRACT", httpStatus, null, message);
const shape = (message: string) => contract(message, 200, "job and gateway");
const unreached = (code: string, message: RegExp | string): Expectation => ({
  failure: { code, httpStatus: null, upstreamCode: null, message, ids: "none" },
});
const denied = {
  outcome: "PermissionDenied",
  message:
    "User (张三) has insufficient permissions; please apply for them in the permission center and try again",
} as const;

/** The body limit of the gateway. */
export const MAX_BODY_BYTES = 1_000_000;
/** The timeout of the gateway for calls that never end. */
export const HASTY_MS = 400;

const tooLarge = contract(/^The response body exceeds the maximum of 1000000 bytes/);
const BAD_CREDENTIALS = 'Parameters error [reason="bk_app_code or bk_app_secret is incorrect"]';
const NO_MESSAGE = (status: number) => `The upstream responded with HTTP ${status} and no error message.`;
const UPSTREAM_ERROR = '[upstream_error="cannot read header from upstream"]';
const END_TIME = "milliseconds since the epoch, no later than the year 9999";

export const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  // bk-job's V4 envelope
  20000090001: job("UPSTREAM_ERROR", 400, "INVALID_ARGUMENT", "Request parameter is invalid"),
  20000090002: { outcome: "JobInstanceNotFound", message: "Resource does not exist" },
  20000090003: denied,
  20000090004: job("RATE_LIMITED", 429, "RESOURCE_EXHAUSTED", "Quota exhausted"),
  20000090005: job("UPSTREAM_ERROR", 500, "INTERNAL", "Internal service error"),
  20000090006: job("UPSTREAM_ERROR", 400, "OUT_OF_RANGE", "Out of range"),
  20000090007: job("UPSTREAM_ERROR", 400, "FAILED_PRECONDITION", "Failed precondition"),
  20000090008: job("UNAUTHENTICATED", 401, "UNAUTHENTICATED", "Unauthenticated"),
  20000090009: denied,
  20000090010: job("UPSTREAM_ERROR", 406, "MEDIA_TYPE_NOT_ACCEPTABLE", "Media type not acceptable"),
  20000090011: job("UPSTREAM_ERROR", 409, "ALREADY_EXISTS", "Resource already exists"),
  20000090012: job("UPSTREAM_ERROR", 409, "ABORTED", "Aborted by a conflict"),
  20000090013: job("UPSTREAM_ERROR", 415, "Unsupported Media Type", "Unsupported media type"),
  20000090014: job("RATE_LIMITED", 429, "RATELIMIT_EXCEED", "Too many requests"),
  20000090015: job("UPSTREAM_ERROR", 500, "UNKNOWN", "Unknown error"),
  20000090016: job("UPSTREAM_ERROR", 501, "NOT_IMPLEMENTED", "Not implemented"),
  20000090017: denied,
  20000090018: job("UPSTREAM_ERROR", 400, "INVALID_ARGUMENT", "Request parameter [bk_scope_id] is missing"),
  20000090019: job("RATE_LIMITED", 429, "RESOURCE_EXHAUSTED", "Quota exhausted", 2_000),
  20000090020: job(
    "UPSTREAM_ERROR",
    500,
    "INTERNAL",
    /^upstream call failed: GET \*\*\*\/api\/v4\/get_job_instance_status\?.* X-Bkapi-Authorization: \*\*\*$/,
  ),

  // The API Gateway's envelope
  20000090101: gateway("UNAUTHENTICATED", 400, "1640001", BAD_CREDENTIALS),
  20000090102: gateway("FORBIDDEN", 403, "1640301", "App has no permission to the resource"),
  20000090103: gateway("FORBIDDEN", 403, "1640302", "Request rejected by ip restriction"),
  20000090104: gateway("UPSTREAM_ERROR", 404, "1640401", /^API not found \[method="GET" path="\*\*\*\/api/),
  20000090105: gateway("UPSTREAM_ERROR", 413, "1641301", "Request body size too large."),
  20000090106: gateway("UPSTREAM_ERROR", 414, "1641401", "Request uri size too large."),
  20000090107: gateway(
    "RATE_LIMITED",
    429,
    "1642901",
    "API rate limit exceeded by stage global limit",
    3_000,
  ),
  20000090108: gateway("RATE_LIMITED", 429, "1642902", "API rate limit exceeded by stage strategy", 3_000),
  20000090109: gateway("RATE_LIMITED", 429, "1642903", "API rate limit exceeded by resource strategy", 3_000),
  20000090110: gateway("RATE_LIMITED", 429, "1642904", "Request concurrency exceeds", 3_000),
  20000090111: gateway("UPSTREAM_ERROR", 500, "1650001", "Internal Server Error"),
  20000090112: gateway("UPSTREAM_UNAVAILABLE", 502, "1650200", `Bad Gateway ${UPSTREAM_ERROR}`),
  20000090113: gateway("UPSTREAM_UNAVAILABLE", 503, "1650300", "Service Unavailable"),
  20000090114: gateway(
    "UPSTREAM_UNAVAILABLE",
    504,
    "1650401",
    `Request backend service timeout ${UPSTREAM_ERROR}`,
  ),

  // bk-job's own gateway, and its framework
  20000090201: gateway("UNAUTHENTICATED", 401, null, NO_MESSAGE(401)),
  20000090202: job("UNAUTHENTICATED", 401, "1247002", "User does not exist or is not logged in"),
  20000090203: job("UNAUTHENTICATED", 401, "1247004", "App does not exist"),
  20000090204: gateway("UPSTREAM_ERROR", 500, null, NO_MESSAGE(500)),
  20000090205: gateway("UPSTREAM_ERROR", 500, null, NO_MESSAGE(500)),
  20000090206: job("UPSTREAM_ERROR", 200, "1244006", "Job instance does not exist"),

  // Content
  20000090301: contract('Expected the content type to be application/json, got "text/html".'),
  20000090302: gateway("UPSTREAM_UNAVAILABLE", 502, null, NO_MESSAGE(502)),
  20000090303: contract('Expected the response to be JSON, got "redirect, HTTP 302".', 302),
  20000090304: contract("Expected the body to be JSON, got nothing.", 204),
  20000090305: contract("Expected the body to be JSON, got nothing."),
  20000090306: contract(/^Expected the body to be JSON, got "/),
  20000090307: contract("Expected the body to be an object, got nothing."),
  20000090308: contract("Expected the body to be an object, got an array."),
  20000090309: contract('Expected the body to be JSON in UTF-8, got "other bytes".', 200, "job and gateway"),

  // Shape
  20000090401: shape("Expected data to be an object, got nothing."),
  20000090402: shape("Expected data to be an object, got nothing."),
  20000090403: shape('Expected data.step_instance_list[0].status to be a 32-bit integer, got "3".'),
  20000090404: shape("Expected data.job_instance to be an object, got nothing."),
  20000090405: shape("Expected data.step_instance_list to be an array, got nothing."),
  20000090406: shape(
    "Expected data.step_instance_list[0].step_execute_object_result_list[0].status to be a 32-bit integer, got nothing.",
  ),
  20000090407: shape(`Expected data.job_instance.end_time to be ${END_TIME}, got 1e+300.`),
  20000090408: shape(`Expected data.job_instance.end_time to be ${END_TIME}, got 8640000000000001.`),
  20000090409: shape(
    "Expected data.step_instance_list[0].step_instance_id to be a 64-bit integer, got 75.5.",
  ),

  // Transport
  20000090501: { outcome: "JobInstance" },
  20000090502: unreached("UPSTREAM_TIMEOUT", "The upstream did not respond within 400 ms."),
  20000090503: gateway("UPSTREAM_TIMEOUT", 200, null, "The upstream did not respond within 400 ms."),
  20000090504: unreached(
    "UPSTREAM_UNAVAILABLE",
    "The upstream could not be reached: the connection was reset.",
  ),
  20000090505: gateway(
    "UPSTREAM_UNAVAILABLE",
    200,
    null,
    "The upstream could not be reached: the connection was closed before the response was complete.",
  ),
  20000090506: tooLarge,
  20000090507: tooLarge,
};

/** Error jobs whose calls end only by the gateway's timeout. */
export const ENDLESS: ReadonlySet<string> = new Set(["20000090502", "20000090503"]);
