/** Different JSON notations of a string are equal in groups, filters, orders, ids and fingerprints. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterHostResults } from "../../src/model/host-filter.ts";
import { groupHostResults } from "../../src/model/host-group.ts";
import { comparePositions, positionOf, sortHostResults } from "../../src/model/host-order.ts";
import type { HostResults } from "../../src/model/host-results.ts";
import { rowAt } from "../../src/model/host-table.ts";
import type { HostResultOrder } from "../../src/model/sdl.generated.ts";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { jobBytes, stepRow } from "../support/job-payload.ts";

const TEXTS = [
  ...["a", "A", "a b", 'a "b" \\', "line\n", "/", "磁盘", "磁盘满", "🙂", "😀", "\uffee", "\ue000", "\ud7ff"],
  ...["\ud800", "\udfff", "\ud800x", "\udc00\ud800", "x\u0000", "x", "null", "é"],
] as const;
const ADDRESSES = [
  "10.0.0.1",
  "10.0.0.10",
  "9.0.0.1",
  "host",
  "Host",
  "é",
  "\uffee",
  "😀",
  "K",
  "::1",
  "::1%x",
] as const;

interface Row {
  readonly tag: string | null;
  readonly ip: string | null;
  readonly ipv6: string | null;
  readonly hasId: boolean;
  readonly exitCode: number | null;
}

const rows = fc.array(
  fc.record({
    tag: fc.option(fc.constantFrom(...TEXTS)),
    ip: fc.option(fc.constantFrom(...ADDRESSES)),
    ipv6: fc.option(fc.constantFrom(...ADDRESSES), { freq: 1 }),
    hasId: fc.boolean(),
    exitCode: fc.option(fc.constantFrom(0, -1, 1)),
  }),
  { maxLength: 60, size: "max" },
);

/** A character as an escape or in another JSON notation. */
function spelledCharacter(unit: string, way: number): string {
  const hex = unit.charCodeAt(0).toString(16).padStart(4, "0");
  const usual = JSON.stringify(unit).slice(1, -1);
  // A lone surrogate cannot be encoded in UTF-8.
  if (way % 3 === 0 && !/[\ud800-\udfff]/.test(unit)) return usual;
  return way % 3 === 1 ? `\\u${hex}` : `\\u${hex.toUpperCase()}`;
}

/** A JSON notation of the string, selected by `seed`. */
function spelled(text: string, seed: number): string {
  if (seed % 2 === 0) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, index) => text.charAt(index));
  return `"${units.map((unit, index) => spelledCharacter(unit, (seed >> (index % 8)) + index)).join("")}"`;
}

const readBody = createBodyReader();

function decode(all: readonly Row[], seed: number): HostResults {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  const written = (text: string | null) =>
    text === null ? "null" : seed === 0 ? JSON.stringify(text) : spelled(text, next());
  const list = all.map(
    ({ tag, ip, ipv6, hasId, exitCode }, index) =>
      `{${hasId ? `"bk_host_id":${index % 7},` : ""}"ip":${written(ip)},"ipv6":${written(ipv6)},"tag":${written(tag)},` +
      `"status":9,"exit_code":${exitCode},"total_time":${index}}`,
  );
  const body = jobBytes({ steps: [stepRow({ step_ip_result_list: [] })] })
    .toString()
    .replace('"step_ip_result_list":[]', `"step_ip_result_list":[${list}]`);
  const reading = { requiredData: "hosts", observedAt: 0, upstreamRequestId: null } as const;
  const results = decodeJobInstance(readBody(Buffer.from(body), "hosts"), reading).steps[0]?.hostResults;
  if (!results) throw new Error("Expected a step with host results.");
  return results;
}

const compareText = (a: string | null, b: string | null): number => {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
};

describe("strings in any notation", () => {
  const property = (check: (all: readonly Row[], results: HostResults, usual: HostResults) => void) =>
    fc.assert(
      fc.property(rows, fc.nat(), (all, seed) => check(all, decode(all, seed + 1), decode(all, 0))),
      { numRuns: 300 },
    );

  it("are decoded to the same value", () =>
    property((all, { table }) => {
      expect(all.map((_, row) => rowAt(table, row).tag)).toEqual(all.map(({ tag }) => tag));
      expect(all.map((_, row) => rowAt(table, row).ip)).toEqual(all.map(({ ip }) => ip));
    }));

  it("are in one group, with groups in UTF-16 order", () =>
    property((all, results) => {
      const groups = groupHostResults(results, null, ["TAG"]);
      const expected = [...new Set(all.map(({ tag }) => tag))].sort(compareText);
      expect(groups.map(({ tag }) => tag)).toEqual(expected);
      expect(groups.map((group) => [...group.rows])).toEqual(
        expected.map((tag) => all.flatMap((row, index) => (row.tag === tag ? [index] : []))),
      );
    }));

  it("match the same filters", () =>
    property((all, results) => {
      for (const tag of TEXTS) {
        const found = filterHostResults(results, { tags: [tag, null] });
        expect([...(found ?? [])]).toEqual(
          all.flatMap((row, index) => (row.tag === tag || row.tag === null ? [index] : [])),
        );
      }
      for (const part of ["1", "O", "É", "k", "\u212a", "::1%", "\uffee", "\ud83d"]) {
        const contains = (text: string | null) => text?.toLowerCase().includes(part.toLowerCase()) === true;
        expect([part, ...(filterHostResults(results, { ipContains: part }) ?? [])]).toEqual([
          part,
          ...all.flatMap(({ ip, ipv6 }, index) => (contains(ip) || contains(ipv6) ? [index] : [])),
        ]);
      }
    }));

  it("result in the same ids, orders and fingerprint", () =>
    property((all, results, usual) => {
      expect(results.fingerprint()).toBe(usual.fingerprint());
      expect([...results.stableOrder()]).toEqual([...usual.stableOrder()]);
      expect(all.map((_, row) => results.keyOf(row))).toEqual(all.map((_, row) => usual.keyOf(row)));
      for (const direction of ["ASC", "DESC"] as const) {
        const order = { field: "IP", direction } as const;
        expect([...sortHostResults(results, null, order)]).toEqual([...sortHostResults(usual, null, order)]);
      }
    }));

  it("are sorted by their cursor positions", () =>
    property((_, results) => {
      const orders: (HostResultOrder | null)[] = [null];
      for (const field of ["IP", "EXIT_CODE", "DURATION"] as const) {
        for (const direction of ["ASC", "DESC"] as const) orders.push({ field, direction });
      }
      for (const order of orders) {
        const positions = Array.from(sortHostResults(results, null, order), (row) =>
          positionOf(results, row, order),
        );
        for (const [index, position] of positions.entries()) {
          const before = positions[index - 1];
          if (before) expect(comparePositions(before, position, order)).toBeLessThan(0);
        }
      }
    }));
});
