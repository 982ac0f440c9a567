/**
 * The credentials that a user enters: an access token. By default it is only in memory; if the user wishes, in the session
 * storage of the tab. It is never in a URL. The secret of an app must not reach a browser, so the page takes none.
 */

export interface Credentials {
  readonly accessToken: string;
  /** Empty if there is none. */
  readonly tenantId: string;
}

const KEY = "bk-job-graphql.credentials";

/** Null if there are none, and if the browser blocks storage. */
export function readCredentials(): Credentials | null {
  try {
    const { accessToken, tenantId } = JSON.parse(sessionStorage.getItem(KEY) ?? "null") ?? {};
    return typeof accessToken === "string" && typeof tenantId === "string" ? { accessToken, tenantId } : null;
  } catch {
    return null;
  }
}

/** Null removes them. If the browser blocks storage, they are only in memory. */
export function storeCredentials(credentials: Credentials | null): void {
  try {
    if (credentials === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(credentials));
  } catch {
    // Access to the storage throws, even reading the property, where the user has blocked site data.
  }
}

/** Without a token, the gateway uses the login cookies that the browser sends. */
export function headersFor(credentials: Credentials | null): Record<string, string> {
  if (credentials === null) return {};
  const { accessToken, tenantId } = credentials;
  return {
    ...(accessToken !== "" && { authorization: `Bearer ${accessToken}` }),
    ...(tenantId !== "" && { "x-bk-tenant-id": tenantId }),
  };
}

/** What can be in a `Bearer` header, for the attribute `pattern`. */
export const TOKEN_PATTERN = String.raw`[\w\-.~+\/]+=*`;

/** What can be in `X-Bk-Tenant-Id`: visible ASCII characters. */
export const TENANT_PATTERN = "[!-~]*";
