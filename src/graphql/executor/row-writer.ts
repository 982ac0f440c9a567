/**
 * Writes host results as JSON, by a selection and straight from their table's columns. It says of every field what
 * the resolvers say of it; a test holds the two against each other.
 */
import type { FieldNode, GraphQLObjectType, GraphQLSchema } from "graphql";
import { assertObjectType, getNamedType } from "graphql";
import type { HostConnection } from "../../model/host-connection.ts";
import { keyText } from "../../model/host-result.ts";
import type { HostResults } from "../../model/host-results.ts";
import type { HostTable, IdColumn, NumberColumn, TextColumn } from "../../model/host-table.ts";
import { HOST_STATUSES, hostStatus } from "../../model/status.ts";
import {
  type Constant,
  createConstant,
  createInstantWriter,
  type JsonSink,
  writeBytes,
  writeConstant,
  writeInteger,
  writeQuote,
  writeString,
} from "./json-sink.ts";
import { collectFields, type Fragments } from "./selection.ts";

/** What rows are written from. */
interface RowSource {
  readonly step: { readonly path: string };
  readonly results: HostResults;
  readonly connection: HostConnection;
}

/** Writes the rows of the source's page as a JSON list. */
export type RowWriter = (sink: JsonSink, source: RowSource) => void;

type Write = (sink: JsonSink, row: number) => void;
/** Makes a writer for the rows of one table. */
type Bind = (source: RowSource) => Write;

const NULL = createConstant("null");
const TRUE = createConstant("true");
const FALSE = createConstant("false");

const integer =
  (columnOf: (table: HostTable) => NumberColumn | Int32Array): Bind =>
  ({ results }) => {
    const column = columnOf(results.table);
    return (sink, row) => {
      const value = column[row] ?? Number.NaN;
      if (Number.isNaN(value)) writeConstant(sink, NULL);
      else writeInteger(sink, value);
    };
  };

const text =
  (columnOf: (table: HostTable) => TextColumn): Bind =>
  ({ results: { table } }) => {
    const { start, end } = columnOf(table);
    const { bytes } = table;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return (sink, row) => {
      const from = start[row] ?? -1;
      if (from < 0) return writeConstant(sink, NULL);
      writeQuote(sink);
      writeBytes(sink, view, from, end[row] ?? from);
      writeQuote(sink);
    };
  };

const id =
  (columnOf: (table: HostTable) => IdColumn): Bind =>
  ({ results }) => {
    const column = columnOf(results.table);
    const { values, large } = column;
    return (sink, row) => {
      const value = values[row] ?? Number.NaN;
      if (Number.isNaN(value)) return writeConstant(sink, NULL);
      writeQuote(sink);
      if (large.size > 0 && large.has(row)) writeString(sink, String(large.get(row)));
      else writeInteger(sink, value);
      writeQuote(sink);
    };
  };

/** Names by status code, which are few. */
function name(nameOf: (code: number) => string): Bind {
  const names = new Map([...HOST_STATUSES.keys()].map((code) => [code, createConstant(`"${nameOf(code)}"`)]));
  const unknown = createConstant(`"${nameOf(Number.NaN)}"`);
  return ({ results }) => {
    const { statusCode } = results.table;
    return (sink, row) => writeConstant(sink, names.get(statusCode[row] ?? Number.NaN) ?? unknown);
  };
}

function instant(columnOf: (table: HostTable) => NumberColumn): Bind {
  return ({ results }) => {
    const column = columnOf(results.table);
    const write = createInstantWriter();
    return (sink, row) => {
      const ms = column[row] ?? Number.NaN;
      if (Number.isNaN(ms)) writeConstant(sink, NULL);
      else write(sink, ms);
    };
  };
}

const alive: Bind = ({ results }) => {
  const column = results.table.alive;
  return (sink, row) => {
    const value = column[row];
    writeConstant(sink, value === 1 ? TRUE : value === 0 ? FALSE : NULL);
  };
};

/** Ids as `keyText` makes them; those of ordinary hosts without making a text of each. */
const resultId: Bind = ({ step, results }) => {
  const { hostId, containerId } = results.table;
  const prefix = createConstant(JSON.stringify(`${step.path}/host:`).slice(0, -1));
  const isOrdinary = (row: number, value: number): boolean =>
    !Number.isNaN(value) &&
    Number.isNaN(containerId.values[row]) &&
    results.ordinalOf(row) === 0 &&
    !hostId.large.has(row);
  return (sink, row) => {
    const value = hostId.values[row] ?? Number.NaN;
    if (!isOrdinary(row, value)) {
      return writeString(sink, JSON.stringify(`${step.path}/${keyText(results.keyOf(row))}`));
    }
    writeConstant(sink, prefix);
    writeInteger(sink, value);
    writeQuote(sink);
  };
};

const cursor: Bind =
  ({ connection }) =>
  (sink, row) =>
    writeString(sink, JSON.stringify(connection.cursorOf(row)));

/** Every leaf that a row can have, by type and field. */
const createLeaves = (): Record<string, Record<string, Bind>> => ({
  HostResultEdge: { cursor },
  HostResult: {
    id: resultId,
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

export function createRowWriters(schema: GraphQLSchema): RowWriters {
  const leaves = createLeaves();

  const bindObject = (type: GraphQLObjectType, nodes: readonly FieldNode[], fragments: Fragments): Bind => {
    const parts = [...collectFields(type, nodes, fragments)].map(([key, fieldNodes], index) => ({
      before: createConstant(`${index === 0 ? "{" : ","}${JSON.stringify(key)}:`),
      bind: bindField(type, fieldNodes, fragments),
    }));
    const end = createConstant(parts.length === 0 ? "{}" : "}");
    return (source) => {
      const bound = parts.map(({ before, bind }) => ({ before, write: bind(source) }));
      return (sink, row) => {
        for (const { before, write } of bound) {
          writeConstant(sink, before);
          write(sink, row);
        }
        writeConstant(sink, end);
      };
    };
  };

  const bindField = (type: GraphQLObjectType, nodes: readonly FieldNode[], fragments: Fragments): Bind => {
    const fieldName = nodes[0]?.name.value ?? "";
    if (fieldName === "__typename") return always(createConstant(`"${type.name}"`));
    const leaf = leaves[type.name]?.[fieldName];
    if (leaf) return leaf;
    const field = type.getFields()[fieldName];
    if (!field) throw new Error(`Expected ${type.name}.${fieldName} to exist: the document was validated.`);
    const bind = bindObject(assertObjectType(getNamedType(field.type)), nodes, fragments);
    return fieldName === "container" ? whereContainer(bind) : bind;
  };

  const create: RowWriters["create"] = (typeName, nodes, fragments) => {
    const bind = bindObject(assertObjectType(schema.getType(typeName)), nodes, fragments);
    return (sink, source) => {
      const { rows } = source.connection.page();
      const write = bind(source);
      writeString(sink, "[");
      rows.forEach((row, index) => {
        if (index > 0) writeConstant(sink, SEPARATOR);
        write(sink, row);
      });
      writeString(sink, "]");
    };
  };

  return { create };
}

const SEPARATOR = createConstant(",");

const always =
  (constant: Constant): Bind =>
  () =>
  (sink) =>
    writeConstant(sink, constant);

const whereContainer =
  (bind: Bind): Bind =>
  (source) => {
    const { values } = source.results.table.containerId;
    const write = bind(source);
    return (sink, row) => {
      if (Number.isNaN(values[row])) writeConstant(sink, NULL);
      else write(sink, row);
    };
  };
