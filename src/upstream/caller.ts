/** The caller of a request: its credentials, its identity, and the headers that the upstream receives. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { ACCEPT_ENCODING } from "./response-body.ts";
import { NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

/** What a caller sends about itself. */
interface CallerClaims {
  /** Value of `X-Bkapi-Authorization`: JSON with the caller's credentials. Null if the caller sent none. */
  readonly authorization: string | null;
  /** True if the credentials of the caller could not be read. `authorization` is null then. Default: false. */
  readonly isMalformed?: boolean;
  /** Value of `X-Bk-Tenant-Id`, which multi-tenant deployments require. */
  readonly tenantId: string | null;
  /** Language of the upstream's messages. Null means the upstream's default, `zh-cn`. */
  readonly language: "en" | "zh-cn" | null;
}

export interface Caller extends CallerClaims {
  /** Identifies the caller without revealing secrets: SHA-256 of all claims, in base64. It is the key of all caches. */
  readonly identity: string;
  /** Identifies the credentials alone: tenant and language do not distinguish callers, because one can vary them. */
  readonly credentialsHash: string;
}

export const createCaller = ({
  authorization,
  isMalformed = false,
  tenantId,
  language,
}: CallerClaims): Caller => ({
  authorization,
  isMalformed,
  tenantId,
  language,
  identity: hash("sha256", JSON.stringify([authorization, isMalformed, tenantId, language]), "base64"),
  credentialsHash: hashCredentials(authorization ?? ""),
});

/** SHA-256 of credentials in base64. */
export const hashCredentials = (authorization: string): string => hash("sha256", authorization, "base64");

/** Memory limit of the cache: about ten thousand callers with credentials of typical length. */
const MAX_CALLERS_BYTES = 8 * 2 ** 20;

/** Approximate memory of a caller and its cache entry without its claims, which are stored twice. */
const CALLER_BYTES = 500;

/**
 * `createCaller` with a cache, so that a returning caller is not hashed again. Entries are never stale, because a
 * caller is a function of its claims.
 */
export function createCallerCache(): typeof createCaller {
  const callers = new LRUCache<string, Caller>({
    maxSize: MAX_CALLERS_BYTES,
    // At most two bytes per character.
    sizeCalculation: (_, key) => CALLER_BYTES + 2 * 2 * key.length,
  });
  return (claims) => {
    const { authorization, isMalformed, tenantId, language } = claims;
    // The length of the tenant id makes the key unambiguous. Null and "" have different keys.
    const credentials = authorization === null ? (isMalformed ? "malformed" : "none") : `=${authorization}`;
    const key = `${language} ${tenantId?.length ?? -1} ${tenantId} ${credentials}`;
    let caller = callers.get(key);
    if (!caller) {
      caller = createCaller(claims);
      callers.set(key, caller);
    }
    return caller;
  };
}

const NO_CREDENTIALS =
  'No credentials. Send the header X-Bkapi-Authorization, such as {"access_token": "…"}, the header ' +
  "`Authorization: Bearer <access_token>`, or the cookie of a BlueKing login.";

const MALFORMED_BEARER =
  "Malformed header Authorization. Send one access token without spaces: `Authorization: Bearer <access_token>`.";

/**
 * The headers of an upstream call for `caller`.
 * @throws UpstreamError `UNAUTHENTICATED` without valid credentials, because the upstream would reject the call.
 */
export function upstreamHeaders({
  authorization,
  isMalformed,
  tenantId,
  language,
}: Caller): Record<string, string> {
  if (authorization === null) {
    throw new UpstreamError(
      "UNAUTHENTICATED",
      isMalformed ? MALFORMED_BEARER : NO_CREDENTIALS,
      NO_ERROR_DETAILS,
    );
  }
  return {
    accept: "application/json",
    "accept-encoding": ACCEPT_ENCODING,
    "content-type": "application/json",
    "x-bkapi-authorization": authorization,
    ...(tenantId !== null && { "x-bk-tenant-id": tenantId }),
    ...(language !== null && { "blueking-language": language }),
  };
}
