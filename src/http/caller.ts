/** The caller of an HTTP request. */
import type { IncomingHttpHeaders } from "node:http";
import Negotiator from "negotiator";
import { type Caller, createCaller } from "../upstream/caller.ts";

/** @param defaultAuthorization credentials for callers without any: only ever set with the simulator. */
export const readCaller = (headers: IncomingHttpHeaders, defaultAuthorization: string | null): Caller =>
  createCaller({
    authorization: single(headers["x-bkapi-authorization"]) ?? defaultAuthorization,
    tenantId: single(headers["x-bk-tenant-id"]),
    language: readLanguage(headers),
  });

const single = (value: string | string[] | undefined): string | null => [value].flat()[0]?.trim() || null;

/** True when the caller refuses to be told what another request was told a moment ago (`Cache-Control: no-cache`). */
export const wantsFresh = (headers: IncomingHttpHeaders): boolean =>
  /(^|[\s,])no-cache($|[\s,])/i.test(headers["cache-control"] ?? "");

/**
 * The upstream speaks Chinese and English. Whoever prefers Chinese gets that, whoever prefers anything else
 * English; without a preference the upstream decides.
 */
function readLanguage(headers: IncomingHttpHeaders): Caller["language"] {
  const [preferred] = new Negotiator({ headers }).languages();
  if (preferred === undefined || preferred === "*") return null;
  return /^zh\b/i.test(preferred) ? "zh-cn" : "en";
}
