/** Validates the arguments of the `watch` command. */
import { isInt64Id } from "../model/int64.ts";
import type { WatchedRef } from "./job-update.ts";
import { quote } from "./text.ts";
import { cannotWatch } from "./watch-ended.ts";

/** The arguments as commander parses them. */
export interface WatchArguments {
  /** Positional arguments: the id of the job, and by mistake others. */
  readonly operands: readonly string[];
  readonly scope?: string;
  readonly url: string;
  readonly header?: readonly string[];
  readonly timeout?: string;
  readonly json?: boolean;
}

export interface WatchOptions {
  readonly ref: WatchedRef;
  /** The value of `--scope`. */
  readonly scope: string;
  /** URL of the gateway's GraphQL endpoint. */
  readonly url: URL;
  /** Names are in lower case. Never print the values: they contain credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | null;
  readonly isJson: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment variable with credentials, and the header to send them in. */
const CREDENTIALS_VARIABLE = "BK_JOB_AUTHORIZATION";
const CREDENTIALS_HEADER = "X-Bkapi-Authorization";

/** Advice when credentials are missing or rejected. */
export const CREDENTIALS_ADVICE = `Set the credentials in ${CREDENTIALS_VARIABLE}, or with --header '${CREDENTIALS_HEADER}: …'.`;

/** @throws WatchEnded for the first invalid argument. */
export function readOptions(given: WatchArguments, environment: Environment): WatchOptions {
  const [jobInstanceId = "", ...others] = given.operands;
  // The message does not contain the arguments: after an unquoted header, one of them is a secret.
  if (others.length > 0) {
    throw cannotWatch(
      `Expected one job instance id, got ${given.operands.length} arguments. Put a header in quotes: --header 'Name: value'.`,
    );
  }
  const { scope = "" } = given;
  const [, scopeType, scopeId = ""] = /^(biz|biz_set):(.*)$/s.exec(scope) ?? [];
  if (!isInt64Id(scopeId)) {
    const got = given.scope === undefined ? "none" : quote(scope);
    throw cannotWatch(`Expected --scope to be biz:<id> or biz_set:<id>, such as biz:1, got ${got}.`);
  }
  if (!isInt64Id(jobInstanceId)) {
    throw cannotWatch(
      `Expected a job instance id, a positive 64-bit integer such as 20000000003, got ${quote(jobInstanceId)}.`,
    );
  }
  return {
    ref: { scopeType: scopeType === "biz" ? "BIZ" : "BIZ_SET", scopeId, jobInstanceId },
    scope,
    ...readConnection(given, environment),
    timeoutMs: given.timeout === undefined ? null : readTimeout(given.timeout),
    isJson: given.json ?? false,
  };
}

/**
 * Where a gateway is, and the credentials to send.
 * @throws WatchEnded for an invalid argument.
 */
export const readConnection = (
  { url, header = [] }: Pick<WatchArguments, "url" | "header">,
  environment: Environment,
): Pick<WatchOptions, "url" | "headers"> => ({
  url: readUrl(url),
  headers: readHeaders(header, environment[CREDENTIALS_VARIABLE] ?? ""),
});

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw cannotWatch(
      `Expected --url to be an http or https address, such as http://127.0.0.1:4000/graphql, got ${quote(redactUrl(text))}.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw cannotWatch(
      `Expected --url without a user and password, got ${quote(redactUrl(text))}. Put credentials into a --header.`,
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  url.hash = "";
  return url;
}

/** Removes passwords (before `@`) and tokens (after `?`). */
const redactUrl = (url: string): string => url.replace(/^.*@/s, "…@").replace(/\?.*$/s, "?…");

/** The URL to show in messages, without the query string. */
export const shownUrl = (url: URL): string => url.origin + url.pathname;

function readHeaders(lines: readonly string[], credentials: string): Record<string, string> {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    // The message does not contain the value, which may be a secret.
    if (colon < 1) throw cannotWatch("Expected --header 'Name: value', got no name before a colon.");
    append(headers, "--header 'Name: value'", line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (credentials !== "" && !headers.has(CREDENTIALS_HEADER)) {
    append(headers, CREDENTIALS_VARIABLE, CREDENTIALS_HEADER, credentials.trim());
  }
  return Object.fromEntries(headers);
}

function append(headers: Headers, source: string, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    throw cannotWatch(
      `Expected ${source} to be a valid HTTP header, got invalid characters. Write the name without spaces, and JSON with \\u escapes.`,
    );
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Maximum delay of a Node.js timer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function readTimeout(text: string): number {
  const [, count = "", unit = "s"] = /^(\d+)([smh])?$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (count === "" || ms < 1 || ms > MAX_TIMEOUT_MS) {
    throw cannotWatch(
      `Expected --timeout to be a duration such as 90, 90s, 5m or 1h, at most 596h, got ${quote(text)}.`,
    );
  }
  return ms;
}
