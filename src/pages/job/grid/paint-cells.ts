/** Paints the visible part of the grid. The work depends on the size of the window, not on the number of hosts. */
import { type HostCells, NOT_LOADED } from "../hosts/host-cells.ts";
import { cellsBetween, type GridLayout, positionOf } from "./layout.ts";
import { NOT_LOADED_SPRITE, type Sprites } from "./sprites.ts";

export interface Picture {
  readonly layout: GridLayout;
  readonly cells: HostCells;
  /** The rows of the hosts that are shown, in order. */
  readonly rows: Uint32Array;
  /** Index of the cell with the keyboard focus or under the pointer. */
  readonly current: number | null;
}

export interface Viewport {
  /** Distance that the grid is scrolled by, and size of its visible part, in CSS pixels. */
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

/** The part of a canvas context that is used. */
export type CellContext = Pick<
  CanvasRenderingContext2D,
  "clearRect" | "drawImage" | "strokeRect" | "strokeStyle" | "lineWidth"
>;

/** @returns the number of painted cells. */
export function paintCells(
  context: CellContext,
  { layout, cells, rows, current }: Picture,
  { top, width, height, pixelRatio }: Viewport,
  { image, size }: Sprites,
): number {
  const toPixels = (length: number) => Math.round(length * pixelRatio);
  context.clearRect(0, 0, toPixels(width), toPixels(height));
  const { first, end } = cellsBetween(layout, top, top + height);
  for (let index = first; index < end; index++) {
    const phase = cells.phaseIndexOf(rows[index] ?? 0);
    const sprite = phase === NOT_LOADED ? NOT_LOADED_SPRITE : phase;
    const { x, y } = positionOf(layout, index);
    context.drawImage(image, sprite * size, 0, size, size, toPixels(x), toPixels(y - top), size, size);
  }
  if (current !== null && current >= first && current < end) {
    const { x, y } = positionOf(layout, current);
    context.lineWidth = Math.max(2, toPixels(2));
    context.strokeRect(toPixels(x), toPixels(y - top), size, size);
  }
  return end - first;
}
