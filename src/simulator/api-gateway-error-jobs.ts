/** Errors of the BlueKing API Gateway itself. Codes and messages are those of its troubleshooting page. */
import type { JobEntry } from "./call.ts";
import { errorJob } from "./call.ts";
import { type ApiGatewayError, apiGatewayError } from "./envelopes.ts";

/** `Reset` is a number of seconds, not a date. There is no `Retry-After`. */
const RATE_LIMIT_HEADERS = {
  "x-bkapi-ratelimit-limit": "100",
  "x-bkapi-ratelimit-remaining": "0",
  "x-bkapi-ratelimit-reset": "3",
};

const rateLimited = (code: number, codeName: string, message: string): ApiGatewayError => ({
  status: 429,
  code,
  codeName,
  message,
  headers: RATE_LIMIT_HEADERS,
});

const UPSTREAM_ERROR = '[upstream_error="cannot read header from upstream"]';

const ERRORS: readonly ApiGatewayError[] = [
  {
    status: 400,
    code: 1640001,
    codeName: "INVALID_ARGS",
    message: 'Parameters error [reason="bk_app_code or bk_app_secret is incorrect"]',
  },
  {
    status: 403,
    code: 1640301,
    codeName: "APP_NO_PERMISSION",
    message: "App has no permission to the resource",
  },
  { status: 403, code: 1640302, codeName: "IP_NOT_ALLOWED", message: "Request rejected by ip restriction" },
  {
    status: 404,
    code: 1640401,
    codeName: "API_NOT_FOUND",
    message: 'API not found [method="GET" path="/api/bk-job/prod/api/v4/get_job_instance_status"]',
  },
  { status: 413, code: 1641301, codeName: "BODY_SIZE_LIMIT_EXCEED", message: "Request body size too large." },
  { status: 414, code: 1641401, codeName: "URI_SIZE_LIMIT_EXCEED", message: "Request uri size too large." },
  rateLimited(1642901, "RATE_LIMIT_RESTRICTION", "API rate limit exceeded by stage global limit"),
  rateLimited(1642902, "RATE_LIMIT_RESTRICTION", "API rate limit exceeded by stage strategy"),
  rateLimited(1642903, "RATE_LIMIT_RESTRICTION", "API rate limit exceeded by resource strategy"),
  rateLimited(1642904, "CONCURRENCY_LIMIT_RESTRICTION", "Request concurrency exceeds"),
  { status: 500, code: 1650001, codeName: "INTERNAL_SERVER_ERROR", message: "Internal Server Error" },
  { status: 502, code: 1650200, codeName: "BAD_GATEWAY", message: `Bad Gateway ${UPSTREAM_ERROR}` },
  { status: 503, code: 1650300, codeName: "SERVICE_UNAVAILABLE", message: "Service Unavailable" },
  {
    status: 504,
    code: 1650401,
    codeName: "REQUEST_BACKEND_TIMEOUT",
    message: `Request backend service timeout ${UPSTREAM_ERROR}`,
  },
];

export const API_GATEWAY_ERROR_JOBS: readonly JobEntry[] = ERRORS.map((error, index) =>
  errorJob(20_000_090_101 + index, `API Gateway ${error.status} ${error.code} ${error.codeName}`, () =>
    apiGatewayError(error),
  ),
);
