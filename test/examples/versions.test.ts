/** The dependencies of the examples. */
import { expect, it } from "vitest";
import { EXAMPLE_NAMES, exampleFolder, readPackage } from "../support/example.ts";
import { ROOT } from "../support/readme.ts";

it.each(EXAMPLE_NAMES)("examples/%s has the versions that the tests run with", (name) => {
  const root = readPackage(ROOT);
  expect({ ...root.dependencies, [root.name]: root.version }).toMatchObject(
    readPackage(exampleFolder(name)).dependencies,
  );
});
