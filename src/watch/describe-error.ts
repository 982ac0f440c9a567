/** Describes errors of the client for the user of a terminal. */
import type { JobClientError } from "../client/job-client-error.ts";
import { CREDENTIALS_ADVICE } from "./options.ts";
import { sanitize } from "./text.ts";

const URL_ADVICE = "Check --url: it must be the gateway's GraphQL endpoint.";

/** The message for an error that a new attempt cannot help. */
export function describeFinalError({ code, message, status, errors }: JobClientError, url: string): string {
  if (code === "INVALID_HEADERS") return sanitize(message);
  if (code === "UNEXPECTED_RESPONSE") {
    // The message says already what the URL should be if the server has no such path.
    return `${sanitize(message)} ${status === 404 || status === 405 ? "Check --url." : URL_ADVICE}`;
  }
  const failures = errors.map(({ message, extensions }) => `${extensions?.code ?? code}: ${message}`);
  const got = sanitize(failures.join("; "));
  // An error of the whole request: it did not reach a job.
  if (status !== null && status >= 400) {
    return `Expected the event stream of a gateway at ${url}, got HTTP ${status} (${got}). ${URL_ADVICE}`;
  }
  const advice = code === "UNAUTHENTICATED" ? ` ${CREDENTIALS_ADVICE}` : "";
  return `Expected a state of the job, got ${got.replace(/\.?$/, ".")}${advice}`;
}

/** Explanations of the error codes of Node.js and its fetch. */
const CONNECTION_ERRORS = new Map([
  ["ECONNREFUSED", "nothing is listening there"],
  ["ECONNRESET", "the connection was closed"],
  ["EPIPE", "the connection was closed"],
  ["UND_ERR_SOCKET", "the connection was closed"],
  ["ENOTFOUND", "there is no such host"],
  ["EAI_AGAIN", "the address of the host could not be resolved"],
  ["EHOSTUNREACH", "the host is unreachable"],
  ["ENETUNREACH", "the network is unreachable"],
  ["ETIMEDOUT", "the connection timed out"],
  ["UND_ERR_CONNECT_TIMEOUT", "the connection timed out"],
]);

/** Why there is no connection, without capital letter and period. */
export function reasonOf({ message, code, errors, cause }: JobClientError): string {
  if (errors.length > 0) return `the gateway responded with ${sanitize(`${code}: ${message}`)}`;
  // The message of `fetch` is only "fetch failed". Its cause contains the reason.
  const reason = cause instanceof Error ? (cause.cause ?? cause) : null;
  const reasonCode = reason instanceof Error && "code" in reason ? String(reason.code) : "";
  const known = CONNECTION_ERRORS.get(reasonCode);
  if (known !== undefined) return known;
  const text = reason instanceof Error ? reason.message || reasonCode : message;
  return sanitize(text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, "");
}
