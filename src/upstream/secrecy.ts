/** Keeps what must not leave the gateway out of what the upstream says: it may echo a request whole. */
import type { Caller } from "./caller.ts";

/** Takes secrets out of a text of the upstream, and cuts it to a length that is fit to show. */
export type Clean = (text: string) => string;

const MAX_LENGTH = 1_000;

/** Makes the `Clean` of a caller. */
export type Secrecy = (caller: Caller) => Clean;

/** Callers whose patterns are kept: most ask again soon, and making one costs as much as decoding a small answer. */
const MOST_PATTERNS = 100;

/** Hides callers' credentials and the upstream's address, as they are and as they look when encoded. */
export function createSecrecy(baseUrl: URL): Secrecy {
  /** By identity, the least recently used first. */
  const patterns = new Map<string, RegExp>();
  const patternOf = (caller: Caller): RegExp => {
    const { identity } = caller;
    const pattern = patterns.get(identity) ?? createPattern(baseUrl, caller);
    patterns.delete(identity);
    patterns.set(identity, pattern);
    const [oldest] = patterns.keys();
    if (patterns.size > MOST_PATTERNS && oldest !== undefined) patterns.delete(oldest);
    return pattern;
  };

  return (caller) => {
    const pattern = patternOf(caller);
    return (text) => {
      const cleaned = text.replace(pattern, "***");
      return cleaned.length > MAX_LENGTH ? `${cleaned.slice(0, MAX_LENGTH)}…` : cleaned;
    };
  };
}

function createPattern(baseUrl: URL, caller: Caller): RegExp {
  const forms = [...secretsOf(caller), ...addressesOf(baseUrl)].flatMap(encodings);
  // Of several alternatives the first is taken: a longer one must not be spoiled by one that it contains.
  const alternatives = [...new Set(forms)].sort((a, b) => b.length - a.length).map(escapePattern);
  return new RegExp(alternatives.join("|"), "gi");
}

/** Who calls, which is no secret and belongs in messages such as "user X has no permission". */
const IDENTITIES: ReadonlySet<string> = new Set(["bk_app_code", "bk_username"]);

/**
 * The credentials as a whole and every secret value in them. Values of fewer than 6 characters are left: they
 * are no secrets, and hiding them would garble messages.
 */
function secretsOf({ authorization }: Caller): string[] {
  if (authorization === null) return [];
  const values: string[] = [authorization];
  try {
    JSON.parse(authorization, (name, value) => {
      if (typeof value === "string" && !IDENTITIES.has(name)) values.push(value);
      return value;
    });
  } catch {
    // Not JSON: the text as a whole is all there is to hide.
  }
  return values.filter((value) => value.length >= 6);
}

/** A host always; shorter parts of a base URL, such as `/`, are in every other text. */
const addressesOf = ({ href, origin, host, hostname, pathname }: URL): string[] => [
  host,
  ...[href, origin, hostname, pathname].filter((part) => part.length >= 4),
];

/** As JSON texts and URLs write it. */
const encodings = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text.toWellFormed()),
];

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
