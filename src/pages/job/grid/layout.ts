/** Geometry of the grid: which cell is where. Pure functions, so that tests need no browser. */

export interface GridLayout {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  /** Distance between the left edges of two cells, in CSS pixels. */
  readonly pitch: number;
  /** Width and height of a cell. */
  readonly cellSize: number;
  /** Height of all rows. */
  readonly height: number;
}

/** Sizes of cells, from small to large. */
export const CELL_SIZES = [10, 14, 20, 28] as const;

const GAP = 2;

/** The largest size at which all cells fit into about one screen; the smallest one if none does. */
export function automaticSize(count: number, width: number, height: number): number {
  const fits = (size: number) => layoutOf(count, width, size).height <= height;
  return CELL_SIZES.toReversed().find(fits) ?? CELL_SIZES[0];
}

export function layoutOf(count: number, width: number, cellSize: number): GridLayout {
  const pitch = cellSize + GAP;
  const columns = Math.max(1, Math.floor((width + GAP) / pitch));
  const rows = Math.ceil(count / columns);
  return { count, columns, rows, pitch, cellSize, height: Math.max(0, rows * pitch - GAP) };
}

/** The cells, from `first` to before `end`, that are at least partly between two heights. */
export function cellsBetween(
  { columns, count, pitch }: GridLayout,
  top: number,
  bottom: number,
): { readonly first: number; readonly end: number } {
  const firstRow = Math.max(0, Math.floor(top / pitch));
  const endRow = Math.max(firstRow, Math.ceil(bottom / pitch));
  return { first: Math.min(count, firstRow * columns), end: Math.min(count, endRow * columns) };
}

/** The cell at a point. Null between cells and outside of the grid. */
export function cellAt({ columns, count, pitch, cellSize }: GridLayout, x: number, y: number): number | null {
  if (x < 0 || y < 0 || x % pitch > cellSize || y % pitch > cellSize) return null;
  const column = Math.floor(x / pitch);
  const index = Math.floor(y / pitch) * columns + column;
  return column < columns && index < count ? index : null;
}

export const positionOf = ({ columns, pitch }: GridLayout, index: number) => ({
  x: (index % columns) * pitch,
  y: Math.floor(index / columns) * pitch,
});

/** A key that moves between cells; with Ctrl, Home and End move to the ends of the grid. */
export interface MoveKey {
  readonly key: string;
  readonly isCtrl: boolean;
}

/**
 * The cell that a key moves to, as in a grid of the ARIA Authoring Practices. Null for other keys.
 * @param pageRows number of rows that PageUp and PageDown move by.
 */
export function cellAfterKey(
  { columns, count }: GridLayout,
  index: number,
  { key, isCtrl }: MoveKey,
  pageRows: number,
): number | null {
  const last = count - 1;
  const rowStart = index - (index % columns);
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    // Stays in the column.
    ArrowUp: index < columns ? index : index - columns,
    ArrowDown: index + columns > last ? index : index + columns,
    PageUp: Math.max(index % columns, index - pageRows * columns),
    PageDown: Math.min(index + pageRows * columns, last),
    Home: isCtrl ? 0 : rowStart,
    End: isCtrl ? last : rowStart + columns - 1,
  };
  const target = targets[key];
  return target === undefined ? null : Math.min(Math.max(target, 0), last);
}
