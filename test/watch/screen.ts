/** A terminal emulator that supports exactly the escape sequences that the program may use. */
import stringWidth from "string-width";

export interface Screen {
  readonly write: (text: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Lines without trailing spaces up to the last non-empty one, including those scrolled off. */
  readonly lines: () => readonly string[];
  readonly isCursorVisible: () => boolean;
  /** Whether no synchronized update is in progress. */
  readonly isWhole: () => boolean;
}

const ESCAPE = "\u001b";
const TOKENS = new RegExp(`${ESCAPE}\\[([?\\d;]*)([A-Za-z])|[\\r\\n]|\\P{Cc}`, "gu");
const INCOMPLETE = new RegExp(`${ESCAPE}(\\[[?\\d;]*)?$`);

/** @throws for anything except text, line ends, colors and the sequences for drawing in place. */
export function createScreen(size: { columns: number; rows: number }): Screen {
  let { columns, rows } = size;
  let cells: string[][] = [[]];
  let [row, column] = [0, 0];
  let isCursorVisible = true;
  let isWhole = true;
  let unread = "";
  const lineAt = (index: number): string[] => {
    while (cells.length <= index) cells.push([]);
    return cells[index] ?? [];
  };
  const put = (character: string) => {
    const width = stringWidth(character);
    if (column + width > columns) [row, column] = [row + 1, 0];
    const line = lineAt(row);
    while (line.length < column) line.push(" ");
    line.splice(column, Math.max(1, width), character, ...Array(Math.max(0, width - 1)).fill(""));
    column += width;
  };
  const control = (parameters: string, command: string) => {
    const count = Number(parameters || 1);
    switch (`${parameters.startsWith("?") ? parameters : ""}${command}`) {
      case "m":
        return;
      case "?2026h":
      case "?2026l":
        isWhole = command === "l";
        return;
      case "?25l":
      case "?25h":
        isCursorVisible = command === "h";
        return;
      case "A":
        // The cursor cannot return to lines that were scrolled off.
        row = Math.max(row - count, cells.length - rows, 0);
        return;
      case "B":
        row += count;
        return;
      case "G":
        column = 0;
        return;
      case "K":
        lineAt(row).splice(parameters === "2" ? 0 : column);
        return;
      case "J":
        lineAt(row).splice(column);
        cells = cells.slice(0, row + 1);
        return;
    }
    throw new Error(`Expected no other escape sequences, got ESC [ ${parameters} ${command}.`);
  };
  return {
    write: (chunk) => {
      // A sequence can be split between two chunks.
      const all = unread + chunk;
      unread = INCOMPLETE.exec(all)?.[0] ?? "";
      const text = all.slice(0, all.length - unread.length);
      let length = 0;
      for (const [token, parameters = "", command] of text.matchAll(TOKENS)) {
        length += token.length;
        if (command) control(parameters, command);
        else if (token === "\r") column = 0;
        else if (token === "\n") lineAt(++row);
        else put(token);
      }
      if (length !== text.length)
        throw new Error(`Expected text and CSI sequences, got ${JSON.stringify(text)}.`);
    },
    // As in most terminals, lines that are now too long wrap.
    resize: (...next) => {
      [columns, rows] = next;
      const wrapped = cells.map((line) => {
        const parts = Array.from({ length: Math.ceil(line.length / columns) }, (_, index) =>
          line.slice(index * columns, (index + 1) * columns),
        );
        return parts.length > 0 ? parts : [[]];
      });
      row = wrapped.slice(0, row).flat().length;
      cells = wrapped.flat();
    },
    lines: () => {
      const lines = cells.map((line) => line.join("").trimEnd());
      return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1);
    },
    isCursorVisible: () => isCursorVisible,
    isWhole: () => isWhole && unread === "",
  };
}
