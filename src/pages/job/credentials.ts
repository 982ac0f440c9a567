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

export function readCredentials(storage: Storage): Credentials | null {
  try {
    const { accessToken, tenantId } = JSON.parse(storage.getItem(KEY) ?? "null") ?? {};
    return typeof accessToken === "string" && typeof tenantId === "string" ? { accessToken, tenantId } : null;
  } catch {
    return null;
  }
}

/** Null removes them. */
export function storeCredentials(storage: Storage, credentials: Credentials | null): void {
  if (credentials === null) storage.removeItem(KEY);
  else storage.setItem(KEY, JSON.stringify(credentials));
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

/** Whether the text can be in a `Bearer` header. */
export const isToken = (text: string): boolean => /^[\w\-.~+/]+=*$/.test(text);
