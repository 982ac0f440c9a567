/** The examples as a team has them that copies one: in a folder of its own, with only the dependencies that it declares. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "./readme.ts";

const EXAMPLES = fileURLToPath(new URL("examples/", ROOT));

export const EXAMPLE_NAMES: readonly string[] = globSync("*/package.json", { cwd: EXAMPLES })
  .map((path) => dirname(path))
  .toSorted();

export interface PackageVersions {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The package in a folder, with all its dependencies. */
export function readPackage(folder: URL | string): PackageVersions {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  const { name, version, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(path, "package.json"), "utf8"),
  );
  return { name, version, dependencies: { ...devDependencies, ...dependencies } };
}

export const exampleFolder = (name: string): string => join(EXAMPLES, name);

/**
 * Copies an example to a temporary folder. Links replace `npm install`: dependencies are those of the project, and
 * `bk-job-graphql` is the project itself, which must be built.
 * @returns the folder.
 */
export function installExample(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `example-${name}-`));
  cpSync(exampleFolder(name), folder, {
    recursive: true,
    filter: (path) => !["node_modules", "dist"].includes(basename(path)),
  });
  const root = readPackage(ROOT);
  for (const dependency of Object.keys(readPackage(folder).dependencies)) {
    const link = join(folder, "node_modules", dependency);
    mkdirSync(dirname(link), { recursive: true });
    const target = dependency === root.name ? "." : `node_modules/${dependency}`;
    symlinkSync(fileURLToPath(new URL(target, ROOT)), link);
  }
  return folder;
}

export const removeExample = (folder: string): void => rmSync(folder, { recursive: true, force: true });

const scriptOf = (folder: string, name: string): string =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).scripts[name];

/** Runs a command in the folder of an installed example, with the programs of the project. */
function runCommand(folder: string, command: string, environment: Environment) {
  const path = `${fileURLToPath(new URL("node_modules/.bin", ROOT))}:${process.env.PATH}`;
  const child = spawn("sh", ["-c", command], {
    cwd: folder,
    env: { PATH: path, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = once(child, "close").then(() => child.exitCode);
  return { child, output: () => output, ended };
}

type Environment = Readonly<Record<string, string>>;

/** Builds an installed example. Rejects if that fails. */
export async function buildExample(folder: string): Promise<void> {
  const { ended, output } = runCommand(folder, scriptOf(folder, "build"), {});
  const exitCode = await ended;
  if (exitCode !== 0) throw new Error(`Expected exit code 0 of the build, got ${exitCode}:\n${output()}`);
}

export interface RunningExample {
  readonly url: string;
  /** Everything that it has printed. */
  readonly output: () => string;
  /** Sends SIGTERM. @returns the exit code; null if a signal ended it */
  readonly stop: () => Promise<number | null>;
}

export interface StartOptions {
  readonly script?: string;
  readonly args?: readonly string[];
  readonly environment: Environment;
}

/** Starts the server of an installed example, and waits for the line with its URL. */
export async function startExample(
  folder: string,
  { script = "start", args = [], environment }: StartOptions,
): Promise<RunningExample> {
  // Signals must reach the server, not a shell.
  const command = ["exec", scriptOf(folder, script), ...args].join(" ");
  const { child, output, ended } = runCommand(folder, command, { PORT: "0", ...environment });
  const started = new Promise<string>((resolve) => {
    child.stdout.on("data", () => {
      const url = /\w+: +(http:\S+)$/m.exec(output())?.[1];
      if (url) resolve(url);
    });
  });
  const stop = () => {
    child.kill();
    return ended;
  };
  const url = await Promise.race([started, ended]);
  if (typeof url !== "string") throw new Error(`Expected the URL of ${folder}, but it ended:\n${output()}`);
  return { url, output, stop };
}
