/** The client as applications bundle it: for browsers, small, and without what they do not use. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

const CLIENT = new URL("../../src/client/", import.meta.url).pathname;

/** The minified bundle of a module that runs the code. */
async function bundleOf(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: CLIENT, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    // Modules of Node.js cannot be resolved.
    platform: "browser",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}

const MAX_GZIPPED_BYTES = 10_000;

it("needs nothing but a browser, and has less than 10 kB compressed", async () => {
  const bundle = await bundleOf('export * from "./job-client.ts"; export * from "./job-client-error.ts";');
  expect(bundle).toContain("jobInstanceUpdated");
  expect(bundle).not.toMatch(/\bimport\b/);
  expect(gzipSync(bundle).length).toBeLessThan(MAX_GZIPPED_BYTES);
});

it("leaves out documents that are not used", async () => {
  const bundle = await bundleOf(
    'import { JobInstanceDocument } from "./operations.generated.ts"; console.log(String(JobInstanceDocument));',
  );
  expect(bundle).toContain("query JobInstance");
  expect(bundle).not.toContain("subscription");
});
