/** README.md and the pages in docs/ as data: their code blocks and tables. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = new URL("../../", import.meta.url);

interface Page {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export const PAGES: readonly Page[] = globSync("{README.md,docs/*.md}", { cwd: fileURLToPath(ROOT) })
  .toSorted()
  .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), "utf8") }));

export function pageOf(path: string): string {
  const page = PAGES.find((each) => each.path === path);
  if (!page) throw new Error(`Expected the page ${path}, got ${PAGES.map((each) => each.path)}.`);
  return page.text;
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The code blocks of each page, in order. */
export const BLOCKS: readonly (readonly Block[])[] = PAGES.map(({ text: page }) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text,
  })),
);

export const blocksOf = (language: string): readonly string[] =>
  BLOCKS.flat()
    .filter((block) => block.language === language)
    .map(({ text }) => text);

/** Blocks of `language` paired with the following block if that is in the language `next`: the response. */
export const pairsOf = (language: string, next: string): readonly (readonly [string, string])[] =>
  BLOCKS.flatMap((blocks) =>
    blocks.flatMap((block, index) => {
      const after = blocks[index + 1];
      return block.language === language && after?.language === next
        ? [[block.text, after.text] as const]
        : [];
    }),
  );

/** Rows of the only table with this header, as cells without enclosing backquotes. */
export function tableOf(...header: readonly string[]): readonly (readonly string[])[] {
  const tables = PAGES.flatMap(({ text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, index) =>
      cellsOf(line).join("|") === header.join("|") ? [lines.slice(index + 2)] : [],
    );
  });
  const [body, ...others] = tables;
  if (!body || others.length > 0) {
    throw new Error(`Expected one table with the header ${header.join(", ")}, got ${tables.length}.`);
  }
  const end = body.findIndex((line) => !line.startsWith("|"));
  return body
    .slice(0, end < 0 ? undefined : end)
    .map((line) => cellsOf(line).map((cell) => cell.replace(/^`([^`]*)`$/, "$1")));
}

const cellsOf = (line: string): readonly string[] =>
  line.startsWith("|")
    ? line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim())
    : [];
