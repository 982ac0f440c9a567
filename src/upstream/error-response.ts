/**
 * What an answer that is not a job instance means. Three envelopes arrive on the one URL: bk-job's V4, the API
 * Gateway's, and that of bk-job's own gateway (V3, or no body at all); and pages of proxies in between.
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

/** True for a body that reports an error, whatever its HTTP status. */
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

/** `message` can be a general text for the code; the first of `details`, when there, says what is meant. */
function specificMessage(message: unknown, details: unknown): string | null {
  const detail: unknown = Array.isArray(details) ? details[0] : null;
  return (isObject(detail) ? nonEmptyString(detail.message) : null) ?? nonEmptyString(message);
}

/** The API Gateway answers missing and bad credentials with this code, under HTTP 400. */
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
 * The outcome that an error answer stands for.
 * @param body the parsed body; undefined when it is not JSON.
 * @throws UpstreamError for everything but "no such job" and "no permission" of bk-job itself.
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
  const message = redact(
    envelope.message ?? `The upstream answered HTTP ${status} without a readable message.`,
  );
  if (sender === "bk-job" && status === 404 && code === "NOT_FOUND") {
    return { kind: "notFound", message, upstreamRequestId: details.jobRequestId };
  }
  if (sender === "bk-job" && status === 403 && (code === "NO_PERMISSION" || code === "IAM_NO_PERMISSION")) {
    const application = decodeIamApplication(data);
    return { kind: "denied", message, upstreamRequestId: details.jobRequestId, application };
  }
  throw new UpstreamError(errorCodeOf(status, envelope), message, details, retryDelayMs(response));
}

/** From `Retry-After` (seconds or a date), else, for a rate limit, the API Gateway's seconds until it resets. */
function retryDelayMs({ status, header }: ResponseHead): number | null {
  const after = nonEmptyString(
    header("retry-after") ?? (status === 429 ? header("x-bkapi-ratelimit-reset") : null),
  );
  if (after === null) return null;
  if (/^\d+$/.test(after)) return Number(after) < MAX_RETRY_SECONDS ? Number(after) * 1_000 : null;
  // An HTTP date begins with the day of the week; `Date.parse` makes dates of nearly anything.
  const at = /^[A-Z][a-z]{2}/.test(after) ? Date.parse(after) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

/** 31 years: anything longer is no time to wait but a mistake, such as a date in seconds. */
const MAX_RETRY_SECONDS = 1_000_000_000;
