/** What the compiler says about mistakes: it names the mistake, not an overload that was not meant. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../support/readme.ts";

const PRELUDE = `
import * as c from "bk-job-graphql/client";
declare const client: c.JobClient;
declare const ref: c.JobInstanceRef;
declare const signal: AbortSignal;
`;

const CORRECT = [
  "client.jobInstance(ref, { signal })",
  "client.jobInstance(ref, {} as c.RequestOptions)",
  "client.jobInstance(ref, c.FailedHostsDocument, { signal })",
  'client.jobInstance(ref, "query", { variables: { a: 1 }, signal })',
  "client.watch(ref, { signal })",
  "client.watch(ref, c.JobInstanceUpdatedDocument, { signal })",
  "client.jobInstance(ref, { signal }).then((job) => job.__typename)",
];

/** Each mistake with what the first error must contain. */
const MISTAKES = [
  ["missing options", "client.jobInstance(ref, c.HostResultsDocument)", "Expected 3 arguments, but got 2."],
  [
    "missing variables",
    "client.jobInstance(ref, c.HostResultsDocument, { signal })",
    "Property 'variables' is missing",
  ],
  [
    "a missing variable",
    "client.jobInstance(ref, c.HostResultsDocument, { variables: { first: 1 } })",
    "Property 'stepInstanceId' is missing",
  ],
  [
    "an unknown variable",
    "client.jobInstance(ref, c.FailedHostsDocument, { variables: { frist: 1 } })",
    "Did you mean to write 'first'?",
  ],
  [
    "a variable of another type",
    'client.jobInstance(ref, c.FailedHostsDocument, { variables: { first: "1" } })',
    "Type 'string' is not assignable to type 'number'.",
  ],
  [
    "an unknown field of the result",
    "client.jobInstance(ref, c.FailedHostsDocument).then((job) => job.nmae)",
    "Property 'nmae' does not exist",
  ],
  ["a misspelled option", "client.jobInstance(ref, { singal: signal })", "Did you mean to write 'signal'?"],
  [
    "a misspelled option of watch",
    "client.watch(ref, { singal: signal })",
    "Did you mean to write 'signal'?",
  ],
  [
    "a misspelled option after a document",
    "client.watch(ref, c.JobInstanceUpdatedDocument, { singal: signal })",
    "Did you mean to write 'signal'?",
  ],
  [
    "an option of another type",
    "client.watch(ref, { signal: 1 })",
    "Type 'number' is not assignable to type 'AbortSignal'.",
  ],
  [
    "a query in place of a subscription",
    "client.watch(ref, c.FailedHostsDocument)",
    "'FailedHostsQuery' has no properties in common with type 'JobSubscription'",
  ],
  [
    "a reference of another type",
    "client.jobInstance({ scopeId: 1, jobInstanceId: '1' }, { signal })",
    "Type 'number' is not assignable to type 'string'.",
  ],
] as const;

/** The errors of the compiler, by the file in which they are. */
let errors: ReadonlyMap<string, string>;
const folder = mkdtempSync(join(tmpdir(), "compile-errors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const write = (name: string, code: string) => writeFileSync(join(folder, name), code);
  for (const [index, [, code]] of MISTAKES.entries()) write(`mistake${index}.ts`, `${PRELUDE}${code};\n`);
  write("correct.ts", `${PRELUDE}${CORRECT.join(";\n")};\n`);
  write("package.json", JSON.stringify({ type: "module" }));
  const fromRoot = (path: string) => fileURLToPath(new URL(path, ROOT));
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    typeRoots: [fromRoot("node_modules/@types")],
    types: ["node"],
    paths: { "bk-job-graphql/client": [fromRoot("src/client/index.ts")] },
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const output = await new Promise<string>((resolve) => {
    // The compiler prints its errors to stdout, and exits with a code that says that there are some.
    execFile(fromRoot("node_modules/.bin/tsc"), ["-p", "."], { cwd: folder }, (_, stdout) => resolve(stdout));
  });
  const byFile = Map.groupBy(output.split(/\n(?=\S)/), (error) => error.replace(/\(.*/s, ""));
  errors = new Map([...byFile].map(([file, [first = ""]]) => [file, first]));
});

it.each(MISTAKES.map(([name, , message], index) => [name, index, message] as const))(
  "names %s",
  (_, index, message) => {
    expect(errors.get(`mistake${index}.ts`)).toContain(message);
  },
);

it("accepts correct code, and options in place of a document", () => {
  expect([...errors].filter(([file]) => !file.startsWith("mistake"))).toEqual([]);
});
