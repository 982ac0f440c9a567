/** Addresses parsed from bytes, compared with Node.js and `ipSortKey`. */
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ipSortKey, parseIpv4, parseIpv6 } from "../../src/model/ip.ts";

const fragments = fc.array(
  fc.constantFrom(
    "0",
    "1",
    "9",
    "10",
    "255",
    "256",
    "00",
    "a",
    "F",
    "abcd",
    "12345",
    ".",
    ":",
    "::",
    "%",
    "e1",
  ),
  { maxLength: 18 },
);
const octet = fc.constantFrom(0, 1, 9, 10, 99, 100, 249, 255).map(String);
const ipv4 = fc.array(octet, { minLength: 3, maxLength: 5 }).map((octets) => octets.join("."));
const group = fc.constantFrom("0", "1", "00c", "ABCE", "ffff");
const ipv6 = fc
  .tuple(
    fc.array(group, { maxLength: 9 }),
    fc.array(group, { maxLength: 4 }),
    fc.constantFrom("::", ":", ""),
    ipv4,
  )
  .chain(([head, tail, between, end]) =>
    fc.constantFrom(
      head.join(":"),
      `${head.join(":")}${between}${tail.join(":")}`,
      `${head.join(":")}${between}${end}`,
      `${[...head, end].join(":")}`,
      `${head.join(":")}${between}%eth0`,
    ),
  );
const address = fc.oneof(
  fragments.map((all) => all.join("")),
  ipv4,
  ipv6,
  fc.ipV4(),
  fc.ipV6(),
);

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");

it("parses IPv4 addresses as Node.js does", () => {
  fc.assert(
    fc.property(address, (text) => {
      const bytes = Buffer.from(`"${text}"`);
      const number = parseIpv4(bytes, 1, bytes.length - 1);
      expect([text, number >= 0]).toEqual([text, isIPv4(text)]);
      if (number >= 0) expect(`4${hex(number, 8)}`).toBe(ipSortKey(text));
    }),
    { numRuns: 2_000 },
  );
});

it("parses IPv6 addresses as Node.js does, except for zones", () => {
  fc.assert(
    fc.property(address, (text) => {
      const bytes = Buffer.from(`"${text}"`);
      const groups = new Uint16Array(8).fill(0xeeee);
      const isRead = parseIpv6(bytes, 1, bytes.length - 1, groups);
      expect([text, isRead]).toEqual([text, isIPv6(text) && !text.includes("%")]);
      if (isRead) expect(`6${Array.from(groups, (value) => hex(value, 4)).join("")}`).toBe(ipSortKey(text));
    }),
    { numRuns: 2_000 },
  );
});
