/**
 * The files of the pages, which `build/pages.ts` builds into the package. They are read on first use, and then kept: their
 * number and size are those of the package.
 */
import { hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { once } from "../model/once.ts";
import { escapeHtml } from "./html.ts";

/** What pages need to know about the gateway. `pages/shared/facts.ts` reads it. */
interface PageFacts {
  /** Whether the gateway runs on the embedded simulator. */
  readonly isSimulator: boolean;
  /** Whether the gateway runs only trusted documents. */
  readonly isTrustedOnly: boolean;
}

interface Page {
  readonly html: string;
  readonly etag: string;
}

interface Asset {
  readonly contentType: string;
  /** Encodings in which the package contains it, in addition to the file itself. */
  readonly encodings: readonly AssetEncoding[];
  readonly read: (encoding: AssetEncoding | null) => Promise<Buffer>;
}

type AssetEncoding = keyof typeof SUFFIXES;

export interface PageFiles {
  /** The page with this name, such as `explorer` or `docs/live`, with the facts. Null if there is no such page. */
  readonly page: (name: string) => Promise<Page> | null;
  /** Null if there is no such asset. */
  readonly asset: (name: string) => Asset | null;
}

/** Beside both `src` and `dist`. */
const FOLDER = new URL("../../dist/pages/", import.meta.url);

const SUFFIXES = { br: ".br", gzip: ".gz" } as const;

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".json", "application/json"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".txt", "text/plain; charset=utf-8"],
]);

/** Where pages have the facts. */
const PLACEHOLDER = "<!-- facts -->";

export function createPageFiles(facts: PageFacts): PageFiles {
  const contents = new Map<string, Promise<Buffer>>();
  const pages = new Map<string, Promise<Page>>();
  // Only names of files in the folder, so that no path can leave it.
  const names = once(() => new Set(readdirSync(FOLDER, { encoding: "utf8", recursive: true })));
  const { isSimulator, isTrustedOnly } = facts;
  const content = escapeHtml(JSON.stringify({ isSimulator, isTrustedOnly }));
  const element = `<meta name="gateway" content="${content}">`;

  const readPage = async (name: string): Promise<Page> => {
    const text = await readFile(new URL(`${name}.html`, FOLDER), "utf8");
    const html = text.replace(PLACEHOLDER, () => element);
    return { html, etag: `"${hash("sha256", html, "base64url")}"` };
  };
  return {
    page: (name) => (names().has(`${name}.html`) ? keep(pages, name, readPage) : null),
    asset: (name) => {
      const contentType = CONTENT_TYPES.get(extname(name));
      const path = `assets/${name}`;
      if (contentType === undefined || !names().has(path)) return null;
      const has = (encoding: AssetEncoding) => names().has(path + SUFFIXES[encoding]);
      return {
        contentType,
        encodings: (["br", "gzip"] as const).filter(has),
        read: (encoding) => keep(contents, path + (encoding ? SUFFIXES[encoding] : ""), readAsset),
      };
    },
  };
}

const readAsset = (path: string): Promise<Buffer> => readFile(new URL(path, FOLDER));

/** What `read` has returned before, unless it failed. */
function keep<T>(
  kept: Map<string, Promise<T>>,
  name: string,
  read: (name: string) => Promise<T>,
): Promise<T> {
  const before = kept.get(name);
  if (before) return before;
  const result = read(name);
  kept.set(name, result);
  result.catch(() => kept.delete(name));
  return result;
}
