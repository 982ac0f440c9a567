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
export interface TextColumn {
  readonly start: Int32Array;
  readonly end: Int32Array;
}

export interface HostTable {
  readonly length: number;
  /** What text columns point into. */
  readonly bytes: Uint8Array;
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
  readonly ip: TextColumn;
  readonly ipv6: TextColumn;
  readonly cloudName: TextColumn;
  readonly agentId: TextColumn;
  /** Absent for empty tags too. */
  readonly tag: TextColumn;
  /** Id of the container in its runtime. */
  readonly containerRuntimeId: TextColumn;
  readonly containerName: TextColumn;
}

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
export const TEXT_COLUMNS = [
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

/** Text at `row`, or null. */
export function textAt({ bytes }: HostTable, { start, end }: TextColumn, row: number): string | null {
  const from = start[row] ?? -1;
  if (from < 0) return null;
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + from, (end[row] ?? from) - from).toString();
  return json.includes("\\") ? String(JSON.parse(`"${json}"`)) : json;
}

/** Memory that the columns take, in bytes, with what is remembered of them; without `bytes`. */
export const columnBytes = ({ length }: HostTable): number => length * ROW_BYTES;

/** 10 number columns of 8 bytes, 7 text columns of 2 × 4, the status code; orders and groups of 4 bytes each. */
const ROW_BYTES = 10 * 8 + 7 * 8 + 4 + 8 * 4;

/** The row as an object. */
export function rowAt(table: HostTable, row: number): HostResult {
  const alive = numberAt(table.alive, row);
  return {
    hostId: idAt(table.hostId, row),
    ip: textAt(table, table.ip, row),
    ipv6: textAt(table, table.ipv6, row),
    cloudId: idAt(table.cloudId, row),
    cloudName: textAt(table, table.cloudName, row),
    agentId: textAt(table, table.agentId, row),
    isAgentAlive: alive === null ? null : alive === 1,
    container: containerAt(table, row),
    statusCode: table.statusCode[row] ?? 0,
    tag: textAt(table, table.tag, row),
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
    containerId: textAt(table, table.containerRuntimeId, row) ?? "",
    name: textAt(table, table.containerName, row) ?? "",
    nodeHostId: idAt(table.nodeHostId, row),
  };
}
