/**
 * Asking for host results makes an upstream call slower, larger and easier to break. A request that needs the status
 * alone can be served by such a call, but must not fail because of what it did not ask for.
 */
import { UpstreamError, type UpstreamErrorCode } from "../upstream/upstream-error.ts";

/** Failures that a call without host results would meet as well. */
const INDEPENDENT_OF_HOSTS: ReadonlySet<UpstreamErrorCode> = new Set([
  // The credentials are refused, whatever they ask for.
  "UNAUTHENTICATED",
  "FORBIDDEN",
  // Another call would only use up more of the quota.
  "RATE_LIMITED",
]);

/**
 * True when a call for the status alone may succeed where a call with host results failed: it took too long, its body
 * was too large or broke the contract, or the upstream or a proxy failed while host results were put together.
 */
export function mayBeDueToHosts(error: unknown): boolean {
  // A failure of our own while reading host results.
  if (!(error instanceof UpstreamError)) return true;
  if (INDEPENDENT_OF_HOSTS.has(error.code)) return false;
  // Whoever names a time to wait wants no calls at all until then.
  if (error.retryAfterMs !== null) return false;
  // The upstream rejects the request as such: a bad argument, a wrong address.
  const { httpStatus } = error.upstream;
  return error.code !== "UPSTREAM_ERROR" || httpStatus === null || httpStatus >= 500;
}
