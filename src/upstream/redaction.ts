/**
 * Redacts the upstream's messages, which can echo whole requests: the caller's credentials and the upstream's address
 * are replaced, both in plain and in encoded form. For the token `s3cr3t-token` and the upstream `http://10.0.0.9/`:
 *
 *   GET http://10.0.0.9/api/v4/x {\"access_token\":\"s3cr3t-token\"}  →  GET *** {\"access_token\":\"***\"}
 */
import { addressPatterns } from "./address-patterns.ts";
import type { Caller } from "./caller.ts";

/** Redacts a message of the upstream and truncates it to `MAX_LENGTH` characters. */
export type Redact = (text: string) => string;

const REDACTED = "***";

/** Maximum length of a redacted message. */
const MAX_LENGTH = 1_000;

/**
 * Number of characters that are examined, to bound the time for long messages. A secret that starts within them is
 * redacted even if it ends after them.
 */
const MAX_SCANNED = 4_096;

/** Additional characters, so that a match can end after `MAX_SCANNED`. Longer than any address. */
const LOOKAHEAD = 1_024;

/**
 * A longer secret is found by its prefix of this length, then redacted as far as the message matches it. This keeps the
 * pattern small and its time linear, and also redacts a long secret that the upstream has truncated.
 */
const PREFIX_LENGTH = 64;

/**
 * @param addresses URLs of servers that callers must not see.
 * @returns a function that creates the `Redact` function of a caller.
 */
export function createRedaction(addresses: readonly URL[]): (caller: Caller) => Redact {
  // A pattern of its own, because it is large and the same for all callers.
  const addressPattern = new RegExp(addresses.flatMap(addressPatterns).join("|"), "gi");
  const passwords = addresses.flatMap(passwordOf);
  return (caller) => {
    const secrets = [...new Set([...secretsOf(caller), ...passwords].flatMap(encodings))];
    return createRedact(secrets, addressPattern);
  };
}

function createRedact(secrets: readonly string[], addressPattern: RegExp): Redact {
  const longSecrets = secrets.filter(({ length }) => length > PREFIX_LENGTH);
  // The first matching alternative wins, so a secret must come before secrets that are its prefix.
  const anchors = [...new Set(secrets.map((secret) => secret.slice(0, PREFIX_LENGTH)))]
    .sort((a, b) => b.length - a.length)
    .map(escapePattern);
  // `(?!)` never matches.
  const secretPattern = new RegExp(anchors.join("|") || "(?!)", "gi");

  return (text) => {
    const scanned = text.length > MAX_SCANNED ? text.slice(0, MAX_SCANNED + LOOKAHEAD) : text;
    const nextSecret = createMatcher(secretPattern, scanned);
    const nextAddress = createMatcher(addressPattern, scanned);
    let redacted = "";
    let at = 0;
    while (at < MAX_SCANNED) {
      const [secret, address] = [nextSecret(at), nextAddress(at)];
      const isSecret =
        secret.begin < address.begin || (secret.begin === address.begin && secret.end >= address.end);
      const found = isSecret ? secret : address;
      if (found.begin >= MAX_SCANNED) break;
      redacted += scanned.slice(at, found.begin) + REDACTED;
      at = found.end;
      for (const long of longSecrets) {
        at = Math.max(at, found.begin + commonPrefixLength(text, found.begin, long));
      }
    }
    redacted += text.slice(at, MAX_SCANNED);
    const isCut = redacted.length > MAX_LENGTH || text.length > Math.max(at, MAX_SCANNED);
    return isCut ? `${redacted.slice(0, MAX_LENGTH)}…` : redacted;
  };
}

interface Match {
  readonly begin: number;
  readonly end: number;
}

const NOT_FOUND: Match = { begin: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY };

/** Returns a function that finds the first match at or after `at`. `at` must not decrease between calls. */
function createMatcher(pattern: RegExp, text: string): (at: number) => Match {
  let found: Match = { begin: -1, end: -1 };
  return (at) => {
    if (found.begin >= at) return found;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    found = match ? { begin: match.index, end: match.index + match[0].length } : NOT_FOUND;
    return found;
  };
}

/** Length of the common prefix of `secret` and `text` from `begin` on, ignoring case. */
function commonPrefixLength(text: string, begin: number, secret: string): number {
  const most = Math.min(secret.length, text.length - begin);
  for (let length = 0; length < most; length += 1) {
    const [a = "", b = ""] = [text[begin + length], secret[length]];
    if (a !== b && a.toLowerCase() !== b.toLowerCase()) return length;
  }
  return most;
}

/** Fields of the credentials that are not secret: messages such as "user X has no permission" contain them. */
const PUBLIC_FIELDS: ReadonlySet<string> = new Set(["bk_app_code", "bk_username"]);

/** Shorter values are not secrets. Redacting them would garble messages. */
const MIN_SECRET_LENGTH = 6;

/** The credentials as a whole and every secret value in them. */
function secretsOf({ authorization }: Caller): string[] {
  if (authorization === null) return [];
  const values: string[] = [authorization];
  try {
    JSON.parse(authorization, (name, value) => {
      if (typeof value === "string" && !PUBLIC_FIELDS.has(name)) values.push(value);
      return value;
    });
  } catch {
    // Not JSON: only the whole value is a secret.
  }
  return values.filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** The password in a proxy URL, in plain and in encoded form. */
function passwordOf({ password }: URL): string[] {
  const values = [password, decodedPassword(password)];
  return values.filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

function decodedPassword(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** The forms of a secret in plain text, in JSON, in JSON inside of JSON, and in URLs. */
function encodings(text: string): string[] {
  const json = jsonText(text);
  return [text, json, jsonText(json), encodeURIComponent(text.toWellFormed())];
}

const jsonText = (text: string): string => JSON.stringify(text).slice(1, -1);

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
