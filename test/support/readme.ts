/** README.md as data: its code blocks and tables. */
import { readFileSync } from "node:fs";

export const ROOT = new URL("../../", import.meta.url);

const TEXT = readFileSync(new URL("README.md", ROOT), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

/** Code blocks in order. */
const BLOCKS: readonly Block[] = [...TEXT.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);

export const blocksOf = (language: string): readonly string[] =>
  BLOCKS.filter((block) => block.language === language).map(({ text }) => text);

/** Blocks of `language` with the block that comes right after, when that is in `next`: what they answer. */
export const pairsOf = (language: string, next: string): readonly (readonly [string, string])[] =>
  BLOCKS.flatMap((block, index) => {
    const after = BLOCKS[index + 1];
    return block.language === language && after?.language === next ? [[block.text, after.text] as const] : [];
  });

/** Rows of the table with this header, as cells; backquotes around a whole cell are left out. */
export function tableOf(...header: readonly string[]): readonly (readonly string[])[] {
  const lines = TEXT.split("\n");
  const start = lines.findIndex((line) => cellsOf(line).join("|") === header.join("|"));
  if (start < 0) throw new Error(`Expected README.md to have a table with the header ${header.join(", ")}.`);
  const body = lines.slice(start + 2);
  return body
    .slice(
      0,
      body.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) => cellsOf(line).map((cell) => cell.replace(/^`([^`]*)`$/, "$1")));
}

const cellsOf = (line: string): readonly string[] =>
  line.startsWith("|")
    ? line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim())
    : [];
