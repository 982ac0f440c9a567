/** README.zh-CN.md says the same as README.md: headings, tables, code and links are in step. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pageOf, ROOT } from "./support/readme.ts";

const ENGLISH = pageOf("README.md");
const CHINESE = readFileSync(new URL("README.zh-CN.md", ROOT), "utf8");

const FENCE = /^```\w*\n[\s\S]*?^```$/gm;
const withoutCode = (text: string) => text.replace(FENCE, "");

/** The levels of the headings. */
const outlineOf = (text: string) => [...withoutCode(text).matchAll(/^(#+) \S/gm)].map(([, level]) => level);

/** Code blocks without their comments, which may be translated. */
const blocksOf = (text: string) =>
  [...text.matchAll(FENCE)].map(([block]) => block.replace(/^( *)(\/\/|#) .*$/gm, "$1$2"));

/** The rows of all tables: for each cell, the code and the links in it. */
const tablesOf = (text: string) =>
  withoutCode(text)
    .split("\n")
    .filter((line) => line.startsWith("|") && !line.startsWith("| -"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.match(/`[^`]+`|\]\([^)]+\)/g) ?? []),
    );

/** Targets of links and images, in order. Each page links to the other. */
const linksOf = (text: string) =>
  [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .map((target) => (target === "README.md" || target === "README.zh-CN.md" ? "the other" : target));

/** For each section, the code in its text, and the addresses. Chinese may name them in another order. */
const namesOf = (text: string) =>
  withoutCode(text)
    .split(/^#+ .*$/m)
    .map((section) => (section.match(/`[^`\n]+`|http:[\w/.:]+\w/g) ?? []).toSorted());

describe.each([
  ["headings", outlineOf],
  ["code blocks", blocksOf],
  ["tables", tablesOf],
  ["links", linksOf],
  ["names in the text", namesOf],
])("%s", (_name, read) => {
  it("are the same in both languages", () => {
    expect(read(ENGLISH).length).toBeGreaterThan(5);
    expect(read(CHINESE)).toEqual(read(ENGLISH));
  });
});

it("has no sentence of README.md that was not translated", () => {
  const sentences = (text: string) =>
    withoutCode(text)
      .split(/[\n.]/)
      .map((line) => line.trim())
      .filter((line) => /^[\w ,'"-]{20,}$/.test(line));
  const english = sentences(ENGLISH);
  expect(english.length).toBeGreaterThan(10);
  expect(english.filter((sentence) => CHINESE.includes(sentence))).toEqual([]);
});
