/** The tables of docs/client.md match the client. */
import { expect, it } from "vitest";
import * as client from "../../src/client/index.ts";
import { reconnectWith } from "../../src/client/watch-job.ts";
import { tableOf } from "../support/readme.ts";

it("lists the defaults of reconnecting", () => {
  const listed = tableOf("Option", "Default", "Meaning")
    .filter(([name]) => name?.startsWith("reconnect."))
    .map(([name, value]) => [name?.replace("reconnect.", ""), Number(value)]);
  expect(listed).toEqual(Object.entries(reconnectWith()));
});

it("lists all documents with their variables", () => {
  const listed = tableOf("Document", "Variables", "Reads").map(([name, variables = ""]) => [
    name,
    variables.replaceAll("`", "").split(", "),
  ]);
  const documents = Object.entries(client).flatMap(([name, value]) =>
    typeof value === "object" && "definitions" in value ? [[name, value] as const] : [],
  );
  const variablesOf = ({ definitions }: (typeof documents)[number][1]) =>
    definitions.flatMap((definition) =>
      "variableDefinitions" in definition
        ? (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
        : [],
    );
  expect(documents.length).toBeGreaterThan(3);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(documents.map(([name, document]) => [name, variablesOf(document)])),
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
