/** What an answer says about itself, wherever it says it: for errors, log lines and the upstream's support. */
import type { Redact } from "./redaction.ts";
import type { ResponseHead } from "./transport-error.ts";
import type { ErrorDetails } from "./upstream-error.ts";

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text with something in it; codes can be numbers. */
export const nonEmptyString = (value: unknown): string | null =>
  (typeof value === "string" && value.trim() !== "") || typeof value === "number" || typeof value === "bigint"
    ? String(value).trim()
    : null;

/**
 * The ids that support will ask for; they are in the body, in headers, or nowhere.
 * @param body the parsed body; undefined when there is none.
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
