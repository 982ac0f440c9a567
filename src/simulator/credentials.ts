/** The credential checks of the API Gateway. */

import { apiGatewayError } from "./envelopes.ts";
import type { JsonResponse } from "./response.ts";

/** Access tokens with a special meaning. All other tokens are valid. */
const EXPIRED_TOKEN = "expired-token";
export const NO_PERMISSION_TOKEN = "no-permission";

/** `X-Bkapi-Authorization`, parsed. */
type Credentials = Readonly<Record<string, unknown>>;

/**
 * The credentials of a request, or the error response to invalid ones. The messages are those of the API Gateway's
 * troubleshooting page.
 */
export function readCredentials(
  header: string | undefined,
): { readonly credentials: Credentials } | { readonly errorResponse: JsonResponse } {
  const credentials = parse(header);
  if (credentials === undefined) return invalidArgs("request header X-Bkapi-Authorization is invalid");

  const has = (name: string): boolean => typeof credentials[name] === "string" && credentials[name] !== "";
  if (credentials.access_token === EXPIRED_TOKEN) return invalidArgs("access_token is invalid");
  if (has("access_token")) return { credentials };
  if (!has("bk_app_code")) return invalidArgs("app code cannot be empty");
  if (!has("bk_app_secret")) {
    return invalidArgs("please provide bk_app_secret or bk_signature to verify app");
  }
  if (["bk_token", "bk_ticket", "bk_username"].some(has)) return { credentials };
  return invalidArgs(
    "user authentication failed, please provide a valid user identity, such as bk_username, bk_token, access_token",
  );
}

/** An absent header means empty credentials. Returns undefined if the header is not a JSON object. */
function parse(header: string | undefined): Credentials | undefined {
  try {
    const value: unknown = JSON.parse(header ?? "{}");
    // Each field is checked where it is used.
    return typeof value === "object" && value !== null ? (value as Credentials) : undefined;
  } catch {
    return undefined;
  }
}

const invalidArgs = (reason: string): { readonly errorResponse: JsonResponse } => ({
  errorResponse: apiGatewayError({
    status: 400,
    code: 1640001,
    codeName: "INVALID_ARGS",
    message: `Parameters error [reason="${reason}"]`,
  }),
});
