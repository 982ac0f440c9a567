/** Radix sorting of rows, compared with sorting by a comparison function. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { descending, numberWords, sortRows } from "../../src/model/host-sort.ts";

const numbers = fc.oneof(
  fc.constantFrom(0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 32 - 1, Number.MAX_SAFE_INTEGER, Number.NaN),
  fc.constantFrom(Number.MIN_SAFE_INTEGER, 1_605_064_271_000, 1_605_064_271_001),
  fc.integer({ min: -3, max: 3 }),
);

/** Columns of equal length, short and long, with many equal values. */
const columns = fc.integer({ min: 0, max: 300 }).chain((length) =>
  fc.array(fc.array(numbers, { minLength: length, maxLength: length, size: "max" }), {
    minLength: 1,
    maxLength: 4,
  }),
);

const compare = (a: number, b: number, isDescending: boolean): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return isDescending ? b - a : a - b;
};

it("sorts by several columns, stably and with absent numbers last", () => {
  fc.assert(
    fc.property(
      columns,
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.nat(),
      (all, falls, turn) => {
        const { length = 0 } = all[0] ?? [];
        const rows = Uint32Array.from({ length }, (_, row) => (row + turn) % length);
        const expected = [...rows].sort((a, b) =>
          all.reduce(
            (order, column, index) => order || compare(column[a] ?? 0, column[b] ?? 0, falls[index] === true),
            0,
          ),
        );
        sortRows(
          rows,
          all.flatMap((column, index) => {
            const words = numberWords(Float64Array.from(column));
            return falls[index] ? descending(words) : words;
          }),
        );
        expect([...rows]).toEqual(expected);
      },
    ),
  );
});
