/** The schema changes only by additions, which its changelog lists. */
import { readdirSync, readFileSync } from "node:fs";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";
import { expect, it } from "vitest";
import { readSchemaFiles } from "./sdl.ts";

const SCHEMA = new URL("../../schema/", import.meta.url);
const CHANGELOG = readFileSync(new URL("CHANGELOG.md", SCHEMA), "utf8");

/** The releases in the changelog, last one first. */
const VERSIONS = [...CHANGELOG.matchAll(/^## (\d+\.\d+\.\d+)$/gm)].map(([, version = ""]) => version);

const changes = await diff(
  buildSchema(readFileSync(new URL(`releases/${VERSIONS[0]}.graphql`, SCHEMA), "utf8")),
  readSchemaFiles(),
);

it("has the SDL of every release in the changelog", () => {
  const files = readdirSync(new URL("releases/", SCHEMA)).map((name) => name.replace(".graphql", ""));
  expect(files.toSorted()).toEqual(VERSIONS.toSorted());
});

it("has no change since the last release that breaks a client", () => {
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  expect(breaking.map(({ message }) => message)).toEqual([]);
});

it("lists what was added since the last release in the changelog", () => {
  const next = /## Next release\n([\s\S]*?)\n## /.exec(CHANGELOG)?.[1] ?? "";
  const added = changes.filter(({ type }) => /_ADDED$/.test(type)).map(({ path = "" }) => path);
  const isListed = (path: string): boolean =>
    next.includes(`\`${path}\``) || (path.includes(".") && isListed(path.slice(0, path.lastIndexOf("."))));
  expect(added.filter((path) => !isListed(path))).toEqual([]);
});
