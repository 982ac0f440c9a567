/** The structure of the source: layers, file sizes and file names. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));

/** From top to bottom. A layer imports only itself and lower layers. */
const LAYERS: readonly string[] = [
  "process",
  "cluster",
  "gateway",
  "metrics",
  "tracing",
  "mcp",
  "http",
  "graphql",
  "live",
  "jobs",
  "upstream",
  "redis",
  "model",
];

/** All files directly in `src/` except the gateway. */
const PROCESS_FILES = [
  "main.ts",
  "cli.ts",
  "serve.ts",
  "shutdown.ts",
  "trusted-documents.ts",
  "config.ts",
  "settings.ts",
  "settings-failures.ts",
  "settings-pages.ts",
  "settings-redis.ts",
  "settings-tracing.ts",
  "settings-requests.ts",
  "settings-changed.ts",
  "settings-sites.ts",
  "config-checks.ts",
  "config-text.ts",
  "runtime.ts",
];

const MAX_LINES = 300;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

const FILES = globSync("**/*.{ts,tsx}", { cwd: SOURCE }).toSorted();
const textOf = (file: string) => readFileSync(join(SOURCE, file), "utf8");

/** Static imports, re-exports and `import()` of the project's files. */
const IMPORT = /^(?:import|export)\s(type\s)?(?:[^;]*?\sfrom\s)?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;

const IMPORTS: readonly Import[] = FILES.flatMap((from) =>
  [...textOf(from).matchAll(IMPORT)]
    .map(([, type, path = "", lazyPath = path]) => ({
      from,
      to: relative(SOURCE, join(SOURCE, dirname(from), lazyPath || path)),
      isTypeOnly: type !== undefined,
    }))
    .filter(({ to }) => !to.endsWith(".css")),
);

function layerOf(file: string): string {
  if (PROCESS_FILES.includes(file)) return "process";
  return file.includes("/") ? (file.split("/")[0] ?? "") : file.replace(/\.ts$/, "");
}

const shown = (imports: readonly Import[]) => imports.map(({ from, to }) => `${from} → ${to}`);

it("has only imports of existing files", () => {
  expect(IMPORTS.length).toBeGreaterThan(100);
  expect(shown(IMPORTS.filter(({ to }) => !FILES.includes(to)))).toEqual([]);
});

it("has no files outside of the layers, the simulator, the clients and the pages", () => {
  const known = [...LAYERS, "simulator", "watch", "client", "pages"];
  expect(FILES.filter((file) => !known.includes(layerOf(file)))).toEqual([]);
});

it("imports only lower layers", () => {
  const rank = (file: string) => LAYERS.indexOf(layerOf(file));
  const upwards = IMPORTS.filter(({ from, to }) => rank(from) >= 0 && rank(to) >= 0 && rank(to) < rank(from));
  expect(shown(upwards)).toEqual([]);
});

it("imports only lower parts within the pipeline", () => {
  const parts = ["subscription", "operation", "executor"];
  const rank = (file: string) => parts.indexOf(file.startsWith("graphql/") ? (file.split("/")[1] ?? "") : "");
  const upwards = IMPORTS.filter(({ from, to }) => rank(from) >= 0 && rank(to) >= 0 && rank(to) < rank(from));
  expect(shown(upwards)).toEqual([]);
});

it.each([
  ["simulator", ["model"]],
  ["watch", ["client", "model"]],
  ["client", []],
  ["pages", ["client", "model"]],
])("%s imports only %j", (folder, allowed) => {
  const others = IMPORTS.filter(
    ({ from, to }) => layerOf(from) === folder && ![folder, ...allowed].includes(layerOf(to)),
  );
  expect(shown(others)).toEqual([]);
});

it("has no packages in the client except types and the printer of graphql, so that it runs in browsers", () => {
  const packages = FILES.filter((file) => layerOf(file) === "client").flatMap((file) =>
    [...textOf(file).matchAll(/^(?:import|export)\s(?!type\s).*?from "([^."][^"]*)"/gm)].map(
      ([, name]) => `${file}: ${name}`,
    ),
  );
  expect(packages).toEqual(["client/create-job-client.ts: graphql"]);
});

const usersOf = (folder: string) =>
  IMPORTS.filter(({ from, to }) => layerOf(to) === folder && layerOf(from) !== folder);

it("imports the simulator only in the process layer, and in the configuration only as types", () => {
  expect(usersOf("simulator")).toEqual([
    { from: "config.ts", to: "simulator/simulator.ts", isTypeOnly: true },
    { from: "serve.ts", to: "simulator/simulator.ts", isTypeOnly: false },
    { from: "settings.ts", to: "simulator/simulator.ts", isTypeOnly: true },
  ]);
});

it("imports workers only in the process layer", () => {
  expect(shown(usersOf("cluster"))).toEqual([
    "serve.ts → cluster/messages.ts",
    "serve.ts → cluster/primary.ts",
    "serve.ts → cluster/worker.ts",
  ]);
});

it("imports the client for applications only in the terminal client, for agents, and in pages", () => {
  const files = usersOf("client").map(({ from }) => from);
  expect(new Set(files.filter((file) => !["watch", "pages"].includes(layerOf(file))))).toEqual(
    new Set(["mcp/remote-source.ts"]),
  );
});

it("imports the terminal client only in the command line, and its options and texts for agents", () => {
  expect(shown(usersOf("watch"))).toEqual([
    "cli.ts → watch/watch.ts",
    "mcp/documents.ts → watch/job-update.ts",
    "mcp/job-source.ts → watch/job-update.ts",
    "mcp/remote-source.ts → watch/describe-error.ts",
    "mcp/remote-source.ts → watch/options.ts",
    "mcp/stdio.ts → watch/options.ts",
    "mcp/stdio.ts → watch/text.ts",
    "mcp/stdio.ts → watch/watch-ended.ts",
    "mcp/text.ts → watch/text.ts",
    "mcp/tools.ts → watch/problem.ts",
  ]);
});

it("imports pages nowhere: they are for browsers", () => {
  expect(shown(usersOf("pages"))).toEqual([]);
});

it("has no import cycles, not even of types", () => {
  const targets = Map.groupBy(IMPORTS, ({ from }) => from);
  const isWithoutCycle = new Set<string>();
  const cycleFrom = (file: string, path: readonly string[] = []): readonly string[] | null => {
    if (path.includes(file)) return [...path, file];
    if (isWithoutCycle.has(file)) return null;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = cycleFrom(to, [...path, file]);
      if (cycle) return cycle;
    }
    isWithoutCycle.add(file);
    return null;
  };
  expect(FILES.map((file) => cycleFrom(file)).find((cycle) => cycle !== null)).toBeUndefined();
});

it("names files and folders in kebab case", () => {
  const NAME = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.generated)?(\.d)?\.tsx?$/;
  expect(FILES.filter((file) => !NAME.test(file))).toEqual([]);
});

it(`has no file of more than ${MAX_LINES} lines except generated ones`, () => {
  const long = FILES.filter((file) => !file.endsWith(".generated.ts")).filter(
    (file) => textOf(file).split("\n").length - 1 > MAX_LINES,
  );
  expect(long).toEqual([]);
});
