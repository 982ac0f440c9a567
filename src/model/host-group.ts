/** Host results grouped the way the BlueKing Job console shows them. */
import { compareText, type HostResult } from "./host-result.ts";
import type { HostGroupKey } from "./sdl.generated.ts";

/** Results alike in every property grouped by. Properties not grouped by are null. */
export interface HostGroup {
  readonly statusCode: number | null;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly rows: readonly HostResult[];
}

/** Absent values first: the console shows results without a tag before those with one. */
function absentFirst<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compare(a, b);
}

const compareGroups = (a: HostGroup, b: HostGroup): number =>
  absentFirst(a.statusCode, b.statusCode, (x, y) => x - y) ||
  absentFirst(a.tag, b.tag, compareText) ||
  absentFirst(a.exitCode, b.exitCode, (x, y) => x - y);

/** Groups by status code, then tag, then exit code; without keys all rows are one group. */
export function groupHostResults(rows: readonly HostResult[], by: readonly HostGroupKey[]): HostGroup[] {
  const byStatus = by.includes("STATUS");
  const byTag = by.includes("TAG");
  const byExitCode = by.includes("EXIT_CODE");
  const groups = new Map<string, HostGroup & { rows: HostResult[] }>();
  for (const row of rows) {
    const statusCode = byStatus ? row.statusCode : null;
    const tag = byTag ? row.tag : null;
    const exitCode = byExitCode ? row.exitCode : null;
    // The tag, the one free text, comes last, so that no tag can imitate another group's key.
    const key = `${statusCode},${exitCode},${tag === null ? "" : `=${tag}`}`;
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { statusCode, tag, exitCode, rows: [row] });
  }
  return [...groups.values()].sort(compareGroups);
}
