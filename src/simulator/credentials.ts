/** What the API Gateway checks before a request reaches bk-job. */

import type { JsonAnswer } from "./answer.ts";
import { apiGatewayError } from "./envelopes.ts";

/** Access tokens with a meaning of their own; every other is a valid one. */
const EXPIRED_TOKEN = "expired-token";
export const NO_PERMISSION_TOKEN = "no-permission";

/** `X-Bkapi-Authorization`, parsed. */
type Credentials = Readonly<Record<string, unknown>>;

/** The credentials of a request, or the answer to bad ones. Texts: the API Gateway's troubleshooting page. */
export function readCredentials(
  header: string | undefined,
): { readonly credentials: Credentials } | { readonly refusal: JsonAnswer } {
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

/** An absent header reads as credentials without anything in them; undefined for what is no JSON object. */
function parse(header: string | undefined): Credentials | undefined {
  try {
    const value: unknown = JSON.parse(header ?? "{}");
    // Any object will do: what is in it is checked field by field.
    return typeof value === "object" && value !== null ? (value as Credentials) : undefined;
  } catch {
    return undefined;
  }
}

const invalidArgs = (reason: string): { readonly refusal: JsonAnswer } => ({
  refusal: apiGatewayError({
    status: 400,
    code: 1640001,
    codeName: "INVALID_ARGS",
    message: `Parameters error [reason="${reason}"]`,
  }),
});
