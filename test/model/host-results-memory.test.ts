/** Estimated memory of host results, including cached computations. */
import { expect, it } from "vitest";
import { createHostResults } from "../../src/model/host-results.ts";
import { columnBytes, type HostTable, STRING_COLUMNS } from "../../src/model/host-table.ts";
import { decodeJobInstance } from "../../src/upstream/decode-job-instance.ts";
import { createBodyReader } from "../../src/upstream/json-body.ts";
import { jobBytes, stepRow } from "../support/job-payload.ts";

const readBody = createBodyReader();

/** The tables of a job with one step per list. */
function tablesOf(...lists: readonly (readonly object[])[]): HostTable[] {
  const steps = lists.map((rows) => stepRow({ step_execute_object_result_list: rows }));
  const reading = { requiredData: "hosts", observedAt: 0, upstreamRequestId: null } as const;
  return decodeJobInstance(readBody(jobBytes({ steps }), "hosts"), reading).steps.flatMap(
    ({ hostResults }) => hostResults?.table ?? [],
  );
}

const COUNT = 1_000;
const rows = (row: (index: number) => object) => Array.from({ length: COUNT }, (_, index) => row(index));
const plain = rows((index) => ({ status: 9, execute_object: { host: { bk_host_id: index } } }));

it("counts the columns that occur", () => {
  const [few, more, escaped] = tablesOf(
    plain,
    plain.map((row, index) => ({ ...row, tag: "x", exit_code: index % 2 ? 1 : null })),
    plain.map((row, index) => ({ ...row, tag: index === 500 ? "a\nb" : "x", exit_code: 0 })),
  );
  const slack = 1.3;
  const within = (table: HostTable | undefined, bytesPerRow: number) => {
    expect(table?.ownBytes).toBeGreaterThanOrEqual(COUNT * bytesPerRow);
    expect(table?.ownBytes).toBeLessThan(COUNT * bytesPerRow * slack);
  };
  // Status 4, host id 8; exit code 8, tag twice 4; whether it is escaped 1.
  within(few, 12);
  within(more, 28);
  within(escaped, 29);
});

it("shares columns without values between tables", () => {
  const [one, two] = tablesOf(plain, plain);
  for (const name of STRING_COLUMNS) expect(one?.[name].start).toBe(two?.[name].start);
  expect(one?.durationMs).toBe(two?.startedAt);
  expect(one?.hostId.values).not.toBe(two?.hostId.values);
});

it("caches computations within the estimate, evicting the least recently used first", () => {
  const [table] = tablesOf(plain);
  if (!table) throw new Error("Expected a table.");
  const { memoize: remember } = createHostResults(table);
  let computed = 0;
  const ask = (key: number, size: number) =>
    remember(
      `${key}`,
      () => {
        computed += 1;
        return [key];
      },
      () => size,
    );
  const size = 4 * COUNT;
  const room = Math.floor((columnBytes(table) - table.ownBytes) / size);
  expect(ask(0, size)).toBe(ask(0, size));
  expect(computed).toBe(1);

  for (let key = 0; key <= room; key++) ask(key, size);
  expect(computed).toBe(room + 1);
  ask(0, size);
  expect(computed).toBe(room + 2);
  ask(0, size);
  expect(computed).toBe(room + 2);

  const tooLarge = size * room;
  ask(-1, tooLarge);
  ask(-1, tooLarge);
  expect(computed).toBe(room + 4);
});
