/** The stable order of some rows, compared with that of all rows. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createHostResults } from "../../src/model/host-results.ts";
import type { HostTable } from "../../src/model/host-table.ts";
import { createStableOrder } from "../../src/model/stable-order.ts";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { jobBytes, stepRow } from "../support/job-payload.ts";
import { hostList, randomStep } from "./reference/random-rows.ts";

const readBody = createBodyReader();

function tableOf(lists: Record<string, readonly object[]>): HostTable {
  const reading = { requiredData: "hosts", observedAt: 0, upstreamRequestId: null } as const;
  const body = readBody(jobBytes({ steps: [stepRow(lists)] }), "hosts");
  const table = decodeJobInstance(body, reading).steps[0]?.hostResults?.table;
  if (!table) throw new Error("Expected a table.");
  return table;
}

/** The number of each row among the rows on its target, counted in the order of all rows. */
function countOrdinals(table: HostTable): number[] {
  const { keyOf } = createHostResults(table);
  const seen = new Map<string, number>();
  const ordinals: number[] = [];
  for (const row of createStableOrder(table).rows()) {
    const { kind, id, address } = keyOf(row);
    const target = `${kind} ${id} ${address}`;
    ordinals[row] = seen.get(target) ?? 0;
    seen.set(target, (ordinals[row] ?? 0) + 1);
  }
  return ordinals;
}

it("sorts some rows in the order that they have among all rows", () =>
  fc.assert(
    fc.property(randomStep(), fc.array(fc.boolean(), { minLength: 1 }), (random, flags) => {
      const table = tableOf(hostList(random));
      const rows = Uint32Array.from({ length: table.length }, (_, row) => row);
      const part = rows.filter((row) => flags[row % flags.length]);

      const sorted = createStableOrder(table).sort(part);

      const all = [...createStableOrder(table).rows()];
      expect([...sorted]).toEqual(all.filter((row) => part.includes(row)));
    }),
  ));

it("numbers the results on a target, whether or not all rows have been sorted", () =>
  fc.assert(
    fc.property(randomStep(), (random) => {
      const table = tableOf(hostList(random));
      const { ordinalOf } = createStableOrder(table);

      expect(Array.from({ length: table.length }, (_, row) => ordinalOf(row))).toEqual(countOrdinals(table));
    }),
  ));

/** Ids whose hashes all fall into the first slots: multiples of the inverse of the hash's factor. */
const collidingIds = (count: number) =>
  Array.from({ length: count }, (_, index) => Math.imul(index + 1, 0x0e8b2f51) >>> 0);

it("numbers the results of ids with equal hashes", () => {
  const ids = collidingIds(3_000);
  expect(new Set(ids.map((id) => Math.imul(id, 0x9e3779b1) >>> 16))).toEqual(new Set([0]));
  const rows = [...ids, ids[0]].map((id) => ({ bk_host_id: id, status: 9 }));
  const table = tableOf({ step_ip_result_list: rows });
  const { ordinalOf } = createStableOrder(table);

  expect(Array.from(rows, (_, row) => ordinalOf(row))).toEqual([...ids.map(() => 0), 1]);
});
