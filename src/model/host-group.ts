/** Host results grouped the way the BlueKing Job console shows them. */
import { compareText } from "./host-result.ts";
import type { HostResults, Rows } from "./host-results.ts";
import { type HostTable, numberAt, textAt } from "./host-table.ts";
import type { HostGroupKey } from "./sdl.generated.ts";

/** Results alike in every property grouped by. Properties not grouped by are null. */
export interface HostGroup {
  readonly statusCode: number | null;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly rows: Rows;
}

/** Absent values first: the console shows results without a tag before those with one. */
function absentFirst<T>(a: T | null, b: T | null, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compare(a, b);
}

type Key = Omit<HostGroup, "rows">;

const compareGroups = (a: Key, b: Key): number =>
  absentFirst(a.statusCode, b.statusCode, (x, y) => x - y) ||
  absentFirst(a.tag, b.tag, compareText) ||
  absentFirst(a.exitCode, b.exitCode, (x, y) => x - y);

/** Groups of `rows`, or of all when null, by status code, then tag, then exit code; without keys one group. */
export function groupHostResults(
  results: HostResults,
  rows: Rows | null,
  by: readonly HostGroupKey[],
): readonly HostGroup[] {
  if (rows !== null) return groups(results.table, rows, by);
  const all = () =>
    groups(
      results.table,
      Uint32Array.from({ length: results.table.length }, (_, row) => row),
      by,
    );
  return results.remember(`groups ${[...new Set(by)].sort()}`, all);
}

function groups(table: HostTable, rows: Rows, by: readonly HostGroupKey[]): HostGroup[] {
  const byStatus = by.includes("STATUS");
  const byTag = by.includes("TAG");
  const byExitCode = by.includes("EXIT_CODE");
  // Nested by status and exit code, as numbers are cheap keys, and texts are not: most rows have no tag.
  const found = new Map<number | null, Map<number | null, Map<string | null, number[]>>>();
  const add = (row: number) => {
    const statusCode = byStatus ? (table.statusCode[row] ?? 0) : null;
    const exitCode = byExitCode ? numberAt(table.exitCode, row) : null;
    const tag = byTag ? textAt(table, table.tag, row) : null;
    const byExit = getOrAdd(found, statusCode, () => new Map<number | null, Map<string | null, number[]>>());
    getOrAdd(
      getOrAdd(byExit, exitCode, () => new Map<string | null, number[]>()),
      tag,
      () => [],
    ).push(row);
  };
  rows.forEach(add);

  const flat: HostGroup[] = [];
  for (const [statusCode, byExit] of found) {
    for (const [exitCode, byTagText] of byExit) {
      for (const [tag, members] of byTagText) {
        flat.push({ statusCode, tag, exitCode, rows: Uint32Array.from(members) });
      }
    }
  }
  return flat.sort(compareGroups);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const added = create();
  map.set(key, added);
  return added;
}
