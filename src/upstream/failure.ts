/**
 * What an answer that is not a job instance means. Three envelopes arrive on the one URL: bk-job's V4, the API
 * Gateway's, and that of bk-job's own gateway (V3, or no body at all); and pages of proxies in between.
 */
import type { JobInstanceNotFound, PermissionDenied } from "../model/job-instance.ts";
import { decodeIamApplication } from "./decode-iam.ts";
import type { TransportResponse } from "./transport.ts";
import { type UpstreamDetails, UpstreamError, type UpstreamErrorCode } from "./upstream-error.ts";

interface Envelope {
  readonly sender: "bk-job" | "api-gateway" | "other";
  readonly code: string | null;
  readonly message: string | null;
  readonly data: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text with something in it; codes can be numbers. */
const text = (value: unknown): string | null =>
  (typeof value === "string" && value.trim() !== "") || typeof value === "number"
    ? String(value).trim()
    : null;

/** True for a body that reports an error, whatever its HTTP status. */
export const isErrorBody = (body: unknown): boolean =>
  isObject(body) && (isObject(body.error) || body.result === false);

function readEnvelope(response: TransportResponse, body: unknown): Envelope {
  const gatewayCode = response.header("x-bkapi-error-code");
  const fields = isObject(body) ? body : {};
  if (gatewayCode !== null || typeof fields.code_name === "string") {
    const message = text(fields.message) ?? text(response.header("x-bkapi-error-message"));
    return { sender: "api-gateway", code: text(fields.code) ?? gatewayCode, message, data: null };
  }
  if (isObject(fields.error)) {
    const { code, message, data, details } = fields.error;
    return { sender: "bk-job", code: text(code), message: readable(message, code, details), data };
  }
  return { sender: "other", code: text(fields.code), message: text(fields.message), data: null };
}

/** The readable text is in `message`, or, when that is empty or just the code, in the first of `details`. */
function readable(message: unknown, code: unknown, details: unknown): string | null {
  const detail: unknown = Array.isArray(details) ? details[0] : null;
  const detailMessage = isObject(detail) ? text(detail.message) : null;
  return (message === code ? null : text(message)) ?? detailMessage ?? text(message);
}

/** The ids that support will ask for; they are in the body, in headers, or nowhere. */
export const upstreamDetails = (
  response: TransportResponse,
  body: unknown,
  code: string | null,
): UpstreamDetails => ({
  httpStatus: response.status,
  code,
  jobRequestId: (isObject(body) ? text(body.job_request_id) : null) ?? response.header("x-bk-job-request-id"),
  gatewayRequestId: response.header("x-bkapi-request-id"),
});

/** The API Gateway answers missing and bad credentials with this code, under HTTP 400. */
const GATEWAY_BAD_CREDENTIALS = "1640001";

function failureCode(status: number, { sender, code }: Envelope): UpstreamErrorCode {
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
 * @param clean takes secrets out of a text of the upstream.
 * @throws UpstreamError for everything but "no such job" and "no permission" of bk-job itself.
 */
export function readFailure(
  response: TransportResponse,
  body: unknown,
  clean: (text: string) => string,
): JobInstanceNotFound | PermissionDenied {
  const { status } = response;
  const envelope = readEnvelope(response, body);
  const { sender, code, data } = envelope;
  const details = upstreamDetails(response, body, code);
  const message = clean(
    envelope.message ?? `The upstream answered HTTP ${status} without a readable message.`,
  );
  if (sender === "bk-job" && status === 404 && code === "NOT_FOUND") {
    return { kind: "notFound", message, upstreamRequestId: details.jobRequestId };
  }
  if (sender === "bk-job" && status === 403 && (code === "NO_PERMISSION" || code === "IAM_NO_PERMISSION")) {
    const hasData = data !== undefined && data !== null;
    const application = hasData ? decodeIamApplication(data, "error.data") : null;
    return { kind: "denied", message, upstreamRequestId: details.jobRequestId, application };
  }
  throw new UpstreamError(failureCode(status, envelope), message, details, retryAfterMs(response));
}

/** From `Retry-After` (seconds or a date), else the API Gateway's seconds until its limit resets. */
function retryAfterMs(response: TransportResponse): number | null {
  const after = response.header("retry-after") ?? response.header("x-bkapi-ratelimit-reset");
  if (after === null) return null;
  const ms = /^\d+$/.test(after.trim()) ? Number(after) * 1_000 : Date.parse(after) - Date.now();
  return Number.isSafeInteger(ms) ? Math.max(0, ms) : null;
}
