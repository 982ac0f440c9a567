/**
 * Host results as columns. A step has up to 100 000 rows, and an operation returns a page of them. Rows are counted,
 * filtered and ordered on typed arrays; objects and strings are created only for the rows that are returned.
 */
import type { Container, HostResult } from "./host-result.ts";
import type { Int64 } from "./int64.ts";

/** Integers; NaN if absent. */
export type NumberColumn = Float64Array;

/** 64-bit ids; NaN if absent. Ids that are not exact as a number are in `large`, by row. */
export interface IdColumn {
  readonly values: Float64Array;
  readonly large: ReadonlyMap<number, bigint>;
}

/** Strings as offsets in the table's bytes: the JSON between the quotes, from `start` (-1 if absent) to `end`. */
export interface StringColumn {
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** 1 for strings with escape sequences; null if no string has any. */
  readonly escaped: Uint8Array | null;
}

/** Columns can be longer than the table. Columns without values can be shared by several tables. */
export interface HostTable {
  readonly length: number;
  /** The response body, which contains the strings. */
  readonly bytes: Uint8Array;
  /** Memory of the columns in bytes, without shared columns. */
  readonly ownBytes: number;
  readonly statusCode: Int32Array;
  readonly hostId: IdColumn;
  readonly cloudId: IdColumn;
  /** CMDB id of the container; present only if the target is a container. */
  readonly containerId: IdColumn;
  readonly nodeHostId: IdColumn;
  /** 0 or 1. */
  readonly alive: NumberColumn;
  readonly exitCode: NumberColumn;
  readonly errorCode: NumberColumn;
  readonly startedAt: NumberColumn;
  readonly finishedAt: NumberColumn;
  readonly durationMs: NumberColumn;
  readonly ip: StringColumn;
  readonly ipv6: StringColumn;
  readonly cloudName: StringColumn;
  readonly agentId: StringColumn;
  /** Absent if the tag is empty. */
  readonly tag: StringColumn;
  /** Id of the container in its runtime. */
  readonly containerRuntimeId: StringColumn;
  readonly containerName: StringColumn;
}

/** Row numbers of a table. */
export type Rows = Uint32Array;

/** The columns by type. `statusCode`, which is never absent, has a type of its own. */
export const NUMBER_COLUMNS = [
  "alive",
  "exitCode",
  "errorCode",
  "startedAt",
  "finishedAt",
  "durationMs",
] as const;
export const ID_COLUMNS = ["hostId", "cloudId", "containerId", "nodeHostId"] as const;
export const STRING_COLUMNS = [
  "ip",
  "ipv6",
  "cloudName",
  "agentId",
  "tag",
  "containerRuntimeId",
  "containerName",
] as const;

/** All rows, in the order of the table. */
export function allRows({ length }: HostTable): Rows {
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row++) rows[row] = row;
  return rows;
}

/** The number at `row`, or null. */
export function numberAt(column: NumberColumn, row: number): number | null {
  const value = column[row] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

/** The id at `row`, or null. */
export const idAt = (column: IdColumn, row: number): Int64 | null =>
  (column.large.size > 0 ? column.large.get(row) : undefined) ?? numberAt(column.values, row);

/**
 * The string between the quotes of a JSON string, from `start` to `end`.
 * @param isEscaped whether it has escape sequences. Most have none, and are decoded without JSON.parse.
 */
export function decodeJsonString(bytes: Uint8Array, start: number, end: number, isEscaped: boolean): string {
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
  return isEscaped ? String(JSON.parse(`"${json}"`)) : json;
}

/** The string at `row`, or null. */
export function stringAt(
  { bytes }: HostTable,
  { start, end, escaped }: StringColumn,
  row: number,
): string | null {
  const from = start[row] ?? -1;
  return from < 0 ? null : decodeJsonString(bytes, from, end[row] ?? from, escaped?.[row] === 1);
}

/** Memory limit in bytes for cached orders and groups of a table: per row, and per table. */
export const MEMO_ROW_BYTES = 32;
export const MEMO_BASE_BYTES = 4_096;
/** The stable order, its inverse and the ordinals: 4 bytes each. */
const STABLE_ORDER_ROW_BYTES = 3 * 4;

/** Memory of a table in bytes with all data that can be cached for it, but without `bytes`. */
export const columnBytes = ({ ownBytes, length }: HostTable): number =>
  ownBytes + length * (MEMO_ROW_BYTES + STABLE_ORDER_ROW_BYTES) + MEMO_BASE_BYTES;

/** The row as an object. */
export function rowAt(table: HostTable, row: number): HostResult {
  const alive = numberAt(table.alive, row);
  return {
    hostId: idAt(table.hostId, row),
    ip: stringAt(table, table.ip, row),
    ipv6: stringAt(table, table.ipv6, row),
    cloudId: idAt(table.cloudId, row),
    cloudName: stringAt(table, table.cloudName, row),
    agentId: stringAt(table, table.agentId, row),
    isAgentAlive: alive === null ? null : alive === 1,
    container: containerAt(table, row),
    statusCode: table.statusCode[row] ?? 0,
    tag: stringAt(table, table.tag, row),
    exitCode: numberAt(table.exitCode, row),
    errorCode: numberAt(table.errorCode, row),
    startedAt: numberAt(table.startedAt, row),
    finishedAt: numberAt(table.finishedAt, row),
    durationMs: numberAt(table.durationMs, row),
  };
}

function containerAt(table: HostTable, row: number): Container | null {
  const id = idAt(table.containerId, row);
  if (id === null) return null;
  return {
    id,
    containerId: stringAt(table, table.containerRuntimeId, row) ?? "",
    name: stringAt(table, table.containerName, row) ?? "",
    nodeHostId: idAt(table.nodeHostId, row),
  };
}
