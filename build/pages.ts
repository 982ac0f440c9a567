/**
 * Builds the pages for browsers: bundles the entry points in `src/pages/` with esbuild into `dist/pages/`, which is part of the
 * package. Browsers can cache the assets forever, because their names contain a hash of their content. Each asset is also
 * compressed, once, so that the gateway never does.
 *
 * A build without changes takes milliseconds: `dist/pages/build.json` has a hash of all inputs.
 */
import { createHash, hash } from "node:crypto";
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { DOC_INPUTS, renderDocs, rootOf } from "./docs.ts";

/** The pages, with the path from each to the root of the gateway: pages refer to assets by relative URLs. */
const PAGES: Readonly<Record<string, string>> = {
  start: "",
  explorer: "",
  sandbox: "",
  job: "../../../",
};

/** The template of all pages of the documentation. */
const DOCS = "docs";

const TEMPLATES = [...Object.keys(PAGES), DOCS];

/** Editors of the explorer run their language services in these workers. */
const WORKERS = ["editor", "json", "graphql"];

const SOURCE = "src/pages";
const ICON = `${SOURCE}/icon.svg`;
const OUTPUT = "dist/pages";
const ASSETS = `${OUTPUT}/assets`;
const STAMP = `${OUTPUT}/build.json`;
const LICENSES = `${OUTPUT}/licenses.txt`;

/** Inputs that esbuild does not know. The lock file stands for all files of `node_modules`. */
const OTHER_INPUTS = [
  ...globSync("build/*.ts").toSorted(),
  ...DOC_INPUTS,
  "package-lock.json",
  ...globSync(`${SOURCE}/**/tsconfig.json`).toSorted(),
];

/** The style sheet of GraphiQL contains those of its editors, so that the ones that the editors import are not needed. */
const withoutEditorStyles: Plugin = {
  name: "without-editor-styles",
  setup: ({ onLoad }) => onLoad({ filter: /\/monaco-editor\/.*\.css$/ }, () => ({ contents: "" })),
};

const OPTIONS = {
  bundle: true,
  minify: true,
  metafile: true,
  target: "es2022",
  outdir: ASSETS,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".svg": "file" },
  plugins: [withoutEditorStyles],
  logLevel: "warning",
} as const satisfies BuildOptions;

async function main(): Promise<void> {
  if (isUpToDate()) return;
  rmSync(OUTPUT, { recursive: true, force: true });
  for (const folder of [ASSETS, `${OUTPUT}/${DOCS}`]) mkdirSync(folder, { recursive: true });
  const workers = await build({
    ...OPTIONS,
    format: "iife",
    entryPoints: Object.fromEntries(
      WORKERS.map((name) => [`${name}-worker`, `${SOURCE}/explorer/workers/${name}.ts`]),
    ),
  });
  const pages = await build({
    ...OPTIONS,
    format: "esm",
    splitting: true,
    entryPoints: Object.fromEntries(TEMPLATES.map((name) => [name, entryOf(name)])),
    define: { ...OPTIONS.define, WORKER_FILES: JSON.stringify(workerFiles(workers.metafile)) },
  });
  for (const [name, root] of Object.entries(PAGES))
    writeFileSync(`${OUTPUT}/${name}.html`, pageOf(name, root, pages.metafile));
  for (const { name, title, language, content, navigation } of renderDocs(addFile)) {
    const html = pageOf(DOCS, rootOf(name), pages.metafile)
      .replaceAll("<!-- root -->", rootOf(name) || "./")
      .replace('<html lang="en">', `<html lang="${language}">`)
      .replace("<!-- title -->", () => title)
      .replace("<!-- navigation -->", () => navigation)
      .replace("<!-- content -->", () => content);
    writeFileSync(`${OUTPUT}/${DOCS}/${name}.html`, html);
  }
  const inputs = [workers, pages].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeFileSync(LICENSES, licensesOf(inputs));
  await compressAssets();
  const own = [
    ...inputs.filter((path) => existsSync(path) && !path.includes("node_modules/")),
    ...pageSources(),
    ...OTHER_INPUTS,
  ];
  writeFileSync(STAMP, JSON.stringify({ inputs: own, hash: hashOf(own) }));
}

