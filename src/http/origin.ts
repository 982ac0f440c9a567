/** Which pages may subscribe: a browser sends a user's cookies along wherever a page of any site connects to. */
import type { IncomingHttpHeaders } from "node:http";

/**
 * True for a request of a page of this gateway's own site or of one of the `allowed` origins (`*` is all), and of
 * everything that is no browser, which says no origin.
 */
export function isAllowedOrigin(
  { origin, host, "sec-fetch-site": site }: IncomingHttpHeaders,
  allowed: readonly string[],
): boolean {
  if (allowed.includes("*")) return true;
  // A page may send a GET request whose answer it cannot read (`no-cors`) without saying an origin.
  if (origin === undefined) return site !== "cross-site" && site !== "same-site";
  if (allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** What is said to others. */
export const OTHER_ORIGIN =
  "Expected a page of this gateway's own site, got another origin. The gateway's ALLOWED_ORIGINS names those that may subscribe.";
