/** The caller of an operation, by the headers that came with it. */
import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import Negotiator from "negotiator";
import type { Caller, createCaller } from "../upstream/caller.ts";

/** What the gateway adds to callers that bring less than the upstream wants. */
export interface CredentialOptions {
  /** The app that asks for users who come with the cookie of a BlueKing login only. Null: none. */
  readonly app: { readonly code: string; readonly secret: string } | null;
  /** `X-Bkapi-Authorization` for callers without any credentials. Null, except with the simulator. */
  readonly defaultAuthorization: string | null;
}

/** The headers that `readCaller` reads, and so what of a caller there is to keep while a connection lasts. */
export const CALLER_HEADERS = [
  "x-bkapi-authorization",
  "x-bk-tenant-id",
  "accept-language",
  "cookie",
] as const satisfies readonly (keyof IncomingHttpHeaders)[];

/**
 * Credentials are, in this order: the header's, those of a login's cookie, the default.
 * @param create makes the caller, or has it cached.
 */
export const readCaller = (
  headers: IncomingHttpHeaders,
  options: CredentialOptions,
  create: typeof createCaller,
): Caller =>
  create({
    authorization:
      single(headers["x-bkapi-authorization"]) ??
      cookieAuthorization(headers.cookie, options.app) ??
      options.defaultAuthorization,
    tenantId: single(headers["x-bk-tenant-id"]),
    language: readLanguage(headers),
  });

const single = (value: string | string[] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value)?.trim() || null;

/** What a BlueKing login leaves in the browser: who the user is. Which of the two depends on the edition. */
const LOGIN_COOKIES = ["bk_token", "bk_ticket"] as const;

/** Credentials of the user whom a login's cookie names, and of the app that asks for them; null without a cookie. */
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

/** JSON in the characters that every header may hold. */
export const toHeaderJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** True when the caller refuses to be told what another request was told a moment ago (`Cache-Control: no-cache`). */
export const bypassesCache = (headers: IncomingHttpHeaders): boolean =>
  /(^|[\s,])no-cache($|[\s,])/i.test(headers["cache-control"] ?? "");

/**
 * The upstream speaks Chinese and English. Whoever prefers Chinese gets that, whoever prefers anything else
 * English; without a preference the upstream decides.
 */
function readLanguage(headers: IncomingHttpHeaders): Caller["language"] {
  if (headers["accept-language"] === undefined) return null;
  const [preferred] = new Negotiator({ headers }).languages();
  if (preferred === undefined || preferred === "*") return null;
  return /^zh\b/i.test(preferred) ? "zh-cn" : "en";
}
