/**
 * The container image. There is no container runtime on every machine, so the test runs the Dockerfile itself: it copies
 * and runs what the stages copy and run, then starts the command as an unprivileged user on read-only files.
 */
import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, type TestContext } from "vitest";
import { SETTINGS } from "../../src/settings.ts";
import { ask } from "../support/ask.ts";
import { type Instruction, pairsIn, readDockerfile, textsOf } from "../support/dockerfile.ts";
import { blocksOf, ROOT } from "../support/readme.ts";

const execute = promisify(execFile);

const [BUILD = [], RUNTIME = [], ...OTHER_STAGES] = readDockerfile();
const PACKAGE = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
const LABELS = pairsIn(RUNTIME, "LABEL");
const ENVIRONMENT = pairsIn(RUNTIME, "ENV");

/** The form of a command that needs no shell. */
const commandIn = (text = ""): readonly string[] => JSON.parse(text.slice(text.indexOf("[")));

/** The unprivileged user of the process: nobody. */
const NOBODY = "65534";

/** Node.js then throws when the process writes a file, anywhere. */
const READ_ONLY = "--permission --allow-fs-read=* --allow-net";

/** Installing dependencies takes minutes on a busy machine. */
const TIMEOUT_MS = 1_200_000;

describe("the Dockerfile", () => {
  it("has a stage that builds and a stage that runs, on the Node.js of the tests", () => {
    expect(OTHER_STAGES).toEqual([]);
    const images = [BUILD, RUNTIME].map((stage) => textsOf(stage, "FROM")[0]?.split(" ")[0]);
    const tag = new RegExp(`^node:${PACKAGE.devDependencies.node.replaceAll(".", "\\.")}-\\w+-slim$`);
    for (const image of images) expect(image).toMatch(tag);
    expect(new Set(images).size).toBe(1);
  });

  it("has the labels of the package", () => {
    const label = (name: string) => LABELS[`org.opencontainers.image.${name}`];
    expect(label("title")).toBe(PACKAGE.name);
    expect(label("description")).toBe(PACKAGE.description);
    expect(label("version")).toBe(PACKAGE.version);
    expect(label("licenses")).toBe(PACKAGE.license);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the Dockerfile
    expect(label("revision")).toBe("${REVISION}");
  });

  it("runs as a user that is not root, given by number", () => {
    expect(textsOf(RUNTIME, "USER")).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it("runs Node.js directly, so that it receives signals", () => {
    expect(textsOf(RUNTIME, "CMD").map(commandIn)).toEqual([["node", "dist/main.js"]]);
    expect(textsOf(RUNTIME, "ENTRYPOINT")).toEqual([]);
  });

  it("listens on all addresses, on the port that it exposes", () => {
    expect(ENVIRONMENT).toEqual({ NODE_ENV: "production", HOST: "0.0.0.0", PORT: "4000" });
    expect(textsOf(RUNTIME, "EXPOSE")).toEqual([ENVIRONMENT.PORT]);
  });
});

it("the commands of docs/deployment.md use the image and its port", () => {
  const commands = blocksOf("sh").filter((command) => command.startsWith("docker "));
  const image = `${PACKAGE.name}:${PACKAGE.version}`;
  const port = ENVIRONMENT.PORT;
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(command).toContain(image);
  expect(commands[1]).toContain(`--publish ${port}:${port}`);
  const settings = commands.flatMap((command) => [...command.matchAll(/--env (\w+)=/g)]);
  expect(settings.filter(([, name = ""]) => !(name in SETTINGS))).toEqual([]);
  expect(readFileSync(new URL("Dockerfile", ROOT), "utf8")).toContain(commands[0]?.trim());
});

/** The paths that `.dockerignore` lets into the build: it excludes everything except these. */
function contextPaths(): readonly string[] {
  const [first, ...rest] = readFileSync(new URL(".dockerignore", ROOT), "utf8")
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line));
  if (first !== "*") throw new Error(`Expected .dockerignore to exclude everything first, got ${first}.`);
  return rest.map((line) => {
    if (!line.startsWith("!")) throw new Error(`Expected an exception (!path), got ${line}.`);
    return line.slice(1);
  });
}

