/**
 * Decodes error responses. They have the envelope of bk-job V4, of the API Gateway, or of bk-job's own gateway (V3, or
 * no body at all); or they are HTML pages of proxies in between.
 */
import type { JobInstanceNotFound, PermissionDenied } from "../model/job-instance.ts";
import { decodeIamApplication } from "./decode-iam.ts";
import { isObject, nonEmptyString, readErrorDetails } from "./error-details.ts";
import type { Redact } from "./redaction.ts";
import type { ResponseHead } from "./transport-error.ts";
import { UpstreamError, type UpstreamErrorCode } from "./upstream-error.ts";

interface Envelope {
  readonly sender: "bk-job" | "api-gateway" | "other";
  readonly code: string | null;
  readonly message: string | null;
  readonly data: unknown;
}

/** Whether the body reports an error. Some servers do so with HTTP 200. */
export const isErrorBody = (body: unknown): boolean =>
  isObject(body) && (isObject(body.error) || body.result === false);

function readEnvelope(response: ResponseHead, body: unknown): Envelope {
  const gatewayCode = nonEmptyString(response.header("x-bkapi-error-code"));
  const fields = isObject(body) ? body : {};
  if (gatewayCode !== null || typeof fields.code_name === "string") {
    const message =
      nonEmptyString(fields.message) ?? nonEmptyString(response.header("x-bkapi-error-message"));
    return { sender: "api-gateway", code: nonEmptyString(fields.code) ?? gatewayCode, message, data: null };
  }
  if (isObject(fields.error)) {
    const { code, message, data, details } = fields.error;
    return { sender: "bk-job", code: nonEmptyString(code), message: specificMessage(message, details), data };
  }
  return {
    sender: "other",
    code: nonEmptyString(fields.code),
    message: nonEmptyString(fields.message),
    data: null,
  };
}

/** `message` can be a generic text for the code. If there are `details`, the message of the first is more specific. */
function specificMessage(message: unknown, details: unknown): string | null {
  const detail: unknown = Array.isArray(details) ? details[0] : null;
  return (isObject(detail) ? nonEmptyString(detail.message) : null) ?? nonEmptyString(message);
}

/** The API Gateway's code for missing or invalid credentials, with HTTP 400. */
const GATEWAY_BAD_CREDENTIALS = "1640001";

function errorCodeOf(status: number, { sender, code }: Envelope): UpstreamErrorCode {
  if (status === 401) return "UNAUTHENTICATED";
  if (sender === "api-gateway" && status === 400 && code === GATEWAY_BAD_CREDENTIALS)
    return "UNAUTHENTICATED";
  if (sender === "api-gateway" && status === 403) return "FORBIDDEN";
  if (status === 429) return "RATE_LIMITED";
  if (status === 502 || status === 503 || status === 504) return "UPSTREAM_UNAVAILABLE";
  return "UPSTREAM_ERROR";
}

/**
 * bk-job and the API Gateway report an unknown job and an unknown path in their envelopes. A 404 without either comes
 * from a server that does not route the path: 3.10 and older, and installations whose proxy routes only the V3 API.
 */
const V4_NOT_SERVED =
  "This server does not serve the V4 API of BlueKing Job: it responded with HTTP 404 to " +
  "/api/v4/get_job_instance_status. Check JOB_API_URL, the version of bk-job and its routes.";

/**
 * Decodes an error response into an outcome.
 * @param body the parsed body; undefined if it is not JSON.
 * @throws UpstreamError for everything except bk-job's "not found" and "no permission".
 */
export function decodeErrorResponse(
  response: ResponseHead,
  body: unknown,
  redact: Redact,
): JobInstanceNotFound | PermissionDenied {
  const { status } = response;
  const envelope = readEnvelope(response, body);
  const { sender, code, data } = envelope;
  const details = readErrorDetails(response, body, code, redact);
  const isUnknownPath = sender === "other" && status === 404;
  const message = isUnknownPath
    ? V4_NOT_SERVED
    : redact(envelope.message ?? `The upstream responded with HTTP ${status} and no error message.`);
  if (sender === "bk-job" && status === 404 && code === "NOT_FOUND") {
    return { kind: "notFound", message, upstreamRequestId: details.jobRequestId };
  }
  if (sender === "bk-job" && status === 403 && (code === "NO_PERMISSION" || code === "IAM_NO_PERMISSION")) {
    const application = decodeIamApplication(data);
    return { kind: "denied", message, upstreamRequestId: details.jobRequestId, application };
  }
  throw new UpstreamError(errorCodeOf(status, envelope), message, details, retryDelayMs(response));
}

/**
 * From `Retry-After` (seconds or a date), or from the API Gateway's header with the seconds until a rate limit resets.
 */
function retryDelayMs({ status, header }: ResponseHead): number | null {
  const after = nonEmptyString(
    header("retry-after") ?? (status === 429 ? header("x-bkapi-ratelimit-reset") : null),
  );
  if (after === null) return null;
  if (/^\d+$/.test(after)) return Number(after) < MAX_RETRY_SECONDS ? Number(after) * 1_000 : null;
  // `Date.parse` accepts almost anything, so check for the day of the week that starts an HTTP date.
  const at = /^[A-Z][a-z]{2}/.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

/** 31 years. A longer delay must be a mistake, such as a timestamp in seconds. */
const MAX_RETRY_SECONDS = 1_000_000_000;
