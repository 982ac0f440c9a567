/** Who asks, and what of it the upstream gets to see. */
import { hash } from "node:crypto";
import { NO_DETAILS, UpstreamError } from "./upstream-error.ts";

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
   * Tells callers apart without telling their secrets: SHA-256 of all claims, in base64. Whatever is kept for a caller
   * is kept by this.
   */
  readonly identity: string;
}

export const createCaller = ({ authorization, tenantId, language }: CallerClaims): Caller => ({
  authorization,
  tenantId,
  language,
  identity: hash("sha256", JSON.stringify([authorization, tenantId, language]), "base64"),
});

/**
 * The headers of a call for `caller`.
 * @throws UpstreamError `UNAUTHENTICATED` without credentials: such a call is not worth making.
 */
export function callerHeaders({ authorization, tenantId, language }: Caller): Record<string, string> {
  if (authorization === null) {
    throw new UpstreamError(
      "UNAUTHENTICATED",
      'Expected credentials in the header X-Bkapi-Authorization, such as {"access_token": "…"}, or the cookie of a ' +
        "BlueKing login; got neither.",
      NO_DETAILS,
    );
  }
  return {
    accept: "application/json",
    "content-type": "application/json",
    "x-bkapi-authorization": authorization,
    ...(tenantId !== null && { "x-bk-tenant-id": tenantId }),
    ...(language !== null && { "blueking-language": language }),
  };
}
