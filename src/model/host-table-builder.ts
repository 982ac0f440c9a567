/** Tables of host results under construction. */
import type { HostResult } from "./host-result.ts";
import type { HostTable, IdColumn, NumberColumn, TextColumn } from "./host-table.ts";
import type { Int64 } from "./int64.ts";

type Columns = Omit<HostTable, "length" | "bytes">;

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

/** The table of rows that are objects already. */
export function tableOf(rows: readonly HostResult[]): HostTable {
  const columns = createColumns(rows.length);
  const chunks: Buffer[] = [];
  let size = 0;

  const setNumber = (column: NumberColumn, row: number, value: number | null) => {
    if (value !== null) column[row] = value;
  };
  const setId = ({ values, large }: IdColumn, row: number, value: Int64 | null) => {
    if (value !== null) values[row] = Number(value);
    // Columns are readable only outside of builders.
    if (typeof value === "bigint") (large as Map<number, bigint>).set(row, value);
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
