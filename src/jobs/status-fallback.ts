/**
 * Decides when a lookup of the status is retried without host results. Host results make an upstream call slower,
 * larger and more likely to fail. A request for the status may share such a call, but must not fail because of data
 * that it did not select.
 */
import { UpstreamError, type UpstreamErrorCode } from "../upstream/upstream-error.ts";

/** Errors that would also occur without host results. */
const INDEPENDENT_OF_HOSTS: ReadonlySet<UpstreamErrorCode> = new Set([
  // The credentials would be rejected again.
  "UNAUTHENTICATED",
  "FORBIDDEN",
  // Another call would only use up more of the quota.
  "RATE_LIMITED",
]);

/**
 * True when a call for the status may succeed although a call with host results failed: it timed out, its body was
 * too large or violated the contract, or the upstream or a proxy failed while it collected host results.
 */
export function mayBeDueToHosts(error: unknown): boolean {
  // An internal error while reading host results.
  if (!(error instanceof UpstreamError)) return true;
  if (INDEPENDENT_OF_HOSTS.has(error.code)) return false;
  // The upstream requested a delay before any further call.
  if (error.retryAfterMs !== null) return false;
  // With a 4xx status, the upstream rejects the request itself, such as a bad argument or a wrong address.
  const { httpStatus } = error.upstream;
  return error.code !== "UPSTREAM_ERROR" || httpStatus === null || httpStatus >= 500;
}
