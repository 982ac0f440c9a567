/** The identities of the chaos: who sends requests, and who is known to the upstream. */

export interface Identity {
  readonly name: string;
  /** Must appear nowhere but in requests. Null for a caller without credentials. */
  readonly token: string | null;
  readonly tenantId: string | null;
  /** Whether the upstream accepts the token. */
  readonly isKnown: boolean;
}

const identity = (name: string, fields: Partial<Identity> = {}): Identity => ({
  name,
  token: `s3cret-token-of-${name}`,
  tenantId: null,
  isKnown: true,
  ...fields,
});

export const IDENTITIES: readonly Identity[] = [
  identity("alice"),
  identity("bob"),
  identity("carol"),
  identity("dave", { tenantId: "tenant-x" }),
  identity("erin", { tenantId: "tenant-x" }),
];

/** Never get data. */
export const STRANGERS: readonly Identity[] = [
  identity("mallory", { isKnown: false }),
  identity("anonymous", { token: null, isKnown: false }),
];

/** Appears in each token, and must appear in no output. */
export const SECRET = "s3cret-token-of";

export const headersOf = ({ token, tenantId }: Identity): Record<string, string> => ({
  ...(token !== null && { "x-bkapi-authorization": JSON.stringify({ access_token: token }) }),
  ...(tenantId !== null && { "x-bk-tenant-id": tenantId }),
});

/** The identity of an upstream call; null for an unknown token. */
export const callerOf = (authorization: string | undefined): Identity | null =>
  IDENTITIES.find(
    ({ token }) => token !== null && authorization === JSON.stringify({ access_token: token }),
  ) ?? null;
