/** The dependencies of the examples, and how their pages install them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXAMPLE_NAMES, exampleFolder, readPackage } from "../support/example.ts";
import { ROOT } from "../support/readme.ts";

it.each(EXAMPLE_NAMES)("examples/%s has the versions that the tests run with", (name) => {
  const root = readPackage(ROOT);
  expect({ ...root.dependencies, [root.name]: root.version }).toMatchObject(
    readPackage(exampleFolder(name)).dependencies,
  );
});

it.each(EXAMPLE_NAMES)(
  "the page of examples/%s installs the package of the checkout if it needs it",
  (name) => {
    const root = readPackage(ROOT);
    const readme = readFileSync(join(exampleFolder(name), "README.md"), "utf8");
    const needsPackage = root.name in readPackage(exampleFolder(name)).dependencies;
    const commands = [...readme.matchAll(/^npm .+$/gm)].map(([command]) => command);
    const install = `npm install --no-save ../../${root.name}-${root.version}.tgz && `;
    expect(commands.some((command) => command.startsWith("npm ci && npm pack && "))).toBe(needsPackage);
    expect(commands.some((command) => command.startsWith(install))).toBe(needsPackage);
  },
);
