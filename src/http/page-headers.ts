/** The headers of pages: what a page may load and do. */

type Directives = Readonly<Record<string, string>>;

/**
 * Pages load everything from the gateway itself, and nothing inline. `connect-src 'self'` includes WebSockets to the same
 * host.
 */
const SELF_ONLY: Directives = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "font-src": "'self'",
  "connect-src": "'self'",
  "worker-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

const toPolicy = (directives: Directives): string =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");

/** @param directives of the Content-Security-Policy that differ from those of other pages */
export const pageHeaders = (directives: Directives = {}): Readonly<Record<string, string>> => ({
  "content-security-policy": toPolicy({ ...SELF_ONLY, ...directives }),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  // For browsers that do not know `frame-ancestors`.
  "x-frame-options": "DENY",
});
