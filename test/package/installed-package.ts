/** The package as its users install it: packed, and installed into an empty project outside of the repository. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestContext } from "vitest";
import { observe, type Program } from "../process/program.ts";
import { ROOT } from "../support/readme.ts";

const run = promisify(execFile);

/** The environment without what npm passes on to the tests. Otherwise the npm of a test would work in the repository. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_registry$|config_cache$)|INIT_CWD$)/.test(name),
  ),
);

export interface InstalledPackage {
  /** The project. */
  readonly folder: string;
  readonly tarball: Uint8Array<ArrayBuffer>;
  /** Paths of the files in the tarball. */
  readonly files: readonly string[];
  /** Writes a file of the project. */
  readonly write: (path: string, text: string) => void;
  /** Runs a program of the project's `node_modules` with npx, or of Node.js. It and its children end with the test. */
  readonly run: (
    test: Pick<TestContext, "onTestFinished">,
    command: "npx" | "node",
    args: readonly string[],
    environment?: Record<string, string>,
  ) => Program;
  /** Compiles `<name>/src/` to `<name>/out/`. @returns the errors, an empty string if there are none */
  readonly compile: (name: string, options: object) => Promise<string>;
  readonly remove: () => void;
}

/** Packs what is in `dist/`, and installs it. Requires the registry of npm, or its packages in npm's cache. */
export async function installPackage(): Promise<InstalledPackage> {
  const folder = mkdtempSync(join(tmpdir(), "installed-package-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
    const { stdout } = await run("npm", packing, { cwd: fileURLToPath(ROOT), env: ENVIRONMENT });
    const [packed]: readonly { readonly filename: string; readonly files: readonly { path: string }[] }[] =
      Object.values(JSON.parse(stdout));
    if (!packed) throw new Error(`Expected a tarball, got ${stdout}`);
    const path = join(folder, packed.filename);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    await install(folder, path);
    return {
      folder,
      tarball: Uint8Array.from(readFileSync(path)),
      files: packed.files.map((file) => file.path),
      write: (name, text) => {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      },
      run: (test, command, args, environment = {}) => runIn(folder, test, command, args, environment),
      compile: (name, options) => compileIn(join(folder, name), options),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function install(folder: string, tarball: string): Promise<void> {
  const options = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
  try {
    await run("npm", ["install", ...options, tarball], { cwd: folder, env: ENVIRONMENT });
  } catch (error) {
    throw new Error("Expected npm to install the package. It needs the registry for the dependencies.", {
      cause: error,
    });
  }
}

function runIn(
  folder: string,
  { onTestFinished }: Pick<TestContext, "onTestFinished">,
  command: "npx" | "node",
  args: readonly string[],
  environment: Record<string, string>,
): Program {
  const { NODE_ENV: _, ...inherited } = ENVIRONMENT;
  // In a group of its own, because npx does not pass on all signals.
  const child = spawn(command, args, { cwd: folder, env: { ...inherited, ...environment }, detached: true });
  onTestFinished(() => signalGroup(child.pid, "SIGKILL"));
  return observe(child);
}

/** Sends a signal to a program and its children. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

const TSC = fileURLToPath(new URL("node_modules/.bin/tsc", ROOT));
const TYPES = fileURLToPath(new URL("node_modules/@types", ROOT));

async function compileIn(folder: string, options: object): Promise<string> {
  const compilerOptions = {
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    rootDir: "src",
    outDir: "out",
    typeRoots: [TYPES],
    types: [],
    ...options,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  try {
    await run(TSC, ["-p", folder], { cwd: folder });
    return "";
  } catch (error) {
    // The compiler prints its errors.
    return `${error instanceof Error && "stdout" in error ? error.stdout : ""}${error}`;
  }
}
