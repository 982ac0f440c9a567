/**
 * Writes host results as JSON, by a selection and straight from their table's columns. It says of every field what
 * the resolvers say of it; a test holds the two against each other.
 */
import type { FieldNode, GraphQLObjectType, GraphQLSchema } from "graphql";
import { assertObjectType, getNamedType } from "graphql";
import type { HostConnection } from "../../model/host-connection.ts";
import { keyText } from "../../model/host-result.ts";
import type { HostResults } from "../../model/host-results.ts";
import {
  type HostTable,
  type IdColumn,
  idAt,
  type NumberColumn,
  type TextColumn,
} from "../../model/host-table.ts";
import { hostStatus } from "../../model/status.ts";
import {
  createInstantWriter,
  createJsonSink,
  type JsonSink,
  sinkText,
  writeBytes,
  writeConstant,
  writeInteger,
  writeQuote,
  writeString,
} from "./json-sink.ts";
import { collectFields, type Fragments } from "./selection.ts";

/** What rows are written from. */
export interface RowSource {
  readonly step: { readonly path: string };
  readonly results: HostResults;
  readonly connection: HostConnection;
}

/** Writes the rows of the source's page as a JSON list. */
export type RowWriter = (source: RowSource) => Buffer;

type Write = (sink: JsonSink, source: RowSource, row: number) => void;

const NULL = Buffer.from("null");
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");

const integer =
  (columnOf: (table: HostTable) => NumberColumn | Int32Array): Write =>
  (sink, { results }, row) => {
    const value = columnOf(results.table)[row] ?? Number.NaN;
    if (Number.isNaN(value)) writeConstant(sink, NULL);
    else writeInteger(sink, value);
  };

const text =
  (columnOf: (table: HostTable) => TextColumn): Write =>
  (sink, { results }, row) => {
    const { start, end } = columnOf(results.table);
    const from = start[row] ?? -1;
    if (from < 0) return writeConstant(sink, NULL);
    writeQuote(sink);
    writeBytes(sink, results.table.bytes, from, end[row] ?? from);
    writeQuote(sink);
  };

const id =
  (columnOf: (table: HostTable) => IdColumn): Write =>
  (sink, { results }, row) => {
    const column = columnOf(results.table);
    if (column.large.has(row)) return writeString(sink, `"${idAt(column, row)}"`);
    const value = column.values[row] ?? Number.NaN;
    if (Number.isNaN(value)) return writeConstant(sink, NULL);
    writeQuote(sink);
    writeInteger(sink, value);
    writeQuote(sink);
  };

/** Names by status code, which are few. */
function name(nameOf: (code: number) => string): Write {
  const names = new Map<number, Uint8Array>();
  return (sink, { results }, row) => {
    const code = results.table.statusCode[row] ?? 0;
    let known = names.get(code);
    if (!known) {
      known = Buffer.from(`"${nameOf(code)}"`);
      // Unknown codes all have one name; only known ones are kept, as an upstream can send any number of others.
      if (hostStatus(code).phase !== "UNKNOWN") names.set(code, known);
    }
    writeConstant(sink, known);
  };
}

function instant(columnOf: (table: HostTable) => NumberColumn): Write {
  const write = createInstantWriter();
  return (sink, { results }, row) => {
    const ms = columnOf(results.table)[row] ?? Number.NaN;
    if (Number.isNaN(ms)) writeConstant(sink, NULL);
    else write(sink, ms);
  };
}

const alive: Write = (sink, { results }, row) => {
  const value = results.table.alive[row];
  writeConstant(sink, value === 1 ? TRUE : value === 0 ? FALSE : NULL);
};

/** Ids as `keyText` makes them; those of ordinary hosts without making a text of each. */
function createResultId(): Write {
  let path = "";
  let hostPrefix: Uint8Array = Buffer.of();
  return (sink, { step, results }, row) => {
    const { hostId, containerId } = results.table;
    const value = hostId.values[row] ?? Number.NaN;
    const isOrdinary =
      !Number.isNaN(value) &&
      Number.isNaN(containerId.values[row]) &&
      !hostId.large.has(row) &&
      results.ordinalOf(row) === 0;
    if (!isOrdinary) return writeString(sink, JSON.stringify(`${step.path}/${keyText(results.keyOf(row))}`));
    if (step.path !== path) {
      path = step.path;
      hostPrefix = Buffer.from(JSON.stringify(`${path}/host:`).slice(0, -1));
    }
    writeConstant(sink, hostPrefix);
    writeInteger(sink, value);
    writeQuote(sink);
  };
}

