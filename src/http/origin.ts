/** Which pages may use the gateway: a browser sends a user's cookies along wherever a page of any site connects to. */
import type { IncomingHttpHeaders } from "node:http";
import cors, { type FastifyCorsOptions } from "@fastify/cors";
import type { FastifyInstance } from "fastify";

/**
 * True for a request of a page of this gateway's own site or of one of the `allowed` origins (`*` is all), and of
 * everything that is no browser, which sends no origin.
 */
export function isAllowedOrigin(
  { origin, host, "sec-fetch-site": site }: IncomingHttpHeaders,
  allowed: readonly string[],
): boolean {
  if (allowed.includes("*")) return true;
  // A page may send a GET request whose response it cannot read (`no-cors`) without an origin.
  if (origin === undefined) return site !== "cross-site" && site !== "same-site";
  if (allowed.includes(origin)) return true;
  return URL.canParse(origin) && isOwnHost(new URL(origin), host);
}

/** A `Host` header may have the default port of the page's scheme in it, or not; an origin has it never. */
function isOwnHost(page: URL, host = ""): boolean {
  const own = `${page.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === page.host;
}

/** The error message for other pages. */
export const OTHER_ORIGIN =
  "Expected a page of this gateway's own site, got another origin. The gateway's ALLOWED_ORIGINS names those that may subscribe.";

/** All that a request may have besides what browsers send from any page. */
const REQUEST_HEADERS = [
  "accept-language",
  "apollo-require-preflight",
  "apollographql-client-name",
  "apollographql-client-version",
  "cache-control",
  "content-type",
  "traceparent",
  "tracestate",
  "x-apollo-operation-name",
  "x-bk-tenant-id",
  "x-bkapi-authorization",
  "x-request-id",
];

/** How long a browser need not ask again, in seconds: a change of ALLOWED_ORIGINS is to take effect. */
const PREFLIGHT_MAX_AGE_S = 600;

const CORS: FastifyCorsOptions = {
  methods: ["GET", "POST"],
  allowedHeaders: REQUEST_HEADERS,
  exposedHeaders: ["retry-after", "x-request-id"],
  maxAge: PREFLIGHT_MAX_AGE_S,
};

/**
 * Lets pages of the `allowed` origins read responses (CORS). Cookies go along from those that are named, not from all
 * that `*` stands for. Other pages get no header, so that their browsers tell them nothing.
 */
export async function allowOrigins(app: FastifyInstance, allowed: readonly string[]): Promise<void> {
  if (allowed.length === 0) return;
  await app.register(cors, {
    delegator: ({ headers, method }, done) => {
      const { origin, "access-control-request-method": requestedMethod } = headers;
      const isNamed = origin !== undefined && allowed.includes(origin);
      const options: FastifyCorsOptions = {
        ...CORS,
        origin: isNamed ? origin : allowed.includes("*") && "*",
        credentials: isNamed,
        // Any other OPTIONS request is for no route, as without CORS.
        preflight: method === "OPTIONS" && origin !== undefined && requestedMethod !== undefined,
      };
      done(null, options);
    },
  });
}
