/**
 * Writes host results as JSON, by a selection and straight from their table's columns. It says of every field what
 * the resolvers say of it; a test holds the two against each other.
 */
import type { FieldNode, GraphQLObjectType, GraphQLSchema } from "graphql";
import { assertObjectType, getNamedType } from "graphql";
import type { HostConnection } from "../../model/host-connection.ts";
import { keyText } from "../../model/host-result.ts";
import type { HostResults } from "../../model/host-results.ts";
import type { HostTable } from "../../model/host-table.ts";
import { HOST_STATUSES, hostStatus } from "../../model/status.ts";
import {
  createConstant,
  createPutInstant,
  INSTANT_BYTES,
  INTEGER_BYTES,
  type JsonSink,
  viewOf,
  writeString,
} from "./json-sink.ts";
import { createRowCode, type RowCode, type Scope, setText } from "./row-code.ts";
import { collectFields, type Fragments } from "./selection.ts";

/** What rows are written from. */
interface RowSource {
  readonly step: { readonly path: string };
  readonly results: HostResults;
  readonly connection: HostConnection;
}

/** Writes the rows of the source's page as a JSON list. */
export type RowWriter = (sink: JsonSink, source: RowSource) => void;

/** Adds the code that writes a field's value. */
type Emit = (code: RowCode) => void;

type Columns<T> = { [Name in keyof HostTable]: HostTable[Name] extends T ? Name : never }[keyof HostTable];

const setNull = setText("null");
const setQuote = "bytes[at++] = 0x22;";

const integer =
  (column: Columns<Float64Array | Int32Array>): Emit =>
  (code) =>
    code.statements(
      `{ const value = table.${column}[row];
         if (value !== value) { ${setNull} } else at = putInteger(bytes, at, value); }`,
      INTEGER_BYTES,
    );

const instant =
  (column: Columns<Float64Array>): Emit =>
  (code) =>
    code.statements(
      `{ const value = table.${column}[row];
         if (value !== value) { ${setNull} } else at = putInstant(view, bytes, at, value); }`,
      INSTANT_BYTES,
    );

const text =
  (column: Columns<{ start: Int32Array }>): Emit =>
  (code) =>
    code.statements(
      `{ const start = table.${column}.start[row];
         if (start < 0) { ${setNull} } else {
           ${setQuote} at = putBytes(view, at, source, start, table.${column}.end[row]); ${setQuote} } }`,
      6,
      `(table.${column}.start[row] < 0 ? 0 : table.${column}.end[row] - table.${column}.start[row])`,
    );

const id =
  (column: Columns<{ values: Float64Array }>): Emit =>
  (code) =>
    code.statements(
      `{ const value = table.${column}.values[row];
         if (value !== value) { ${setNull} }
         else if (value > -9007199254740992 && value < 9007199254740992) {
           ${setQuote} at = putInteger(bytes, at, value); ${setQuote} }
         else ${putSlowly(`'"' + table.${column}.large.get(row) + '"'`)} }`,
      INTEGER_BYTES + 2,
    );

/** Writes a text of any length, and makes room anew for the rest of the row. */
const putSlowly = (expression: string): string => `{
  at = putString(sink, at, ${expression});
  reserve(sink, needed);
  ({ bytes, view } = sink); }`;

/** A text that depends on the status code alone. */
const byStatus =
  (constants: string): Emit =>
  (code) =>
    code.statements(`at = putConstant(view, at, ${constants}(table.statusCode[row]));`, 40);

const alive: Emit = (code) =>
  code.statements(
    `{ const value = table.alive[row];
       if (value === 1) { ${setText("true")} } else if (value === 0) { ${setText("false")} } else { ${setNull} } }`,
    8,
  );

/** Ids as `keyText` makes them; those of ordinary hosts without making a text of each. */
const resultId: Emit = (code) =>
  code.statements(
    `{ const value = table.hostId.values[row];
       if (isOrdinary(row)) {
         at = putConstant(view, at, idPrefix); at = putInteger(bytes, at, value); ${setQuote} }
       else ${putSlowly("resultId(row)")} }`,
    INTEGER_BYTES + 1,
    "idPrefix.length",
  );

const cursor: Emit = (code) => code.statements(putSlowly("cursor(row)"), 0);

