/**
 * Regular expressions for a server's address wherever a text has it: whole URLs, `host:port`, the host name, the path.
 *
 * A host name of several parts, such as `bkapi.example.com` or `10.0.0.1`, is unmistakable. A name of one part can be an
 * everyday word: with `http://job/` as base URL, "The job instance" is no address. Such a name is taken for one only where
 * it stands as one:
 *
 *     http://job/…   //job   user@job   job:80   job/api/v4/…   job/10.0.0.1   Host: job   UnknownHostException: job
 */
import { isIP } from "node:net";

/** In JSON, slashes may have a backslash before them; in URLs inside URLs, all of these are percent-encoded. */
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

/** An escape sequence ends here: its last character belongs to no word. */
const AFTER_ESCAPE = "(?<=%[0-9a-f]{2}|\\\\[bfnrt]|\\\\u[0-9a-f]{4})";

/** Before and after a host name no character of one. */
const NAME_START = `(?:(?<![a-z0-9-])|${AFTER_ESCAPE})`;
const NAME_END = "(?![a-z0-9-])";
/** After a name of one part no more parts, either: `job.example.com` is not `job`. */
const SINGLE_NAME_END = "(?![a-z0-9_-]|\\.[a-z0-9])";
/** `110.0.0.1` and `10.0.0.12` are not `10.0.0.1`. */
const IPV4_START = `(?:(?<!\\d|\\d\\.)|${AFTER_ESCAPE})`;
const IPV4_END = "(?!\\d|\\.\\d)";

/**
 * Patterns for `url`, to be matched whatever the case; those that match more come first. They contain no repetition
 * without a small limit, so a hostile text cannot make them slow.
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
    // A URL, whatever its scheme and port.
    `(?:https?${COLON_PATTERN})?${SLASH}${SLASH}${name}${end}(?:${COLON_PATTERN}\\d{1,5})?${anyPath}`,
    `${begin}${name}${COLON_PATTERN}${port}(?!\\d)${anyPath}`,
    ...(isSingleName ? singleNamePatterns(name, path) : [`${begin}${name}${end}${anyPath}`]),
    // A path of one part can be in any text; one of several is nobody else's.
    ...(/\/.*\//.test(path) ? [`${escapeEncoded(path)}(?![\\w-])`] : []),
  ];
}

/** Texts that a host name follows, as HTTP, Java and Node.js write them. */
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
    // Java's form of an address that was looked up.
    `${prefix}${SLASH}\\d{1,3}(?:\\.\\d{1,3}){3}`,
    // The name first: looking back from every character for what may precede it would cost more.
    ...HOST_PREFIXES.map((prefix) => `${name}${SINGLE_NAME_END}(?<=${prefix}${name})`),
  ];
}
