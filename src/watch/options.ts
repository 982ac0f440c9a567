/** What the user asked for, from the texts of the command line. */
import { MAX_INT64 } from "../model/int64.ts";
import { quote } from "./text.ts";
import { cannotWatch } from "./watch-ended.ts";

/** As commander reads them. */
export interface WatchArguments {
  /** Without options: the job's id, and nothing else if it is right. */
  readonly operands: readonly string[];
  readonly scope?: string;
  readonly url: string;
  readonly header?: readonly string[];
  readonly timeout?: string;
  readonly json?: boolean;
}

/** Variables of a `JobInstanceRef`. */
interface WatchedRef {
  readonly scopeType: "BIZ" | "BIZ_SET";
  readonly scopeId: string;
  readonly jobInstanceId: string;
}

export interface WatchOptions {
  readonly ref: WatchedRef;
  /** As in `--scope`. */
  readonly scope: string;
  /** Of the gateway's event stream. */
  readonly streamUrl: URL;
  /** In lower case. They hold credentials: nothing may print them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | null;
  readonly isJson: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where credentials are read from, and the header that they become. */
const CREDENTIALS_VARIABLE = "BK_JOB_AUTHORIZATION";
const CREDENTIALS_HEADER = "X-Bkapi-Authorization";

/** What to do about credentials that are missing or refused. */
export const CREDENTIALS_ADVICE = `Give them in ${CREDENTIALS_VARIABLE}, or with --header '${CREDENTIALS_HEADER}: …'.`;

/** @throws WatchEnded for the first argument that cannot be. */
export function readOptions(given: WatchArguments, environment: Environment): WatchOptions {
  const [jobInstanceId = "", ...others] = given.operands;
  // Not what they are: with a header that was not quoted, the secret is among them.
  if (others.length > 0) {
    throw cannotWatch(
      `Expected one job instance id, got ${given.operands.length} arguments. Put a header in quotes: --header 'Name: value'.`,
    );
  }
  const { scope = "" } = given;
  const [, scopeType, scopeId = ""] = /^(biz|biz_set):(.*)$/s.exec(scope) ?? [];
  if (!isId(scopeId)) {
    const got = given.scope === undefined ? "none" : quote(scope);
    throw cannotWatch(`Expected --scope to be biz:<id> or biz_set:<id>, such as biz:1, got ${got}.`);
  }
  if (!isId(jobInstanceId)) {
    throw cannotWatch(
      `Expected a job instance id, a positive 64-bit integer such as 20000000003, got ${quote(jobInstanceId)}.`,
    );
  }
  return {
    ref: { scopeType: scopeType === "biz" ? "BIZ" : "BIZ_SET", scopeId, jobInstanceId },
    scope,
    streamUrl: readUrl(given.url),
    headers: readHeaders(given.header ?? [], environment[CREDENTIALS_VARIABLE] ?? ""),
    timeoutMs: given.timeout === undefined ? null : readTimeout(given.timeout),
    isJson: given.json ?? false,
  };
}

const isId = (text: string): boolean =>
  /^\d{1,19}$/.test(text) && BigInt(text) > 0n && BigInt(text) <= MAX_INT64;

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw cannotWatch(
      `Expected --url to be an http or https address, such as http://127.0.0.1:4000/graphql, got ${quote(withoutSecrets(text))}.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw cannotWatch(
      `Expected --url without a user and password, got ${quote(withoutSecrets(text))}. Put credentials into a --header.`,
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/stream`;
  url.hash = "";
  return url;
}

/** Passwords come before an `@`, tokens after a `?`. */
const withoutSecrets = (url: string): string => url.replace(/^.*@/s, "…@").replace(/\?.*$/s, "?…");

/** An address for messages. */
export const shownUrl = (url: URL): string => url.origin + url.pathname;

function readHeaders(lines: readonly string[], credentials: string): Record<string, string> {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    // What came is told without a letter of it, as it can be a secret.
    if (colon < 1)
      throw cannotWatch("Expected --header 'Name: value', got a text without a name and a colon.");
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
      `Expected ${source} to be a header of letters that HTTP allows, got others. Write the name without spaces, and JSON with \\u escapes.`,
    );
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Timers cannot wait longer. */
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