/** True if the inputs of the last build are unchanged. A new file can be an input only if one of those imports it. */
function isUpToDate(): boolean {
  if (!existsSync(STAMP)) return false;
  const last: { inputs: string[]; hash: string } = JSON.parse(readFileSync(STAMP, "utf8"));
  return last.hash === hashOf(last.inputs);
}

function hashOf(paths: readonly string[]): string {
  const sum = createHash("sha256");
  for (const path of paths) sum.update(path).update(existsSync(path) ? readFileSync(path) : "none");
  return sum.digest("hex");
}

const pageSources = () => TEMPLATES.map((name) => `${SOURCE}/${name}/index.html`);

/** The entry point of a page: a script, or the style sheet of a page without scripts. */
const entryOf = (page: string): string =>
  globSync(`${SOURCE}/${page}/main.{ts,tsx,css}`)[0] ?? `${SOURCE}/${page}/main.ts`;

/** The name of each worker's file, by the name of the worker. */
const workerFiles = ({ outputs }: Metafile): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([path, { entryPoint }]) => {
      const name = WORKERS.find((worker) => entryPoint?.endsWith(`/${worker}.ts`));
      return name === undefined ? [] : [[name, relative(ASSETS, path)]];
    }),
  );

/** Copies a file to the assets. */
function addFile(path: string): string {
  const extension = extname(path);
  const digest = hash("sha256", readFileSync(path)).slice(0, 8).toUpperCase();
  const name = `${basename(path, extension)}-${digest}${extension}`;
  copyFileSync(path, `${ASSETS}/${name}`);
  return name;
}

/** The page with references to the icon, its style sheet and its script. */
function pageOf(name: string, root: string, { outputs }: Metafile): string {
  const outputOf = (source: string, extension: string) => {
    const isOutput = ([path, { inputs }]: [string, Metafile["outputs"][string]]) =>
      source in inputs && path.endsWith(extension);
    return Object.entries(outputs).find(isOutput)?.[0];
  };
  const urlOf = (path: string) => `${root}assets/${relative(ASSETS, path)}`;
  const entry = entryOf(name);
  const icon = outputOf(ICON, ".svg");
  const script = outputOf(entry, ".js");
  const style = script ? outputs[script]?.cssBundle : outputOf(entry, ".css");
  if (!icon || !(script ?? style)) throw new Error(`Expected esbuild to build ${ICON} and ${entry}.`);
  const tags = [
    `<link rel="icon" type="image/svg+xml" href="${urlOf(icon)}">`,
    ...(style ? [`<link rel="stylesheet" href="${urlOf(style)}">`] : []),
    ...(script ? [`<script type="module" src="${urlOf(script)}"></script>`] : []),
  ];
  const html = readFileSync(`${SOURCE}/${name}/index.html`, "utf8");
  return html.replace("</head>", () => `  ${tags.join("\n    ")}\n  </head>`);
}

/** The names, versions and license texts of all packages that are in a bundle. */
function licensesOf(inputs: readonly string[]): string {
  const folders = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  );
  const texts = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [file] = globSync("{LICENSE,LICENCE,License,license}*", { cwd: folder });
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  return `The pages of bk-job-graphql contain these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Files that are too small to compress, or are never requested by a page. */
const isCompressed = (path: string, { length }: Buffer): boolean =>
  length >= 1_024 && [".js", ".css", ".svg", ".json"].includes(extname(path));

/** High levels: the files are compressed once. The highest ones take several seconds more for a few percent. */
const GZIP = { level: 9 };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

async function compressAssets(): Promise<void> {
  const paths = globSync(`${ASSETS}/*`);
  await Promise.all(
    paths.map(async (path) => {
      const content = readFileSync(path);
      if (!isCompressed(path, content)) return;
      const [gzipped, brotli] = await Promise.all([
        promisify(gzip)(content, GZIP),
        promisify(brotliCompress)(content, BROTLI),
      ]);
      writeFileSync(`${path}.gz`, gzipped);
      writeFileSync(`${path}.br`, brotli);
    }),
  );
}

await main();