it("the build gets exactly what the Dockerfile copies", () => {
  const copied = textsOf(BUILD, "COPY").flatMap((text) => text.split(" ").slice(0, -1));
  expect(copied.toSorted()).toEqual(contextPaths().toSorted());
  expect(copied.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});

const WORK_FOLDER = "/app";

/** Copies as COPY does: a file into the folder, the content of a folder. Paths are in `/app`. */
function copy(text: string, sources: string, app: string): void {
  const paths = text.replace(/^--from=\w+ /, "").split(" ");
  const target = join(app, paths.pop() ?? "");
  mkdirSync(target, { recursive: true });
  for (const path of paths) {
    const from = join(sources, path.replace(`${WORK_FOLDER}/`, ""));
    const isFile = /\.\w+$/.test(path);
    cpSync(from, isFile ? join(target, path.replace(/^.*\//, "")) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

/** The Node.js of the tests comes first, as in the image. The project's own dependencies are not on the path. */
const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;

/** What makes a registry reachable from this machine: proxies, certificates and the settings of npm for them. */
const NETWORK =
  /^(HOME|NODE_EXTRA_CA_CERTS|.*_PROXY|npm_config_(registry|cafile|proxy|https_proxy|noproxy|cache|userconfig))$/i;

/** Most packages are in npm's cache, because the project has installed them as well. */
const BUILD_ENVIRONMENT = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => NETWORK.test(name))),
  PATH,
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
};

/** Runs a stage in the folder `app`. */
async function runStage(stage: readonly Instruction[], sources: string, app: string): Promise<void> {
  mkdirSync(app);
  for (const { keyword, text } of stage) {
    if (keyword === "WORKDIR") expect(text).toBe(WORK_FOLDER);
    if (keyword === "COPY") copy(text, sources, app);
    if (keyword !== "RUN") continue;
    await execute("sh", ["-e", "-c", text], { cwd: app, env: BUILD_ENVIRONMENT, maxBuffer: 2 ** 26 });
  }
}

/** Runs a command of the image: as nobody if the test may, else as its own user. */
function inContainer(command: readonly string[], app: string, environment: Record<string, string>) {
  const isRoot = process.getuid?.() === 0;
  const user = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const [program = "", ...args] = isRoot ? [...user, ...command] : command;
  return [program, args, { cwd: app, env: { PATH, ...ENVIRONMENT, ...environment } }] as const;
}

function makeReadOnly(folder: string): void {
  chmodSync(folder, 0o555);
  for (const entry of globSync("**/*", { cwd: folder, withFileTypes: true })) {
    if (!entry.isSymbolicLink())
      chmodSync(join(entry.parentPath, entry.name), entry.isFile() ? 0o444 : 0o555);
  }
}

async function buildImage({ onTestFinished }: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  onTestFinished(async () => {
    // Folders without write permission cannot be emptied, except by root.
    await execute("chmod", ["-R", "u+w", folder]);
    rmSync(folder, { recursive: true });
  });
  // Others may enter it.
  chmodSync(folder, 0o755);
  const [built, app] = [join(folder, "build"), join(folder, "app")];
  await runStage(BUILD, fileURLToPath(ROOT), built);
  await runStage(RUNTIME, built, app);
  makeReadOnly(app);
  return app;
}

it("the image serves, as an unprivileged user on read-only files", { timeout: TIMEOUT_MS }, async (test) => {
  const app = await buildImage(test);
  const installed = globSync("node_modules/{*,@*/*}/package.json", { cwd: app }).map((path) =>
    path.replace("node_modules/", "").replace("/package.json", ""),
  );
  expect(installed).toEqual(expect.arrayContaining(Object.keys(PACKAGE.dependencies)));
  const development = new Set(Object.keys(PACKAGE.devDependencies));
  expect(installed.filter((name) => development.has(name))).toEqual([]);

  // Port 0 is a free one, so that the test can run beside a gateway.
  const environment = { PORT: "0", NODE_OPTIONS: READ_ONLY };
  const gateway = spawn(...inContainer(commandIn(textsOf(RUNTIME, "CMD")[0]), app, environment));
  test.onTestFinished(() => void gateway.kill("SIGKILL"));
  let output = "";
  gateway.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise((resolve) => gateway.once("close", (code, signal) => resolve({ code, signal })));
  const urlIn = () => /^GraphQL.* (http:\S+\/graphql)$/m.exec(output)?.[1] ?? "";
  await Promise.race([expect.poll(urlIn).not.toBe(""), ended]);
  const port = new URL(urlIn()).port;
  const url = `http://127.0.0.1:${port}/graphql`;

  expect(await (await fetch(new URL("/healthz", url))).json()).toEqual({ status: "ok" });
  expect((await ask(url, { query: "{ __typename }" })).data).toEqual({ __typename: "Query" });
  const check = commandIn(textsOf(RUNTIME, "HEALTHCHECK")[0]);
  await execute(...inContainer(check, app, { PORT: port }));
  gateway.kill("SIGTERM");
  expect(await ended).toEqual({ code: 0, signal: null });
  await expect(execute(...inContainer(check, app, { PORT: port }))).rejects.toMatchObject({ code: 1 });
});
