/** Creates a host table from rows that are objects. */
import type { HostResult } from "../../../src/model/host-result.ts";
import type { HostTable } from "../../../src/model/host-table.ts";
import {
  createHostTableBuilder,
  finishTable,
  growTable,
  type NumberDraft,
  type StringDraft,
  setLarge,
  setNumber,
  setString,
} from "../../../src/model/host-table-builder.ts";
import type { Int64 } from "../../../src/model/int64.ts";

export function tableOf(rows: readonly HostResult[]): HostTable {
  const builder = createHostTableBuilder();
  const { numbers, strings: texts } = builder;
  growTable(builder, rows.length + 1);
  const chunks: Buffer[] = [];
  let size = 0;

  const putNumber = (draft: NumberDraft, row: number, value: Int64 | boolean | null) => {
    if (typeof value === "bigint") setLarge(builder, draft, row, value);
    else if (value !== null) setNumber(builder, draft, row, Number(value));
  };
  const putText = (draft: StringDraft, row: number, value: string | null) => {
    if (value === null) return;
    const chunk = Buffer.from(JSON.stringify(value).slice(1, -1));
    chunks.push(chunk);
    setString(builder, draft, row, size, size + chunk.byteLength, chunk.includes("\\"));
    size += chunk.byteLength;
  };

  for (const [row, result] of rows.entries()) {
    putNumber(numbers.statusCode, row, result.statusCode);
    putNumber(numbers.hostId, row, result.hostId);
    putNumber(numbers.cloudId, row, result.cloudId);
    putNumber(numbers.containerId, row, result.container?.id ?? null);
    putNumber(numbers.nodeHostId, row, result.container?.nodeHostId ?? null);
    putNumber(numbers.alive, row, result.isAgentAlive);
    putNumber(numbers.exitCode, row, result.exitCode);
    putNumber(numbers.errorCode, row, result.errorCode);
    putNumber(numbers.startedAt, row, result.startedAt);
    putNumber(numbers.finishedAt, row, result.finishedAt);
    putNumber(numbers.durationMs, row, result.durationMs);
    putText(texts.ip, row, result.ip);
    putText(texts.ipv6, row, result.ipv6);
    putText(texts.cloudName, row, result.cloudName);
    putText(texts.agentId, row, result.agentId);
    putText(texts.tag, row, result.tag);
    putText(texts.containerRuntimeId, row, result.container?.containerId ?? null);
    putText(texts.containerName, row, result.container?.name ?? null);
  }
  return finishTable(builder, rows.length, Buffer.concat(chunks, size));
}
