/** The identities that send requests. */

export interface Identity {
  /** `X-Bkapi-Authorization`; null for a caller without credentials. */
  readonly authorization: string | null;
  readonly tenantId: string | null;
  /** `Accept-Language` and the resulting language of the upstream. */
  readonly acceptLanguage: string | null;
  readonly language: "en" | "zh-cn" | null;
}

const identity = (token: string, fields: Partial<Identity> = {}): Identity => ({
  authorization: `{"access_token":"${token}"}`,
  tenantId: null,
  acceptLanguage: null,
  language: null,
  ...fields,
});

const ALICE = "token-of-alice";

/** Some differ in one property only, to detect data shared by mistake. */
export const IDENTITIES: readonly Identity[] = [
  identity(ALICE),
  identity(ALICE, { tenantId: "tenant-a" }),
  identity(ALICE, { tenantId: "tenant-b" }),
  identity(ALICE, { acceptLanguage: "en-GB,en;q=0.9,zh;q=0.8", language: "en" }),
  identity(ALICE, { acceptLanguage: "zh-CN,zh;q=0.9", language: "zh-cn" }),
  identity("token-of-bob"),
  identity("no-permission"),
  identity("expired-token"),
  identity("", { authorization: null }),
];

/** Request headers of the identity. */
export const headersOf = ({ authorization, tenantId, acceptLanguage }: Identity): Record<string, string> => ({
  ...(authorization !== null && { "x-bkapi-authorization": authorization }),
  ...(tenantId !== null && { "x-bk-tenant-id": tenantId }),
  ...(acceptLanguage !== null && { "accept-language": acceptLanguage }),
});

/** A key for the calls of one identity for one job. @param path such as `biz/1/801`. */
export const lookupKey = (
  { authorization, tenantId, language }: Pick<Identity, "authorization" | "tenantId" | "language">,
  path: string,
): string => JSON.stringify([authorization, tenantId, language, path]);
