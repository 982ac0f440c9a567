/**
 * Origin checks and CORS. Browsers send a user's cookies with requests from pages of any site, so the gateway decides
 * which origins may use it.
 */
import type { IncomingHttpHeaders } from "node:http";
import cors, { type FastifyCorsOptions } from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { RATE_LIMIT_HEADERS } from "./rate-limit.ts";

/**
 * True for a request from the gateway's own origin, from an `allowed` origin (`*` allows all), or from a client that
 * sends no origin because it is not a browser.
 */
export const isAllowedOrigin = (headers: IncomingHttpHeaders, allowed: readonly string[]): boolean =>
  allowed.includes("*") || isOwnOrListed(headers, allowed);

/** The same without `*`, which covers pages but does not vouch for them. */
function isOwnOrListed(
  { origin, host, "sec-fetch-site": site }: IncomingHttpHeaders,
  allowed: readonly string[],
): boolean {
  // Browsers send no origin with `no-cors` GET requests, but do send `Sec-Fetch-Site`.
  if (origin === undefined) return site !== "cross-site" && site !== "same-site";
  if (allowed.includes(origin)) return true;
  return URL.canParse(origin) && isOwnHost(new URL(origin), host);
}

/**
 * Whether a request without a preflight, such as a GET request, is certainly not forged by a page of another site (CSRF):
 * it comes from a page of the gateway's own origin or of a listed one, or it has credentials that no browser sends by
 * itself and does not come from a page of another origin.
 */
export function isNotForged(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  const { authorization, "sec-fetch-site": site, "x-bkapi-authorization": bkApiAuthorization } = headers;
  if (site === "same-origin") return true;
  // Browsers add other schemes by themselves, such as Basic. A proxy may add any credentials to any request.
  const hasCredentials = Boolean(bkApiAuthorization) || /^bearer\s/i.test(authorization ?? "");
  return (hasCredentials || headers.origin !== undefined) && isOwnOrListed(headers, allowed);
}

/** Compares through `URL`, because a `Host` header may contain the default port, and an origin never does. */
function isOwnHost(page: URL, host = ""): boolean {
  const own = `${page.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === page.host;
}

export const FORBIDDEN_ORIGIN = "This origin is not allowed. Add it to ALLOWED_ORIGINS of the gateway.";

/** Request headers that pages may set, in addition to those that CORS always allows. */
const ALLOWED_HEADERS = [
  "accept-language",
  "apollo-require-preflight",
  "apollographql-client-name",
  "apollographql-client-version",
  "authorization",
  "cache-control",
  "content-type",
  "mcp-protocol-version",
  "traceparent",
  "tracestate",
  "x-apollo-operation-name",
  "x-bk-tenant-id",
  "x-bkapi-authorization",
  "x-request-deadline-ms",
  "x-request-id",
];

/**
 * How long browsers cache a preflight response, in seconds. Short, so that a change of ALLOWED_ORIGINS takes effect.
 */
const PREFLIGHT_MAX_AGE_S = 600;

const CORS: FastifyCorsOptions = {
  methods: ["GET", "POST"],
  allowedHeaders: ALLOWED_HEADERS,
  exposedHeaders: ["retry-after", "x-request-id", ...RATE_LIMIT_HEADERS],
  maxAge: PREFLIGHT_MAX_AGE_S,
};

/**
 * Allows pages of the `allowed` origins to read responses (CORS). Cookies are accepted from origins that are listed,
 * but not from those that only `*` covers. Other pages get no CORS header, so their browsers withhold the response.
 */
export async function allowOrigins(app: FastifyInstance, allowed: readonly string[]): Promise<void> {
  if (allowed.length === 0) return;
  await app.register(cors, {
    delegator: ({ headers, method }, done) => {
      const { origin, "access-control-request-method": requestedMethod } = headers;
      const isListed = origin !== undefined && allowed.includes(origin);
      const options: FastifyCorsOptions = {
        ...CORS,
        origin: isListed ? origin : allowed.includes("*") && "*",
        credentials: isListed,
        // Other OPTIONS requests get 405, as without CORS.
        preflight: method === "OPTIONS" && origin !== undefined && requestedMethod !== undefined,
      };
      done(null, options);
    },
  });
}
