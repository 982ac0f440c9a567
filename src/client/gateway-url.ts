/** URLs of a gateway: to send requests to, and to show in messages. */

/** What a URL should look like, for messages. */
export const EXAMPLE_URL = "https://gateway.example.com/graphql";

/**
 * Refuses a wrong URL, which would otherwise look like a gateway that cannot be reached.
 * @throws TypeError without the parts of the URL that may be secrets.
 */
export function checkUrl(url: string): void {
  let parsed: URL | null = null;
  try {
    parsed = resolve(url);
  } catch {
    // Reported below.
  }
  if (parsed && /^https?:$/.test(parsed.protocol) && !parsed.username && !parsed.password) return;
  const problem = url.includes("@")
    ? "without a user and password. Put credentials into the headers"
    : `got "${url.replace(/[?#].*$/s, "")}"`;
  throw new TypeError(`Expected the URL of a gateway, such as ${EXAMPLE_URL}, ${problem}.`);
}

/** `https://gateway.example.com/graphql/stream` for `https://gateway.example.com/graphql`. */
export const streamUrlOf = (url: string): string => url.replace(/\/*(\?.*)?$/s, "/stream$1");

/** A URL to show: without user, password and query string, which may be secrets. */
export function shownUrl(url: string): string {
  const { origin, pathname } = resolve(url);
  return origin + pathname;
}

/** Only browsers have a location, which relative URLs refer to. */
const resolve = (url: string): URL =>
  new URL(url, (globalThis as { readonly location?: { readonly href: string } }).location?.href);
