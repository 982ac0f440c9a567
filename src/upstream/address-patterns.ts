/**
 * Regular expressions that find a server's address in a message: URLs, `host:port`, the host name, the path.
 *
 * A host name with dots, such as `bkapi.example.com` or `10.0.0.1`, is unambiguous. A name without dots can be an
 * ordinary word: if the base URL is `http://job/`, then "The job instance" contains no address. Such a name is only
 * matched in a context that identifies it as a host:
 *
 *     http://job/…   //job   user@job   job:80   job/api/v4/…   job/10.0.0.1   Host: job   UnknownHostException: job
 */
import { isIP } from "node:net";

/** Patterns of these characters: JSON can escape slashes, and URLs inside of URLs percent-encode all of them. */
const ENCODED: Readonly<Record<string, string>> = {
  "/": "(?:\\\\{0,4}/|%2f)",
  ":": "(?::|%3a)",
  "@": "(?:@|%40)",
  "[": "(?:\\[|%5b)",
  "]": "(?:\\]|%5d)",
};

const SLASH = ENCODED["/"];
const COLON_PATTERN = ENCODED[":"];
const AT = ENCODED["@"];

const escapeEncoded = (text: string): string =>
  text.replace(/[^\w-]/g, (character) => ENCODED[character] ?? `\\${character}`);

/** After an escape sequence, whose last character is not part of the following word: `\njob`, `%20job`. */
const AFTER_ESCAPE = "(?<=%[0-9a-f]{2}|\\\\[bfnrt]|\\\\u[0-9a-f]{4})";

/** The boundaries of a host name. */
const NAME_START = `(?:(?<![a-z0-9-])|${AFTER_ESCAPE})`;
const NAME_END = "(?![a-z0-9-])";
/** The end of a host name without dots: `job.example.com` does not contain the host `job`. */
const SINGLE_NAME_END = "(?![a-z0-9_-]|\\.[a-z0-9])";
/** The boundaries of an IPv4 address: `110.0.0.1` and `10.0.0.12` do not contain `10.0.0.1`. */
const IPV4_START = `(?:(?<!\\d|\\d\\.)|${AFTER_ESCAPE})`;
const IPV4_END = "(?!\\d|\\.\\d)";

/**
 * Patterns for `url`, to be matched case-insensitively. Longer matches come first. Every repetition has a small limit,
 * so no input makes them slow.
 */
export function addressPatterns(url: URL): string[] {
  const { hostname, protocol } = url;
  const name = escapeEncoded(hostname);
  const port = url.port || (protocol === "https:" ? "443" : "80");
  const path = url.pathname.replace(/\/+$/, "");
  const isIpv4 = isIP(hostname) === 4;
  const isSingleName = /^[\w-]+$/.test(hostname);
  const [begin, end] = isIpv4
    ? [IPV4_START, IPV4_END]
    : [NAME_START, isSingleName ? SINGLE_NAME_END : NAME_END];
  const anyPath = path === "" ? "" : `(?:${escapeEncoded(path)})?`;
  return [
    // A URL with any scheme and port.
    `(?:https?${COLON_PATTERN})?${SLASH}${SLASH}${name}${end}(?:${COLON_PATTERN}\\d{1,5})?${anyPath}`,
    `${begin}${name}${COLON_PATTERN}${port}(?!\\d)${anyPath}`,
    ...(isSingleName ? singleNamePatterns(name, path) : [`${begin}${name}${end}${anyPath}`]),
    // A path with several segments is specific enough to match on its own.
    ...(/\/.*\//.test(path) ? [`${escapeEncoded(path)}(?![\\w-])`] : []),
  ];
}

/** What precedes a host name in messages of HTTP servers, Java and Node.js. */
const HOST_PREFIXES = [
  AT,
  `\\bhost(?:name)?["'\\\\]{0,4}\\s{0,4}(?:=|${COLON_PATTERN})\\s{0,4}["'\\\\]{0,4}`,
  `(?:UnknownHostException|ENOTFOUND|EAI_AGAIN)(?:${COLON_PATTERN})?\\s{1,4}`,
];

function singleNamePatterns(name: string, path: string): string[] {
  const prefix = `${NAME_START}${name}`;
  const paths = [...(path === "" ? [] : [escapeEncoded(path)]), escapeEncoded("/api/v4")];
  return [
    ...paths.map((part) => `${prefix}${part}(?![\\w-])`),
    // Java's format of a resolved address.
    `${prefix}${SLASH}\\d{1,3}(?:\\.\\d{1,3}){3}`,
    // The name comes first, because a look-behind at every character would be slow.
    ...HOST_PREFIXES.map((prefix) => `${name}${SINGLE_NAME_END}(?<=${prefix}${name})`),
  ];
}
