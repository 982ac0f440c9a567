/** IP addresses as texts that sort the way addresses do. */
import { isIPv4, isIPv6 } from "node:net";

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const ipv4Hex = (ip: string): string =>
  hex(
    ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0),
    8,
  );

/** 32 hex digits. `::` stands for as many zero groups as are missing; the last 32 bits may be written as IPv4. */
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
 * A text whose code-unit order is the numeric order of addresses: IPv4 first, then IPv6, then whatever is
 * neither, by its letters.
 */
export function ipSortKey(ip: string): string {
  if (isIPv4(ip)) return `4${ipv4Hex(ip)}`;
  if (isIPv6(ip)) return `6${ipv6Hex(ip)}`;
  return `9${ip.toLowerCase()}`;
}
