/** docs/architecture.md names existing files, and every file with state that outlives a request. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { pageOf, ROOT, tableOf } from "./support/readme.ts";

const SOURCE = new URL("src/", ROOT);
const PAGE = pageOf("docs/architecture.md");

const filesIn = (text: string): readonly string[] => [...text.matchAll(/[\w./-]+\.ts\b/g)].map(String);

/** Expressions that can hold state: caches, weak maps, maps and sets created in a function, limits. */
const STATE = /new (LRUCache|WeakMap|WeakSet|WeakRef)\b|^\s.*new (Map|Set)<|\bpLimit\(/m;

/** Files whose maps and sets are local to one call, one operation or one scrape. */
const SHORT_LIVED = [
  "cluster/primary.ts",
  "graphql/operation/operation-limits.ts",
  "jobs/job-loader.ts",
  "metrics/merge.ts",
  "model/host-filter.ts",
  "model/host-order.ts",
  "model/summary.ts",
];

/** Not part of a deployed gateway process. */
const isElsewhere = (file: string) => /^(simulator|watch|pages)\//.test(file);

const STATEFUL = globSync("**/*.ts", { cwd: fileURLToPath(SOURCE) })
  .filter((file) => !file.endsWith(".generated.ts") && !isElsewhere(file))
  .filter((file) => STATE.test(readFileSync(new URL(file, SOURCE), "utf8")))
  .toSorted();

it("names only files that exist", () => {
  expect(filesIn(PAGE).length).toBeGreaterThan(50);
  expect(filesIn(PAGE).filter((file) => !existsSync(new URL(file, SOURCE)))).toEqual([]);
});

describe("the table of what outlives a request", () => {
  const rows = tableOf("What", "Where", "Key", "Bound", "Invalidation");
  const named = rows.flatMap(([, where = ""]) => filesIn(where));

  it("has a key, a bound and an invalidation for everything", () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row.map((cell) => cell.length > 0)).toEqual(Array(5).fill(true));
  });

  it("names every file with a cache, a weak map, or a map or set that is not short-lived", () => {
    expect(STATEFUL.filter((file) => !named.includes(file) && !SHORT_LIVED.includes(file))).toEqual([]);
  });

  it("leaves out only files that have short-lived maps", () => {
    expect(SHORT_LIVED.filter((file) => !STATEFUL.includes(file) || named.includes(file))).toEqual([]);
  });
});
