/** Renders README.md, its translation and `docs/` as HTML, so that the documentation can be read where the gateway runs. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import MarkdownIt, { type Token } from "markdown-it";

export interface DocPage {
  /** `index` for README.md. */
  readonly name: string;
  readonly title: string;
  /** The language of the content. */
  readonly language: string;
  readonly content: string;
  /** Links to all pages. */
  readonly navigation: string;
}

const README = "README.md";
const CHINESE = "README.zh-CN.md";
const SOURCES = [README, CHINESE, ...globSync("docs/*.md").toSorted()];

/** The titles of both READMEs are the name of the package, which every page has in its title. */
const TITLES: Readonly<Record<string, string>> = { [README]: "Overview", [CHINESE]: "概览（中文）" };

/** Files that pages refer to and that are part of the package. */
const FILES: ReadonlySet<string> = new Set([".svg", ".png", ".json"]);

/** What the pages depend on. */
export const DOC_INPUTS: readonly string[] = [...SOURCES, ...globSync("docs/*.{svg,png,json}").toSorted()];

function nameOf(source: string): string {
  if (source === README) return "index";
  return source === CHINESE ? "zh-cn" : basename(source, ".md");
}

/** The path from a page to the root of the gateway: README.md is at `/docs`, the others are below it. */
export const rootOf = (name: string): string => (name === "index" ? "" : "../");

const urlOf = (name: string, root: string): string => `${root}docs${name === "index" ? "" : `/${name}`}`;

/** @param addFile adds a file to the assets. Returns its name there. */
export function renderDocs(addFile: (path: string) => string): readonly DocPage[] {
  const titles = new Map(
    SOURCES.map((source) => [source, TITLES[source] ?? titleOf(readFileSync(source, "utf8"))]),
  );
  return SOURCES.map((source) => {
    const name = nameOf(source);
    const root = rootOf(name);
    const links = SOURCES.map((each) => {
      const current = each === source ? ' aria-current="page"' : "";
      const language = each === CHINESE ? ' lang="zh-CN"' : "";
      return `<li><a href="${urlOf(nameOf(each), root)}"${current}${language}>${titles.get(each) ?? each}</a></li>`;
    });
    return {
      name,
      title: titles.get(source) ?? source,
      language: source === CHINESE ? "zh-CN" : "en",
      content: render(source, root, addFile),
      navigation: `<ul>${links.join("")}</ul>`,
    };
  });
}

const titleOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1] ?? "Documentation";

function render(source: string, root: string, addFile: (path: string) => string): string {
  const markdown = new MarkdownIt({ html: false });
  /** Null for files that are not part of the package, such as those of deployments. */
  const resolve = (reference: string): string | null => {
    if (/^https?:/.test(reference)) return reference;
    const [path = "", anchor] = reference.split("#");
    const hash = anchor === undefined ? "" : `#${anchor}`;
    if (path === "") return hash;
    const file = join(dirname(source), path);
    if (SOURCES.includes(file)) return urlOf(nameOf(file), root) + hash;
    return FILES.has(extname(file)) && existsSync(file) ? `${root}assets/${addFile(file)}` : null;
  };
  markdown.core.ruler.push("pages", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type === "heading_open") token.attrSet("id", anchorOf(tokens[index + 1]?.content ?? ""));
      // The Content-Security-Policy forbids `style` attributes.
      if (attributeOf(token, "style") === "text-align:right") token.attrs = [["class", "right"]];
      resolveReferences(token.children ?? [], resolve);
    }
  });
  // Wide tables and code scroll, also by keyboard.
  markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>';
  markdown.renderer.rules.table_close = () => "</table></div>";
  markdown.renderer.rules.fence = (tokens, index) =>
    `<pre tabindex="0"><code>${markdown.utils.escapeHtml(tokens[index]?.content ?? "")}</code></pre>`;
  return markdown.render(readFileSync(source, "utf8"));
}

/** Replaces the references of links and images. A link without a target becomes text. */
function resolveReferences(tokens: readonly Token[], resolve: (reference: string) => string | null): void {
  const isLink: boolean[] = [];
  for (const token of tokens) {
    if (token.type === "image") {
      const source = attributeOf(token, "src");
      const target = resolve(source);
      if (target === null) throw new Error(`Expected an image of the package, got ${source}.`);
      token.attrSet("src", target);
    }
    if (token.type === "link_open") {
      const target = resolve(attributeOf(token, "href"));
      isLink.push(target !== null);
      if (target === null) {
        token.tag = "span";
        token.attrs = null;
      } else token.attrSet("href", target);
    }
    if (token.type === "link_close" && isLink.pop() === false) token.tag = "span";
  }
}

const attributeOf = (token: Token, name: string): string => String(token.attrGet(name) ?? "");

/** As on GitHub. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
