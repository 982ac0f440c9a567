/** Tables of rows that are objects, with their texts in bytes of their own. */
import type { HostResult } from "../../../src/model/host-result.ts";
import type { HostTable } from "../../../src/model/host-table.ts";
import {
  createHostTableBuilder,
  type NumberDraft,
  type TextDraft,
} from "../../../src/model/host-table-builder.ts";
import type { Int64 } from "../../../src/model/int64.ts";

export function tableOf(rows: readonly HostResult[]): HostTable {
  const builder = createHostTableBuilder();
  const { numbers, texts } = builder;
  builder.grow(rows.length + 1);
  const chunks: Buffer[] = [];
  let size = 0;

  const setNumber = (draft: NumberDraft, row: number, value: Int64 | boolean | null) => {
    if (typeof value === "bigint") builder.setLarge(draft, row, value);
    else if (value !== null) builder.setNumber(draft, row, Number(value));
  };
  const setText = (draft: TextDraft, row: number, value: string | null) => {
    if (value === null) return;
    const chunk = Buffer.from(JSON.stringify(value).slice(1, -1));
    chunks.push(chunk);
    builder.setText(draft, row, size, size + chunk.byteLength, chunk.includes("\\"));
    size += chunk.byteLength;
  };

  for (const [row, result] of rows.entries()) {
    setNumber(numbers.statusCode, row, result.statusCode);
    setNumber(numbers.hostId, row, result.hostId);
    setNumber(numbers.cloudId, row, result.cloudId);
    setNumber(numbers.containerId, row, result.container?.id ?? null);
    setNumber(numbers.nodeHostId, row, result.container?.nodeHostId ?? null);
    setNumber(numbers.alive, row, result.isAgentAlive);
    setNumber(numbers.exitCode, row, result.exitCode);
    setNumber(numbers.errorCode, row, result.errorCode);
    setNumber(numbers.startedAt, row, result.startedAt);
    setNumber(numbers.finishedAt, row, result.finishedAt);
    setNumber(numbers.durationMs, row, result.durationMs);
    setText(texts.ip, row, result.ip);
    setText(texts.ipv6, row, result.ipv6);
    setText(texts.cloudName, row, result.cloudName);
    setText(texts.agentId, row, result.agentId);
    setText(texts.tag, row, result.tag);
    setText(texts.containerRuntimeId, row, result.container?.containerId ?? null);
    setText(texts.containerName, row, result.container?.name ?? null);
  }
  return builder.finish(rows.length, Buffer.concat(chunks, size));
}
