/** Reads the caller of an operation from its request headers. */
import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import Negotiator from "negotiator";
import type { Caller, createCaller } from "../upstream/caller.ts";

/** Credentials that the gateway adds for callers who send less than the upstream requires. */
export interface CredentialOptions {
  /** The app to send for users who present only a login cookie. Null: none. */
  readonly app: { readonly code: string; readonly secret: string } | null;
  /** `X-Bkapi-Authorization` for callers without credentials. Null except with the simulator. */
  readonly defaultAuthorization: string | null;
}

/** The headers that `readCaller` reads. A WebSocket connection retains these and no others. */
export const CALLER_HEADERS = [
  "x-bkapi-authorization",
  "authorization",
  "x-bk-tenant-id",
  "accept-language",
  "cookie",
] as const satisfies readonly (keyof IncomingHttpHeaders)[];

/**
 * Uses the first credentials found: `X-Bkapi-Authorization`, the access token of `Authorization: Bearer`, the login
 * cookie, the default.
 * @param create creates the caller, or returns a cached one.
 */
export const readCaller = (
  headers: IncomingHttpHeaders,
  options: CredentialOptions,
  create: typeof createCaller,
): Caller =>
  create({
    ...readCredentials(headers, options),
    tenantId: singleValue(headers["x-bk-tenant-id"]),
    language: readLanguage(headers),
  });

const singleValue = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value)?.trim() || null;

/** Reads the first credentials found. */
export function readCredentials(
  headers: IncomingHttpHeaders,
  { app, defaultAuthorization }: CredentialOptions,
): Pick<Caller, "authorization" | "isMalformed"> {
  const given = singleValue(headers["x-bkapi-authorization"]);
  if (given !== null) return { authorization: given, isMalformed: false };
  const token = bearerToken(singleValue(headers.authorization));
  if (token === null) {
    const authorization = cookieAuthorization(headers.cookie, app) ?? defaultAuthorization;
    return { authorization, isMalformed: false };
  }
  // Not the cookie instead: the caller would silently act as another user.
  if (!ACCESS_TOKEN.test(token)) return { authorization: null, isMalformed: true };
  return { authorization: toHeaderJson({ access_token: token }), isMalformed: false };
}

/** The characters of an access token (RFC 6749), without the space, which ends the token of a `Bearer` header. */
const ACCESS_TOKEN = /^[\x21-\x7e]+$/;

/** What follows the scheme `Bearer`, which is case-insensitive. Null for other schemes, such as those of a proxy. */
function bearerToken(header: string | null): string | null {
  const match = header === null ? null : /^bearer(?:\s+(.*))?$/i.exec(header);
  return match && (match[1] ?? "");
}

/** Cookies that a BlueKing login sets. Which of the two depends on the edition. */
const LOGIN_COOKIES = ["bk_token", "bk_ticket"] as const;

/** The user of the login cookie and the configured app, as credentials. Null without a login cookie. */
function cookieAuthorization(header: string | undefined, app: CredentialOptions["app"]): string | null {
  if (header === undefined) return null;
  const cookies = parseCookie(header);
  const login = LOGIN_COOKIES.flatMap((name) => (cookies[name] ? [[name, cookies[name]]] : []));
  if (login.length === 0) return null;
  const credentials = {
    ...(app && { bk_app_code: app.code, bk_app_secret: app.secret }),
    ...Object.fromEntries(login),
  };
  return toHeaderJson(credentials);
}

/** JSON in printable ASCII, which every header may contain. */
export const toHeaderJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** True when the caller sends `Cache-Control: no-cache`. */
export const bypassesCache = (headers: IncomingHttpHeaders): boolean =>
  /(^|[\s,])no-cache($|[\s,])/i.test(headers["cache-control"] ?? "");

/**
 * The upstream supports Chinese and English. Callers who prefer Chinese get Chinese, callers who prefer any other
 * language get English. Without a preference, the upstream decides.
 */
function readLanguage(headers: IncomingHttpHeaders): Caller["language"] {
  if (headers["accept-language"] === undefined) return null;
  const [preferred] = new Negotiator({ headers }).languages();
  if (preferred === undefined || preferred === "*") return null;
  return /^zh\b/i.test(preferred) ? "zh-cn" : "en";
}
