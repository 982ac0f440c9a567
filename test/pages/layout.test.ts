/** The geometry of the grid of hosts. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  automaticSize,
  CELL_SIZES,
  cellAfterKey,
  cellAt,
  cellsBetween,
  layoutOf,
  positionOf,
} from "../../src/pages/job/grid/layout.ts";

/** 250 cells in 10 columns. */
const LAYOUT = layoutOf(250, 118, 10);

it("fills the width with columns", () => {
  expect(LAYOUT).toMatchObject({ columns: 10, rows: 25, pitch: 12, height: 298 });
  expect(layoutOf(3, 0, 10)).toMatchObject({ columns: 1, rows: 3 });
  expect(layoutOf(0, 118, 10)).toMatchObject({ rows: 0, height: 0 });
});

it("chooses the largest cells that fit, and the smallest if none do", () => {
  expect([1, 500, 3_000, 50_000].map((count) => automaticSize(count, 900, 420))).toEqual([28, 20, 10, 10]);
});

const layouts = fc.record({
  count: fc.nat(60_000),
  width: fc.nat(4_000),
  size: fc.constantFrom(...CELL_SIZES),
});

it("finds the cell at each position, and only visible cells between two heights", () => {
  fc.assert(
    fc.property(layouts, fc.nat(60_000), fc.nat(2_000), ({ count, width, size }, index, height) => {
      fc.pre(index < count);
      const layout = layoutOf(count, width, size);
      const { x, y } = positionOf(layout, index);
      expect(cellAt(layout, x + size / 2, y + size / 2)).toBe(index);
      const { first, end } = cellsBetween(layout, y, y + height + 1);
      expect(index >= first && index < end).toBe(true);
      // The work to paint is bounded by the size of the window, whatever the number of hosts.
      expect(end - first).toBeLessThanOrEqual((Math.ceil((height + 1) / layout.pitch) + 1) * layout.columns);
    }),
  );
});

it("finds no cell between cells and outside of the grid", () => {
  const points = [
    [11, 5],
    [5, 11],
    [-1, 5],
    [121, 5],
    [5, 301],
  ] as const;
  expect(points.map(([x, y]) => cellAt(LAYOUT, x, y))).toEqual([null, null, null, null, null]);
});

describe("keys", () => {
  const move = (key: string, index: number, isCtrl = false) =>
    cellAfterKey(LAYOUT, index, { key, isCtrl }, 4);

  it.each([
    ["ArrowRight", 5, 6],
    ["ArrowRight", 249, 249],
    ["ArrowLeft", 5, 4],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 5, 15],
    ["ArrowDown", 245, 245],
    ["ArrowUp", 15, 5],
    ["ArrowUp", 5, 5],
    ["PageDown", 5, 45],
    ["PageDown", 240, 249],
    ["PageUp", 45, 5],
    ["PageUp", 25, 5],
    ["Home", 25, 20],
    ["End", 25, 29],
    ["Enter", 25, null],
  ])("%s moves from %i to %j", (key, index, expected) => {
    expect(move(key, index)).toBe(expected);
  });

  it("move to the ends of the grid with Ctrl", () => {
    expect([move("Home", 25, true), move("End", 25, true)]).toEqual([0, 249]);
  });
});
