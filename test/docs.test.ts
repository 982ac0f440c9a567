/** The documentation as a whole: the size of README.md, links and the license. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PAGES, pageOf, ROOT } from "./support/readme.ts";

const MAX_README_BYTES = 12_288;

/** The anchors of the headings of a page on GitHub. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

interface Link {
  readonly from: string;
  readonly target: string;
}

const CHINESE = "README.zh-CN.md";
const TRANSLATION = { path: CHINESE, text: readFileSync(new URL(CHINESE, ROOT), "utf8") };

const LINKS: readonly Link[] = [...PAGES, TRANSLATION].flatMap(({ path, text }) =>
  [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({
    from: path,
    target,
  })),
);

const RELATIVE = LINKS.filter(({ target }) => !/^https?:/.test(target));

const fileOf = ({ from, target }: Link): string => {
  const [path] = target.split("#");
  return path ? normalize(join(dirname(from), path)) : from;
};

it(`README.md has at most ${MAX_README_BYTES} bytes`, () => {
  expect(Buffer.byteLength(pageOf("README.md"))).toBeLessThanOrEqual(MAX_README_BYTES);
});

describe("relative links", () => {
  it("lead to existing files and folders", () => {
    const broken = RELATIVE.filter((link) => !existsSync(new URL(fileOf(link), ROOT)));
    expect(RELATIVE.length).toBeGreaterThan(20);
    expect(broken).toEqual([]);
  });

  it("lead to existing headings", () => {
    const broken = RELATIVE.filter((link) => {
      const [, anchor] = link.target.split("#");
      return anchor !== undefined && !anchorsOf(pageOf(fileOf(link))).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it("lead from README.md to every page", () => {
    const linked = RELATIVE.filter(({ from }) => from === "README.md").map(fileOf);
    const pages = PAGES.map(({ path }) => path).filter((path) => path !== "README.md");
    expect(pages.filter((path) => !linked.includes(path))).toEqual([]);
  });
});

it("names the license in package.json", () => {
  const { license } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
  expect(license).toBe("MIT");
  expect(readFileSync(fileURLToPath(new URL("LICENSE", ROOT)), "utf8")).toMatch(/^MIT License\n/);
});
