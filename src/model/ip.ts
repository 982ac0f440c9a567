/** IP addresses: sort keys, as strings and as numbers parsed from bytes, and networks. */
import { isIPv4, isIPv6 } from "node:net";

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const ipv4Hex = (ip: string): string =>
  hex(
    ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0),
    8,
  );

/** 32 hex digits. Expands `::`, and the last 32 bits in IPv4 notation: `::ffff:10.0.0.1` ends with `ffff0a000001`. */
function ipv6Hex(ip: string): string {
  const address = (ip.split("%")[0] ?? "").replace(/\d+\.\d+\.\d+\.\d+$/, (tail) => {
    const digits = ipv4Hex(tail);
    return `${digits.slice(0, 4)}:${digits.slice(4)}`;
  });
  const groups = (part: string | undefined) =>
    part ? part.split(":").map((group) => group.padStart(4, "0")) : [];
  const [head, tail] = address.split("::").map(groups);
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  return [...(head ?? []), ...Array<string>(missing).fill("0000"), ...(tail ?? [])].join("").toLowerCase();
}

/**
 * A string whose order is the numeric order of addresses: IPv4 first, then IPv6, then everything else in lower case.
 * `10.0.0.1` becomes `40a000001`, `2001:db8::1` becomes `620010db8000000000000000000000001`, `Unknown` becomes
 * `9unknown`.
 */
export function ipSortKey(ip: string): string {
  if (isIPv4(ip)) return `4${ipv4Hex(ip)}`;
  if (isIPv6(ip)) return `6${ipv6Hex(ip)}`;
  return `9${ip.toLowerCase()}`;
}

/** IPv4 addresses in IPv6 notation: `::ffff:10.0.0.1`. */
const MAPPED_IPV4 = `${"0".repeat(20)}ffff`;

/**
 * The network that one client has: an IPv4 address, or the first 64 bits of an IPv6 address. Different notations of an
 * address give the same string.
 */
export function ipNetwork(ip: string): string {
  if (!isIPv6(ip)) return ipSortKey(ip);
  const digits = ipv6Hex(ip);
  return digits.startsWith(MAPPED_IPV4) ? `4${digits.slice(MAPPED_IPV4.length)}` : `6${digits.slice(0, 16)}`;
}

const [POINT, ZERO, NINE, COLON] = [0x2e, 0x30, 0x39, 0x3a];

/** Parses an IPv4 address: `10.0.0.1` is 0x0a000001. Returns -1 for everything that `isIPv4` rejects. */
export function parseIpv4(bytes: Uint8Array, start: number, end: number): number {
  let address = 0;
  let octets = 0;
  for (let at = start; at <= end; at++) {
    const first = at;
    let octet = 0;
    for (let byte = bytes[at] ?? 0; at < end && byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? 0) {
      octet = octet * 10 + byte - ZERO;
    }
    const digits = at - first;
    const hasLeadingZero = digits > 1 && bytes[first] === ZERO;
    if (digits < 1 || digits > 3 || octet > 255 || hasLeadingZero) return -1;
    if (at < end && bytes[at] !== POINT) return -1;
    address = address * 256 + octet;
    octets += 1;
  }
  return octets === 4 ? address : -1;
}

const GROUPS = 8;

/**
 * Parses an IPv6 address into `groups`, its eight 16-bit numbers: `2001:db8::1` gives 0x2001, 0xdb8, 0, 0, 0, 0, 0, 1.
 * @returns false if it is not an IPv6 address or has a zone.
 */
export function parseIpv6(bytes: Uint8Array, start: number, end: number, groups: Uint16Array): boolean {
  let count = 0;
  /** Number of groups before `::`; -1 if there is none. */
  let gap = -1;
  let at = start;
  // A leading colon is only valid as part of `::`.
  if (bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON) return false;
    gap = 0;
    at += 2;
  }
  while (at < end) {
    const first = at;
    let group = 0;
    for (let digit = hexDigit(bytes[at] ?? 0); at < end && digit >= 0; digit = hexDigit(bytes[++at] ?? 0)) {
      group = group * 16 + digit;
    }
    // A dot means that the last 32 bits are in IPv4 notation, from the digits before the dot on.
    if (bytes[at] === POINT && at < end) {
      const tail = count <= GROUPS - 2 ? parseIpv4(bytes, first, end) : -1;
      if (tail < 0) return false;
      groups[count++] = tail >>> 16;
      groups[count++] = tail & 0xffff;
      break;
    }
    const digits = at - first;
    if (digits < 1 || digits > 4 || count === GROUPS) return false;
    groups[count++] = group;
    if (at === end) break;
    // A colon must be followed by a group or a second colon.
    if (bytes[at] !== COLON || at + 1 === end) return false;
    at += 1;
    if (bytes[at] !== COLON) continue;
    // `::` is valid only once, because the number of zeros must be unambiguous.
    if (gap >= 0) return false;
    gap = count;
    at += 1;
  }
  if (gap < 0) return count === GROUPS;
  if (count === GROUPS) return false;
  // Moves the groups after `::` to the end, and fills the gap with zeros: 2001 db8 1 with gap 2 → 2001 db8 0 0 0 0 0 1.
  groups.copyWithin(GROUPS - count + gap, gap, count);
  groups.fill(0, gap, GROUPS - count + gap);
  return true;
}

/** Value of a hex digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
