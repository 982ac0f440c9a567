/**
 * Images of cells, drawn once for each size, color scheme and pixel density. Each phase has a color and a sign of its
 * own, because colors alone are not accessible.
 */
import { HOST_PHASES, type HostPhase } from "../hosts/host-cells.ts";

export interface Sprites {
  readonly image: HTMLCanvasElement;
  /** Width and height of one cell in device pixels. They are beside each other, in the order of `HOST_PHASES`. */
  readonly size: number;
}

/** The CSS properties of a phase begin with this: its color, with `-line` that of its edge, with `-sign` that of its sign. */
const PROPERTIES: Readonly<Record<HostPhase, string>> = {
  FAILED: "--failed",
  UNKNOWN: "--unknown",
  STOPPED: "--stopped",
  RUNNING: "--running",
  PENDING: "--pending",
  SUCCEEDED: "--succeeded",
};

/** The place of cells that have not been loaded, after those of the phases. */
export const NOT_LOADED_SPRITE = HOST_PHASES.length;

export function createSprites(cellSize: number, pixelRatio: number, styles: CSSStyleDeclaration): Sprites {
  const size = Math.max(1, Math.round(cellSize * pixelRatio));
  const image = document.createElement("canvas");
  image.width = size * (NOT_LOADED_SPRITE + 1);
  image.height = size;
  const context = image.getContext("2d");
  if (!context) throw new Error("Expected the browser to have a canvas.");
  HOST_PHASES.forEach((phase, index) => {
    context.save();
    context.translate(index * size, 0);
    const colorOf = (part: string) => styles.getPropertyValue(PROPERTIES[phase] + part);
    drawCell(context, phase, size, { fill: colorOf(""), line: colorOf("-line"), sign: colorOf("-sign") });
    context.restore();
  });
  context.fillStyle = styles.getPropertyValue("--not-loaded");
  context.beginPath();
  context.roundRect(NOT_LOADED_SPRITE * size, 0, size, size, size * RADIUS);
  context.fill();
  return { image, size };
}

/** Radius of corners, relative to the size of a cell. */
const RADIUS = 0.18;

interface CellColors {
  readonly fill: string;
  readonly line: string;
  readonly sign: string;
}

function drawCell(
  context: CanvasRenderingContext2D,
  phase: HostPhase,
  size: number,
  { fill, line, sign }: CellColors,
): void {
  const lineWidth = Math.max(1, Math.round(size / 14));
  context.fillStyle = fill;
  context.strokeStyle = line;
  context.lineWidth = lineWidth;
  context.beginPath();
  context.roundRect(lineWidth / 2, lineWidth / 2, size - lineWidth, size - lineWidth, size * RADIUS);
  context.fill();
  context.stroke();
  context.fillStyle = sign;
  context.strokeStyle = sign;
  context.lineWidth = Math.max(1, size / 8);
  context.lineCap = "round";
  context.beginPath();
  drawSign(context, phase, size);
}

function drawSign(context: CanvasRenderingContext2D, phase: HostPhase, size: number): void {
  const [near, middle, far] = [size * 0.3, size * 0.5, size * 0.7];
  switch (phase) {
    case "FAILED":
      context.moveTo(near, near);
      context.lineTo(far, far);
      context.moveTo(far, near);
      context.lineTo(near, far);
      context.stroke();
      return;
    case "RUNNING":
      context.moveTo(size * 0.36, near);
      context.lineTo(far, middle);
      context.lineTo(size * 0.36, far);
      context.fill();
      return;
    case "STOPPED":
      context.rect(near + size * 0.04, near + size * 0.04, size * 0.32, size * 0.32);
      context.fill();
      return;
    case "UNKNOWN":
      context.arc(middle, middle, size * 0.14, 0, 2 * Math.PI);
      context.fill();
      return;
    default:
      // Waiting and succeeded are plain, so that the others stand out.
      return;
  }
}
