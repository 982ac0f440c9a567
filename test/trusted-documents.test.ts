/** The file of trusted documents: formats and errors. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { InvalidConfig, readConfig } from "../src/config.ts";
import { SUBSCRIPTION } from "../src/watch/job-update.ts";
import { runProgram } from "./process/program.ts";

/** A file with this content, as JSON unless it is a string. */
function fileWith(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "trusted-documents-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "documents.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const manifest = (...operations: object[]) => ({
  format: "apollo-persisted-query-manifest",
  version: 1,
  operations,
});

function errorOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.message;
    throw error;
  }
  throw new Error("Expected a configuration error.");
}

it.each([
  ["the client preset", { a: "{ __typename }", b: "query B { __typename }" }],
  [
    "Apollo",
    manifest(
      { id: "a", body: "{ __typename }", name: "A", type: "query" },
      { id: "b", body: "query B { __typename }", name: "B", type: "query" },
      // One document for several clients.
      { id: "b", body: "query B { __typename }", name: "B", type: "query", clientName: "other" },
    ),
  ],
])("reads a manifest of %s", (_tool, content) => {
  const { trustedDocuments } = readConfig({ TRUSTED_DOCUMENTS: fileWith(content) });
  expect(trustedDocuments).toEqual({
    documents: new Map([
      ["a", "{ __typename }"],
      ["b", "query B { __typename }"],
    ]),
    only: false,
  });
});

it("reads TRUSTED_DOCUMENTS_ONLY", () => {
  const environment = { TRUSTED_DOCUMENTS: fileWith({}), TRUSTED_DOCUMENTS_ONLY: "true" };
  expect(readConfig(environment).trustedDocuments).toEqual({ documents: new Map(), only: true });
});

it("requires a file for TRUSTED_DOCUMENTS_ONLY", () => {
  expect(errorOf({ TRUSTED_DOCUMENTS_ONLY: "true" })).toBe(
    'TRUSTED_DOCUMENTS: expected a file, because TRUSTED_DOCUMENTS_ONLY is true, got "".',
  );
});

it.each([
  ["text that is not JSON", "{", "JSON"],
  ["a list", ["{ __typename }"], "expected record"],
  ["a document that is not a string", { a: 1 }, "a: Invalid input: expected string"],
  ["an unknown version", { ...manifest(), version: 2 }, "version: Invalid input: expected 1"],
  ["an unknown format", { ...manifest(), format: "other" }, "format: Invalid input"],
  ["an operation without a body", manifest({ id: "a" }), "operations: 0: body: Invalid input"],
])("rejects %s with the file and the reason", (_what, content, reason) => {
  const path = fileWith(content);
  const message = errorOf({ TRUSTED_DOCUMENTS: path });
  expect(message).toMatch(/^TRUSTED_DOCUMENTS: expected a persisted query manifest .*, got ".*"\.$/);
  expect(message).toContain(reason);
  expect(message).toContain(JSON.stringify(path));
});

it.each([
  ["a syntax error", "{", "Syntax Error: Expected Name, found <EOF>."],
  ["an unknown field", "{ nothing }", 'Cannot query field "nothing" on type "Query".'],
  ["a mutation", "mutation { a }", "This API has no mutations."],
  [
    "too many levels",
    "{ a ".repeat(100),
    "The document is nested too deeply (maximum 60 levels). Nest fewer selections and fragments in each other.",
  ],
])("rejects a document with %s, with file, id and reason", (_what, text, reason) => {
  const path = fileWith({ fine: "{ __typename }", wrong: text });
  expect(errorOf({ TRUSTED_DOCUMENTS: path })).toBe(
    `TRUSTED_DOCUMENTS: expected every document in "${path}" to be valid, got "wrong": ${reason}`,
  );
});

it("rejects two documents with one id", () => {
  const path = fileWith(
    manifest({ id: "a", body: "{ __typename }" }, { id: "a", body: "{ b: __typename }" }),
  );
  expect(errorOf({ TRUSTED_DOCUMENTS: path })).toContain('got "a": Another document has the same id.');
});

it("rejects introspection if it is disabled", () => {
  const path = fileWith({ a: "{ __schema { queryType { name } } }" });
  expect(readConfig({ TRUSTED_DOCUMENTS: path }).trustedDocuments?.documents.size).toBe(1);
  expect(errorOf({ TRUSTED_DOCUMENTS: path, INTROSPECTION: "false" })).toContain("Introspection is disabled");
});

it("lists the first 20 invalid documents beside other errors", () => {
  const invalid = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`id${n}`, "{ nothing }"]));
  const lines = errorOf({ TRUSTED_DOCUMENTS: fileWith(invalid), PORT: "none" }).split("\n");
  expect(lines).toHaveLength(22);
  expect(lines[0]).toMatch(/^PORT: /);
  expect(lines[20]).toContain('"id19"');
  expect(lines[21]).toBe("TRUSTED_DOCUMENTS: and 5 more invalid documents.");
});

it("main.js reports an invalid document and exits with code 1", async (test) => {
  const program = runProgram(test, "main.js", [], { TRUSTED_DOCUMENTS: fileWith({ a: "{ nothing }" }) });
  expect(await program.ended).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(
    /^Invalid configuration:\nTRUSTED_DOCUMENTS: .*got "a": Cannot query field/,
  );
  expect(program.stdout()).toBe("");
});

it("main.js with TRUSTED_DOCUMENTS_ONLY serves `watch` if the file contains its document", async (test) => {
  const environment = {
    TRUSTED_DOCUMENTS: fileWith({ watch: SUBSCRIPTION }),
    TRUSTED_DOCUMENTS_ONLY: "true",
  };
  const url = await runProgram(test, "main.js", [], environment).url();
  const args = ["watch", "20000000002", "--scope", "biz:1", "--url", url];
  const watch = runProgram(test, "cli.js", args);
  // The job has failed.
  expect([await watch.ended, watch.stderr()]).toEqual([{ code: 1, signal: null }, ""]);
});
