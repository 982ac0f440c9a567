/**
 * Keeps what must not leave the gateway out of the upstream's messages, which may echo a request whole: the caller's
 * credentials and the upstream's address, as they are and as they look when encoded.
 */
import { addressPatterns } from "./address-patterns.ts";
import type { Caller } from "./caller.ts";

/** Takes secrets out of a text of the upstream, and cuts it to a length that is fit to show. */
export type Redact = (text: string) => string;

const REDACTED = "***";

/** Characters that are shown. */
const MAX_LENGTH = 1_000;

/**
 * Characters that are read, so that the longest text takes no time: what is left of them without credentials is enough to
 * show. A secret that begins within them is hidden even if it ends beyond.
 */
const MAX_SCANNED = 4_096;

/** What is read of the text beyond that, to recognize what begins before: more than an address is long. */
const LOOKAHEAD = 1_024;

/**
 * A longer secret is found by its first characters, then hidden for as long as the text goes on like it. That keeps the
 * pattern small and its time linear, and hides a long secret that the upstream has cut off, too.
 */
const PREFIX_LENGTH = 64;

/**
 * @param addresses URLs of servers that callers must not see.
 * @returns makes the `Redact` of a caller.
 */
export function createRedaction(addresses: readonly URL[]): (caller: Caller) => Redact {
  // Apart from the secrets, as it is the same for all callers and the larger part.
  const addressPattern = new RegExp(addresses.flatMap(addressPatterns).join("|"), "gi");
  const passwords = addresses.flatMap(passwordOf);
  return (caller) => {
    const secrets = [...new Set([...secretsOf(caller), ...passwords].flatMap(encodings))];
    return createRedact(secrets, addressPattern);
  };
}

function createRedact(secrets: readonly string[], addressPattern: RegExp): Redact {
  const longSecrets = secrets.filter(({ length }) => length > PREFIX_LENGTH);
  // Of several alternatives the first is taken: a longer one must not be spoiled by one that it contains.
  const anchors = [...new Set(secrets.map((secret) => secret.slice(0, PREFIX_LENGTH)))]
    .sort((a, b) => b.length - a.length)
    .map(escapePattern);
  // Without secrets it matches nothing.
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

/** @returns the first match from `at` on, for an `at` that only grows. */
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

/** How many characters of `text` from `begin` on are those at the beginning of `secret`, whatever their case. */
function commonPrefixLength(text: string, begin: number, secret: string): number {
  const most = Math.min(secret.length, text.length - begin);
  for (let length = 0; length < most; length += 1) {
    const [a = "", b = ""] = [text[begin + length], secret[length]];
    if (a !== b && a.toLowerCase() !== b.toLowerCase()) return length;
  }
  return most;
}

/** Who calls, which is no secret and belongs in messages such as "user X has no permission". */
const PUBLIC_FIELDS: ReadonlySet<string> = new Set(["bk_app_code", "bk_username"]);

/** Shorter values are no secrets, and hiding them would garble messages. */
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
    // Not JSON: the text as a whole is all there is to hide.
  }
  return values.filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** Of a proxy's URL. */
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

/** As JSON texts, JSON texts inside of JSON texts, and URLs write it. */
function encodings(text: string): string[] {
  const json = jsonText(text);
  return [text, json, jsonText(json), encodeURIComponent(text.toWellFormed())];
}

const jsonText = (text: string): string => JSON.stringify(text).slice(1, -1);

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
