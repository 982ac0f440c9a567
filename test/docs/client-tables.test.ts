/** The tables of docs/client.md match the client. */
import { expect, it } from "vitest";
import * as client from "../../src/client/index.ts";
import { reconnectWith } from "../../src/client/watch-job.ts";
import { pageOf, tableOf } from "../support/readme.ts";

/** The documents of the package, by name. */
const DOCUMENTS = Object.entries(client).flatMap(([name, value]) =>
  typeof value === "object" && "definitions" in value ? [[name, value] as const] : [],
);

const variablesOf = ({ definitions }: (typeof DOCUMENTS)[number][1]) =>
  definitions.flatMap((definition) =>
    "variableDefinitions" in definition ? (definition.variableDefinitions ?? []) : [],
  );

it("lists the defaults of reconnecting", () => {
  const listed = tableOf("Option", "Default", "Meaning")
    .filter(([name]) => name?.startsWith("reconnect."))
    .map(([name, value]) => [name?.replace("reconnect.", ""), Number(value)]);
  expect(listed).toEqual(Object.entries(reconnectWith()));
});

it("lists all documents with their variables", () => {
  const namesIn = (cell = "") => (cell.match(/\w+/g) ?? []).filter((name) => name !== "none");
  const listed = tableOf("Document", "Required variables", "Optional variables", "Reads").map(
    ([name, required, optional]) => [name, { required: namesIn(required), optional: namesIn(optional) }],
  );
  expect(DOCUMENTS.length).toBeGreaterThan(3);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(
      DOCUMENTS.map(([name, document]) => {
        const { true: required = [], false: optional = [] } = Object.groupBy(
          variablesOf(document),
          ({ type, defaultValue }) => String(type.kind === "NonNullType" && !defaultValue),
        );
        const names = (variables: typeof required) => variables.map(({ variable }) => variable.name.value);
        return [name, { required: names(required), optional: names(optional) }];
      }),
    ),
  );
});

it("names the default of `first`", () => {
  const first = DOCUMENTS.flatMap(([, document]) => variablesOf(document)).filter(
    ({ variable }) => variable.name.value === "first",
  );
  const [, shown] = /`first` is (\d+) by default/.exec(pageOf("docs/client.md")) ?? [];
  expect(first.map(({ defaultValue }) => defaultValue)).toEqual(
    first.map(() => ({ kind: "IntValue", value: shown })),
  );
});

it("lists the codes of the client itself, and which of them are transient", () => {
  const listed = tableOf("Code of the client", "Meaning", "`isTransient`");
  expect(listed.length).toBe(4);
  for (const [code = "", , isTransient] of listed) {
    expect([code, new client.JobClientError("", { code }).isTransient]).toEqual([
      code,
      isTransient === "yes",
    ]);
  }
});