const cursor: Write = (sink, { connection }, row) =>
  writeString(sink, JSON.stringify(connection.cursorOf(row)));

/** Every leaf that a row can have, by type and field. */
const createLeaves = (): Record<string, Record<string, Write>> => ({
  HostResultEdge: { cursor },
  HostResult: {
    id: createResultId(),
    hostId: id(({ hostId }) => hostId),
    ip: text(({ ip }) => ip),
    ipv6: text(({ ipv6 }) => ipv6),
    cloudId: id(({ cloudId }) => cloudId),
    cloudName: text(({ cloudName }) => cloudName),
    agentId: text(({ agentId }) => agentId),
    isAgentAlive: alive,
    status: name((code) => hostStatus(code).name),
    statusCode: integer(({ statusCode }) => statusCode),
    phase: name((code) => hostStatus(code).phase),
    tag: text(({ tag }) => tag),
    exitCode: integer(({ exitCode }) => exitCode),
    errorCode: integer(({ errorCode }) => errorCode),
    startedAt: instant(({ startedAt }) => startedAt),
    finishedAt: instant(({ finishedAt }) => finishedAt),
    durationMs: integer(({ durationMs }) => durationMs),
  },
  Container: {
    id: id(({ containerId }) => containerId),
    containerId: text(({ containerRuntimeId }) => containerRuntimeId),
    name: text(({ containerName }) => containerName),
    nodeHostId: id(({ nodeHostId }) => nodeHostId),
  },
});

export interface RowWriters {
  /** The writer for fields that all stand for one response key and return rows of `typeName`. */
  readonly create: (typeName: string, nodes: readonly FieldNode[], fragments: Fragments) => RowWriter;
}

/** About what a row takes; the sink grows when it is more. */
const BYTES_PER_ROW = 500;

export function createRowWriters(schema: GraphQLSchema): RowWriters {
  const leaves = createLeaves();

  const objectWriter = (
    type: GraphQLObjectType,
    nodes: readonly FieldNode[],
    fragments: Fragments,
  ): Write => {
    const parts = [...collectFields(type, nodes, fragments)].map(([key, fieldNodes], index) => ({
      before: Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(key)}:`),
      write: fieldWriter(type, fieldNodes, fragments),
    }));
    const end = Buffer.from(parts.length === 0 ? "{}" : "}");
    return (sink, source, row) => {
      for (const { before, write } of parts) {
        writeConstant(sink, before);
        write(sink, source, row);
      }
      writeConstant(sink, end);
    };
  };

  const fieldWriter = (type: GraphQLObjectType, nodes: readonly FieldNode[], fragments: Fragments): Write => {
    const fieldName = nodes[0]?.name.value ?? "";
    if (fieldName === "__typename") return constant(`"${type.name}"`);
    const leaf = leaves[type.name]?.[fieldName];
    if (leaf) return leaf;
    const field = type.getFields()[fieldName];
    if (!field) throw new Error(`Expected ${type.name}.${fieldName} to exist: the document was validated.`);
    const write = objectWriter(assertObjectType(getNamedType(field.type)), nodes, fragments);
    return fieldName === "container" ? whereContainer(write) : write;
  };

  const create: RowWriters["create"] = (typeName, nodes, fragments) => {
    const write = objectWriter(assertObjectType(schema.getType(typeName)), nodes, fragments);
    return (source) => {
      const { rows } = source.connection.page();
      const sink = createJsonSink(rows.length * BYTES_PER_ROW + 2);
      rows.forEach((row, index) => {
        writeConstant(sink, index === 0 ? LIST_START : SEPARATOR);
        write(sink, source, row);
      });
      writeConstant(sink, rows.length === 0 ? EMPTY_LIST : LIST_END);
      return sinkText(sink);
    };
  };

  return { create };
}

const [LIST_START, SEPARATOR, LIST_END, EMPTY_LIST] = ["[", ",", "]", "[]"].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer];

function constant(json: string): Write {
  const bytes = Buffer.from(json);
  return (sink) => writeConstant(sink, bytes);
}

const whereContainer =
  (write: Write): Write =>
  (sink, source, row) => {
    if (Number.isNaN(source.results.table.containerId.values[row])) writeConstant(sink, NULL);
    else write(sink, source, row);
  };
