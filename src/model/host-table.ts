/**
 * Host results as columns. Steps have up to 100 000 of them, of which an operation returns a page: rows are
 * counted, filtered and ordered on numbers, and become objects or text only where they are returned.
 */
import type { Container, HostResult } from "./host-result.ts";
import type { Int64 } from "./int64.ts";

/** Whole numbers; NaN where absent. */
export type NumberColumn = Float64Array;

/** 64-bit ids: NaN where absent; those that a number cannot hold are in `large` by row. */
export interface IdColumn {
  readonly values: Float64Array;
  readonly large: ReadonlyMap<number, bigint>;
}

/**
 * Texts, as they stand in JSON between the quotes, in UTF-8: from `start` (-1 where absent) to `end` in the
 * table's bytes.
 */
export interface StringColumn {
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** 1 where the text holds escapes; null when none of them does. */
  readonly escaped: Uint8Array | null;
}

/** Columns may be longer than the table. One in which no row has a value may be shared by many tables. */
export interface HostTable {
  readonly length: number;
  /** What text columns point into: the body that the table was read from. */
  readonly bytes: Uint8Array;
  /** Memory of the columns that are this table's own, in bytes. */
  readonly ownBytes: number;
  readonly statusCode: Int32Array;
  readonly hostId: IdColumn;
  readonly cloudId: IdColumn;
  /** CMDB id of the container; present in the rows whose target is one. */
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
  /** Absent for empty tags too. */
  readonly tag: StringColumn;
  /** Id of the container in its runtime. */
  readonly containerRuntimeId: StringColumn;
  readonly containerName: StringColumn;
}

/** Row numbers of a table. */
export type Rows = Uint32Array;

/** The columns of a table by kind; `statusCode` is of none. */
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

/** Number at `row`, or null. */
export function numberAt(column: NumberColumn, row: number): number | null {
  const value = column[row] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

/** Id at `row`, or null. */
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

/** Text at `row`, or null. */
export function stringAt(
  { bytes }: HostTable,
  { start, end, escaped }: StringColumn,
  row: number,
): string | null {
  const from = start[row] ?? -1;
  return from < 0 ? null : decodeJsonString(bytes, from, end[row] ?? from, escaped?.[row] === 1);
}

/** Most memory for what is remembered of a table's rows, in bytes: per row, and for any table. */
export const MEMO_ROW_BYTES = 32;
export const MEMO_BASE_BYTES = 4_096;
/** The stable order, the place of each row in it, and which of several results on its target it is. */
const STABLE_ORDER_ROW_BYTES = 3 * 4;

/** Memory that a table takes with all that may be remembered of it, in bytes; without `bytes`. */
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
