/** A picture of a terminal as SVG. Text stays text and is shown in the fonts of the reader. */
import stringWidth from "string-width";

const ESCAPE = "\u001b";
const STYLE = new RegExp(`${ESCAPE}\\[([\\d;]*)m`);
/** Escape sequences other than colors, which the program uses to redraw in place. */
const DRAWING = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Zhl]`, "gi");

/** Runs of characters that are two columns wide, and runs of others. */
const SAME_WIDTH = /\p{Script=Han}+|\P{Script=Han}+/gu;

const [FONT_SIZE, CELL_WIDTH, LINE_HEIGHT, MARGIN] = [14, 8.4, 20, 16];
const [BACKGROUND, FOREGROUND] = ["#1e2127", "#d7dae0"];
const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

interface Style {
  readonly color: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

const PLAIN: Style = { color: FOREGROUND, isBold: false, isDim: false };

/** The last picture that `watch` drew. */
const lastPicture = (output: string): string => {
  const pictures = output.split(`${ESCAPE}[?2026h`);
  return (pictures.at(-1) ?? "").split(`${ESCAPE}[?2026l`)[0] ?? "";
};

/** @param output everything that the terminal received after `command` was entered. */
export function terminalSvg(command: string, output: string, columns: number): string {
  const drawn = lastPicture(output).replace(DRAWING, (sequence) => (sequence.endsWith("m") ? sequence : ""));
  const lines = [`${ESCAPE}[2m$${ESCAPE}[22m ${command}`, "", ...drawn.trimEnd().split("\r\n")];
  let style = PLAIN;
  const texts = lines.flatMap((line, row) => {
    let column = 0;
    // Text and style parameters alternate.
    return line.split(STYLE).flatMap((part, index) => {
      if (index % 2 === 1) {
        style = nextStyle(style, part);
        return [];
      }
      return (part.match(SAME_WIDTH) ?? []).flatMap((text) => {
        const begin = column;
        column += stringWidth(text);
        return text.trim() === "" ? [] : [textElement(text, { row, column: begin, style })];
      });
    });
  });
  const width = Math.ceil(columns * CELL_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}" font-size="${FONT_SIZE}">`,
    `<title>${escapeXml(command)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    ...texts,
    "</svg>",
    "",
  ].join("\n");
}

/** SGR parameters: bold, dim, neither, an RGB color, the default color. */
function nextStyle(style: Style, parameters: string): Style {
  const [code, , red, green, blue] = parameters.split(";").map(Number);
  switch (code) {
    case 1:
      return { ...style, isBold: true };
    case 2:
      return { ...style, isDim: true };
    case 22:
      return { ...style, isBold: false, isDim: false };
    case 38:
      return { ...style, color: `rgb(${red},${green},${blue})` };
    case 39:
      return { ...style, color: FOREGROUND };
    default:
      throw new Error(`Expected a known style, got ${parameters}.`);
  }
}

interface Position {
  readonly row: number;
  readonly column: number;
  readonly style: Style;
}

/** States the length, because the width of Chinese characters depends on the font. */
function textElement(part: string, { row, column, style: { color, isBold, isDim } }: Position): string {
  const text = part.trim();
  const indent = stringWidth(part.slice(0, part.indexOf(text)));
  const x = round(MARGIN + (column + indent) * CELL_WIDTH);
  const y = MARGIN + row * LINE_HEIGHT + FONT_SIZE;
  const length = round(stringWidth(text) * CELL_WIDTH);
  const weight = isBold ? ' font-weight="bold"' : "";
  const opacity = isDim ? ' opacity="0.6"' : "";
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${color}"${weight}${opacity}>${escapeXml(text)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
