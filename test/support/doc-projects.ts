/** The code blocks of the pages as files of projects, as readers create them, with the package installed. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
// @ts-expect-error The package has no types: it exports the path of the compiler for this machine.
import relayCompiler from "relay-compiler";
import { BLOCKS, type Block, PAGES, ROOT } from "./readme.ts";

/** Languages of code that TypeScript checks. */
export const CODE: readonly string[] = ["ts", "tsx"];

export interface DocProjects {
  readonly folder: string;
  /** The folder of a page, such as `docs/client.md`. */
  readonly folderOf: (page: string) => string;
  readonly remove: () => void;
}

/** `// src/client.ts` in the first line of a block is the name of the file. */
export const fileNameOf = ({ text }: Block): string | undefined => /^\/\/ (\S+\.\w+)\n/.exec(text)?.[1];

/** As in the template of Vite for React. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "dom", "dom.iterable"],
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    moduleDetection: "force",
    verbatimModuleSyntax: true,
    jsx: "react-jsx",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["**/*"],
  exclude: ["**/node_modules"],
};

/**
 * Writes a project for each page. The files of a page can import each other.
 * @param edit changes the text of each file.
 */
export function writeDocProjects(edit: (text: string) => string = (text) => text): DocProjects {
  const folder = mkdtempSync(join(tmpdir(), "docs-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  symlinkSync(fileURLToPath(new URL("node_modules", ROOT)), join(folder, "node_modules"));
  write(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  const folderOf = (page: string) => join(folder, basename(page, ".md"));
  for (const [page, { path }] of PAGES.entries()) {
    const project = folderOf(path);
    write(join(project, "package.json"), '{ "type": "module" }');
    mkdirSync(join(project, "node_modules"));
    symlinkSync(fileURLToPath(ROOT), join(project, "node_modules/bk-job-graphql"));
    for (const [index, block] of (BLOCKS[page] ?? []).entries()) {
      if (!CODE.includes(block.language)) continue;
      const name = fileNameOf(block) ?? `block-${index + 1}.${block.language}`;
      write(join(project, name), edit(block.text));
    }
  }
  return { folder, folderOf, remove: () => rmSync(folder, { recursive: true }) };
}

/** Output of a program of a package. Rejects with its output if it fails. */
export async function runTool(path: string, args: readonly string[], folder: string): Promise<string> {
  const program = fileURLToPath(new URL(`node_modules/${path}`, ROOT));
  try {
    return (await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder })).stdout;
  } catch (error) {
    throw new Error(String((error as { stdout?: string }).stdout), { cause: error });
  }
}

/** Runs the compiler of Relay with the configuration of docs/relay.md. */
export async function compileRelay(folder: string): Promise<void> {
  const page = BLOCKS[PAGES.findIndex(({ path }) => path === "docs/relay.md")] ?? [];
  const config = page.find(({ language }) => language === "json")?.text ?? "";
  writeFileSync(join(folder, "relay.config.json"), config);
  await promisify(execFile)(relayCompiler, ["relay.config.json"], { cwd: folder });
}
