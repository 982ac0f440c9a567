/** The client as applications bundle it: for browsers, small, and without what they do not use. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const CLIENT = new URL("../../src/client/", import.meta.url).pathname;

/** The minified bundle of a module that runs the code. Applications that use GraphQL have the package `graphql` already. */
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
    external: ["graphql"],
  });
  return outputFiles[0]?.text ?? "";
}

/** A module that uses exports of the client. */
const using = (names: string) => `import { ${names} } from "./index.ts"; console.log(${names});`;

const sizeOf = (bundle: string): number => gzipSync(bundle).length;

const importsOf = (bundle: string) => [...bundle.matchAll(/\bfrom"([^"]+)"/g)].map(([, name]) => name);

describe("the bundle of an application", () => {
  it("needs nothing but a browser and graphql, and has less than 10 kB compressed", async ({ annotate }) => {
    const bundle = await bundleOf(using("createJobClient, JobClientError"));
    await annotate(`${sizeOf(bundle)} bytes`);
    expect(bundle).toContain("jobInstanceUpdated");
    expect(importsOf(bundle)).toEqual(["graphql"]);
    expect(sizeOf(bundle)).toBeLessThan(10_000);
  });

  it("does not contain documents that only other libraries need", async () => {
    expect(await bundleOf(using("createJobClient"))).not.toMatch(
      /FailedHosts|JobInstances|"FragmentDefinition"|keyFields/,
    );
  });

  it("contains a single document if it uses no other", async () => {
    const bundle = await bundleOf(using("FailedHostsDocument"));
    expect(bundle).toContain("FailedHosts");
    expect(bundle).not.toMatch(/JobInstances|JobInstanceUpdated|fetch|keyFields/);
    expect(importsOf(bundle)).toEqual([]);
  });

  it.each([
    ["possibleTypes", /keyFields|hostResults|fetch/],
    ["apolloTypePolicies", /inspectFields|"FragmentDefinition"|fetch/],
    ["graphcacheOptions", /keyFields|"FragmentDefinition"|fetch/],
  ])("contains only %s if it uses nothing else", async (name, others) => {
    const bundle = await bundleOf(using(name));
    expect(bundle).toContain("PermissionDenied");
    expect(bundle).not.toMatch(others);
    expect(importsOf(bundle)).toEqual([]);
  });

  it("has less than 10 kB compressed with everything, too", async ({ annotate }) => {
    const bundle = await bundleOf('export * from "./index.ts";');
    await annotate(`${sizeOf(bundle)} bytes`);
    expect(bundle).toContain("FailedHosts");
    expect(sizeOf(bundle)).toBeLessThan(10_000);
  });
});

it("needs no package in the job page, whose documents are strings", async () => {
  const bundle = await bundleOf('export * from "./job-client.ts"; export * from "./job-client-error.ts";');
  expect(bundle).toContain("jobInstanceUpdated");
  expect(importsOf(bundle)).toEqual([]);
});
