/** The canvas of the grid: its size in device pixels, its colors, and one painting per frame. */
import { type Picture, paintCells, type Viewport } from "./paint-cells.ts";
import { createSprites, type Sprites } from "./sprites.ts";

export interface CanvasView {
  /** Shows a picture in the next frame. */
  readonly show: (picture: Picture, viewport: Omit<Viewport, "pixelRatio">) => void;
  readonly destroy: () => void;
}

export function createCanvasView(canvas: HTMLCanvasElement): CanvasView {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("Expected the browser to have a canvas.");
  let shown: Parameters<CanvasView["show"]> | null = null;
  let frame = 0;
  let sprites: Sprites | null = null;
  let spritesKey = "";

  const paint = () => {
    frame = 0;
    if (!shown) return;
    const [picture, { top, width, height }] = shown;
    const pixelRatio = globalThis.devicePixelRatio;
    resize(canvas, { width, height, pixelRatio });
    const { cellSize } = picture.layout;
    const styles = getComputedStyle(canvas);
    const key = `${cellSize} ${pixelRatio} ${styles.color}`;
    if (sprites === null || key !== spritesKey) sprites = createSprites(cellSize, pixelRatio, styles);
    spritesKey = key;
    // The color of text tells light from dark.
    context.strokeStyle = styles.color;
    paintCells(context, picture, { top, width, height, pixelRatio }, sprites);
  };
  const schedule = () => {
    if (frame === 0) frame = requestAnimationFrame(paint);
  };
  const colorScheme = matchMedia("(prefers-color-scheme: dark)");
  colorScheme.addEventListener("change", schedule);

  return {
    show: (...args) => {
      shown = args;
      schedule();
    },
    destroy: () => {
      cancelAnimationFrame(frame);
      colorScheme.removeEventListener("change", schedule);
    },
  };
}

/** Setting the size clears a canvas, so it is set only if it differs. */
function resize(canvas: HTMLCanvasElement, { width, height, pixelRatio }: Omit<Viewport, "top">): void {
  const [pixelWidth, pixelHeight] = [Math.round(width * pixelRatio), Math.round(height * pixelRatio)];
  if (canvas.width === pixelWidth && canvas.height === pixelHeight) return;
  canvas.width = pixelWidth;
  canvas.height = pixelHeight;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}
