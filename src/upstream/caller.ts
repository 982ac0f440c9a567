/** Who asks, and what of it the upstream gets to see. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { ACCEPT_ENCODING } from "./response-body.ts";
import { NO_ERROR_DETAILS, UpstreamError } from "./upstream-error.ts";

/** What a caller says of itself. */
interface CallerClaims {
  /** `X-Bkapi-Authorization` as it came: a JSON text with the caller's credentials. Null when there was none. */
  readonly authorization: string | null;
  /** `X-Bk-Tenant-Id`: needed by multi-tenant deployments. */
  readonly tenantId: string | null;
  /** Language of the upstream's messages. Null leaves it to the upstream (`zh-cn`). */
  readonly language: "en" | "zh-cn" | null;
}

export interface Caller extends CallerClaims {
  /**
   * Tells callers apart without telling their secrets: SHA-256 of all claims, in base64. Whatever is cached for a caller
   * is cached by this.
   */
  readonly identity: string;
}

export const createCaller = ({ authorization, tenantId, language }: CallerClaims): Caller => ({
  authorization,
  tenantId,
  language,
  identity: hash("sha256", JSON.stringify([authorization, tenantId, language]), "base64"),
});

/** Of callers that are cached: some ten thousand with credentials of the usual length. */
const MAX_CALLERS_BYTES = 8 * 2 ** 20;

/** About what a caller and its entry take beside the text of its claims, which is kept twice. */
const CALLER_BYTES = 400;

/**
 * `createCaller` for callers who come again and again. The cache holds their credentials in memory, where those of every
 * request are anyway; nothing is ever stale, as a caller is a function of its claims.
 */
export function createCallerCache(): typeof createCaller {
  const callers = new LRUCache<string, Caller>({
    maxSize: MAX_CALLERS_BYTES,
    // Two bytes a character, at most.
    sizeCalculation: (_, key) => CALLER_BYTES + 2 * 2 * key.length,
  });
  return (claims) => {
    const { authorization, tenantId, language } = claims;
    // The length of the part before tells where the next one begins; null and "" differ.
    const key = `${language} ${tenantId?.length ?? -1} ${tenantId} ${authorization === null ? "" : `=${authorization}`}`;
    let caller = callers.get(key);
    if (!caller) {
      caller = createCaller(claims);
      callers.set(key, caller);
    }
    return caller;
  };
}

/**
 * The headers of a call for `caller`.
 * @throws UpstreamError `UNAUTHENTICATED` without credentials: such a call is not worth making.
 */
export function upstreamHeaders({ authorization, tenantId, language }: Caller): Record<string, string> {
  if (authorization === null) {
    throw new UpstreamError(
      "UNAUTHENTICATED",
      'Expected credentials in the header X-Bkapi-Authorization, such as {"access_token": "…"}, or the cookie of a ' +
        "BlueKing login; got neither.",
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