/** Every leaf that a row can have, by type and field. */
const LEAVES: Readonly<Record<string, Readonly<Record<string, Emit>>>> = {
  HostResultEdge: { cursor },
  HostResult: {
    id: resultId,
    hostId: id("hostId"),
    ip: text("ip"),
    ipv6: text("ipv6"),
    cloudId: id("cloudId"),
    cloudName: text("cloudName"),
    agentId: text("agentId"),
    isAgentAlive: alive,
    status: byStatus("statusName"),
    statusCode: integer("statusCode"),
    phase: byStatus("phaseName"),
    tag: text("tag"),
    exitCode: integer("exitCode"),
    errorCode: integer("errorCode"),
    startedAt: instant("startedAt"),
    finishedAt: instant("finishedAt"),
    durationMs: integer("durationMs"),
  },
  Container: {
    id: id("containerId"),
    containerId: text("containerRuntimeId"),
    name: text("containerName"),
    nodeHostId: id("nodeHostId"),
  },
};

/** Finds constants by status code. */
function namesOf(nameOf: (code: number) => string) {
  const names = new Map([...HOST_STATUSES.keys()].map((code) => [code, createConstant(`"${nameOf(code)}"`)]));
  const unknown = createConstant(`"${nameOf(Number.NaN)}"`);
  return (code: number) => names.get(code) ?? unknown;
}

const statusName = namesOf((code) => hostStatus(code).name);
const phaseName = namesOf((code) => hostStatus(code).phase);

/** What the code of leaves refers to. */
function scopeOf({ step, results, connection }: RowSource) {
  const { table } = results;
  const { hostId, containerId } = table;
  return {
    table,
    source: viewOf(table.bytes),
    statusName,
    phaseName,
    putInstant: createPutInstant(),
    idPrefix: createConstant(JSON.stringify(`${step.path}/host:`).slice(0, -1)),
    isOrdinary: (row: number): boolean =>
      !Number.isNaN(hostId.values[row]) &&
      Number.isNaN(containerId.values[row]) &&
      results.ordinalOf(row) === 0 &&
      !hostId.large.has(row),
    resultId: (row: number) => JSON.stringify(`${step.path}/${keyText(results.keyOf(row))}`),
    cursor: (row: number) => JSON.stringify(connection.cursorOf(row)),
  } satisfies Scope;
}

const SCOPE_NAMES = [
  "table",
  "source",
  "statusName",
  "phaseName",
  "putInstant",
  "idPrefix",
  "isOrdinary",
  "resultId",
  "cursor",
] as const satisfies readonly (keyof ReturnType<typeof scopeOf>)[];

export interface RowWriters {
  /** The writer for fields that all stand for one response key and return rows of `typeName`. */
  readonly create: (typeName: string, nodes: readonly FieldNode[], fragments: Fragments) => RowWriter;
}

export function createRowWriters(schema: GraphQLSchema): RowWriters {
  const emitObject = (
    code: RowCode,
    type: GraphQLObjectType,
    nodes: readonly FieldNode[],
    fragments: Fragments,
  ) => {
    let before = "{";
    for (const [key, fieldNodes] of collectFields(type, nodes, fragments)) {
      code.constant(`${before}${JSON.stringify(key)}:`);
      emitField(code, type, fieldNodes, fragments);
      before = ",";
    }
    code.constant(before === "{" ? "{}" : "}");
  };

  const emitField = (
    code: RowCode,
    type: GraphQLObjectType,
    nodes: readonly FieldNode[],
    fragments: Fragments,
  ) => {
    const fieldName = nodes[0]?.name.value ?? "";
    if (fieldName === "__typename") return code.constant(`"${type.name}"`);
    const leaf = LEAVES[type.name]?.[fieldName];
    if (leaf) return leaf(code);
    const field = type.getFields()[fieldName];
    if (!field) throw new Error(`Expected ${type.name}.${fieldName} to exist: the document was validated.`);
    const isContainer = fieldName === "container";
    if (isContainer)
      code.statements(`if (Number.isNaN(table.containerId.values[row])) { ${setNull} } else {`, 4);
    emitObject(code, assertObjectType(getNamedType(field.type)), nodes, fragments);
    if (isContainer) code.statements("}", 0);
  };

  const create: RowWriters["create"] = (typeName, nodes, fragments) => {
    const code = createRowCode();
    emitObject(code, assertObjectType(schema.getType(typeName)), nodes, fragments);
    const writeRows = code.compile(SCOPE_NAMES);
    return (sink, source) => {
      writeString(sink, "[");
      writeRows(sink, source.connection.page().rows, scopeOf(source));
      writeString(sink, "]");
    };
  };

  return { create };
}
