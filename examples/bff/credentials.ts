/** The user's credentials: read from a request to the BFF, and sent to the gateway. */
import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import { RequestError } from "./errors.ts";

/** The app of this BFF. BlueKing requires it together with a login cookie. The secret never leaves the server. */
export interface BkApp {
  readonly code: string;
  readonly secret: string;
}

/** Cookies that a BlueKing login sets. Which of the two depends on the edition. */
const LOGIN_COOKIES = ["bk_token", "bk_ticket"] as const;

/** Printable ASCII, which a header may contain. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Headers of a request to the gateway: as the user, in the user's tenant and language.
 * @throws RequestError 401 if the request has no credentials.
 */
export function gatewayHeaders(headers: IncomingHttpHeaders, bkApp: BkApp): Record<string, string> {
  const { "x-bk-tenant-id": tenantId, "accept-language": language } = headers;
  return {
    ...credentialHeader(headers, bkApp),
    ...(typeof tenantId === "string" && { "x-bk-tenant-id": tenantId }),
    ...(language !== undefined && { "accept-language": language }),
  };
}

/** Other services send an access token of the user, and browsers send the login cookie. */
function credentialHeader(headers: IncomingHttpHeaders, bkApp: BkApp): Record<string, string> {
  const { authorization = "", cookie = "" } = headers;
  if (/^bearer(\s|$)/i.test(authorization)) return { authorization };
  const cookies = parseCookie(cookie);
  const login = LOGIN_COOKIES.flatMap((name) => {
    const token = cookies[name];
    return token && TOKEN.test(token) ? [[name, token]] : [];
  });
  if (login.length === 0) throw new RequestError(401, "UNAUTHENTICATED", "Log in first.");
  return {
    "x-bkapi-authorization": JSON.stringify({
      bk_app_code: bkApp.code,
      bk_app_secret: bkApp.secret,
      ...Object.fromEntries(login),
    }),
  };
}
