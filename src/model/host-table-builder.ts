/** Tables of host results under construction. */
import type { HostResult } from "./host-result.ts";
import {
  type HostTable,
  ID_COLUMNS,
  type IdColumn,
  NUMBER_COLUMNS,
  type NumberColumn,
  TEXT_COLUMNS,
  type TextColumn,
} from "./host-table.ts";
import type { Int64 } from "./int64.ts";

export type Columns = Omit<HostTable, "length" | "bytes">;

/** Columns for up to `capacity` rows, all absent. Writing to them is for builders only. */
export function createColumns(capacity: number): Columns {
  const numbers = (): NumberColumn => new Float64Array(capacity).fill(Number.NaN);
  const ids = (): IdColumn => ({ values: numbers(), large: new Map() });
  const texts = (): TextColumn => ({
    start: new Int32Array(capacity).fill(-1),
    end: new Int32Array(capacity),
  });
  return {
    statusCode: new Int32Array(capacity),
    hostId: ids(),
    cloudId: ids(),
    containerId: ids(),
    nodeHostId: ids(),
    alive: numbers(),
    exitCode: numbers(),
    errorCode: numbers(),
    startedAt: numbers(),
    finishedAt: numbers(),
    durationMs: numbers(),
    ip: texts(),
    ipv6: texts(),
    cloudName: texts(),
    agentId: texts(),
    tag: texts(),
    containerRuntimeId: texts(),
    containerName: texts(),
  };
}

/** The same columns with room for `capacity` rows. */
export function growColumns(columns: Columns, capacity: number): Columns {
  const grown = createColumns(capacity);
  grown.statusCode.set(columns.statusCode);
  for (const name of NUMBER_COLUMNS) grown[name].set(columns[name]);
  for (const name of ID_COLUMNS) {
    grown[name].values.set(columns[name].values);
    for (const [row, id] of columns[name].large) setLarge(grown[name], row, id);
  }
  for (const name of TEXT_COLUMNS) {
    grown[name].start.set(columns[name].start);
    grown[name].end.set(columns[name].end);
  }
  return grown;
}

/** Makes every value of `row` absent again. */
export function clearRow(columns: Columns, row: number): void {
  for (const name of NUMBER_COLUMNS) columns[name][row] = Number.NaN;
  for (const name of ID_COLUMNS) columns[name].values[row] = Number.NaN;
  for (const name of TEXT_COLUMNS) columns[name].start[row] = -1;
}

// Columns are readable only to all but their builder.
const setLarge = ({ large }: IdColumn, row: number, id: bigint) =>
  void (large as Map<number, bigint>).set(row, id);

/** The table of rows that are objects already. */
export function tableOf(rows: readonly HostResult[]): HostTable {
  const columns = createColumns(rows.length);
  const chunks: Buffer[] = [];
  let size = 0;

  const setNumber = (column: NumberColumn, row: number, value: number | null) => {
    if (value !== null) column[row] = value;
  };
  const setId = (column: IdColumn, row: number, value: Int64 | null) => {
    if (value !== null) column.values[row] = Number(value);
    if (typeof value === "bigint") setLarge(column, row, value);
  };
  const setText = ({ start, end }: TextColumn, row: number, value: string | null) => {
    if (value === null) return;
    const chunk = Buffer.from(JSON.stringify(value).slice(1, -1));
    chunks.push(chunk);
    start[row] = size;
    size += chunk.byteLength;
    end[row] = size;
  };

  for (const [row, result] of rows.entries()) {
    columns.statusCode[row] = result.statusCode;
    setId(columns.hostId, row, result.hostId);
    setId(columns.cloudId, row, result.cloudId);
    setId(columns.containerId, row, result.container?.id ?? null);
    setId(columns.nodeHostId, row, result.container?.nodeHostId ?? null);
    setNumber(columns.alive, row, result.isAgentAlive === null ? null : Number(result.isAgentAlive));
    setNumber(columns.exitCode, row, result.exitCode);
    setNumber(columns.errorCode, row, result.errorCode);
    setNumber(columns.startedAt, row, result.startedAt);
    setNumber(columns.finishedAt, row, result.finishedAt);
    setNumber(columns.durationMs, row, result.durationMs);
    setText(columns.ip, row, result.ip);
    setText(columns.ipv6, row, result.ipv6);
    setText(columns.cloudName, row, result.cloudName);
    setText(columns.agentId, row, result.agentId);
    setText(columns.tag, row, result.tag);
    setText(columns.containerRuntimeId, row, result.container?.containerId ?? null);
    setText(columns.containerName, row, result.container?.name ?? null);
  }
  return { ...columns, length: rows.length, bytes: Buffer.concat(chunks, size) };
}
