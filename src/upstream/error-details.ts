/** Reads the details of a response for errors, log lines and support requests: status, error code and request ids. */
import type { Redact } from "./redaction.ts";
import type { ResponseHead } from "./transport-error.ts";
import type { ErrorDetails } from "./upstream-error.ts";

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A string that is not blank, or a number as a string, because codes can be numbers. Else null. */
export const nonEmptyString = (value: unknown): string | null =>
  (typeof value === "string" && value.trim() !== "") || typeof value === "number" || typeof value === "bigint"
    ? String(value).trim()
    : null;

/**
 * The request ids that support needs are in the body, in headers, or absent.
 * @param body the parsed body; undefined if there is none.
 */
export function readErrorDetails(
  { status, header }: ResponseHead,
  body: unknown,
  code: string | null,
  redact: Redact,
): ErrorDetails {
  const fromBody = isObject(body) ? nonEmptyString(body.job_request_id) : null;
  const redactText = (value: string | null) => (value === null ? null : redact(value));
  return {
    httpStatus: status,
    code: redactText(code),
    jobRequestId: redactText(fromBody ?? nonEmptyString(header("x-bk-job-request-id"))),
    gatewayRequestId: redactText(nonEmptyString(header("x-bkapi-request-id"))),
  };
}
