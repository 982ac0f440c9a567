/** Groups host results like the BlueKing Job console. */
import type { HostResults } from "./host-results.ts";
import { ABSENT, numberWords, sortRows, type Word } from "./host-sort.ts";
import { joinedWords } from "./host-string-words.ts";
import { internStrings } from "./host-strings.ts";
import { allRows, type HostTable, numberAt, type Rows, stringAt } from "./host-table.ts";
import type { HostGroupKey } from "./sdl.generated.ts";

/** Results that share the values of all grouping keys. Values of other keys are null. */
export interface HostGroup {
  readonly statusCode: number | null;
  readonly tag: string | null;
  readonly exitCode: number | null;
  readonly rows: Rows;
}

/**
 * Groups `rows`, or all rows if null, by status code, then tag, then exit code. Without keys, all rows are one group.
 */
export function groupHostResults(
  results: HostResults,
  rows: Rows | null,
  by: readonly HostGroupKey[],
): readonly HostGroup[] {
  if (rows !== null) return groupRows(results.table, rows, by);
  const all = () => groupRows(results.table, allRows(results.table), by);
  return results.memoize(`groups ${[...new Set(by)].sort()}`, all, groupBytes);
}

/** Approximate memory of a group without its rows. */
const GROUP_BYTES = 400;

const groupBytes = (all: readonly HostGroup[]): number =>
  all.reduce((sum, { rows }) => sum + GROUP_BYTES + rows.byteLength, 0);

/**
 * Splits the groups once per key, so that each row ends with the number of its group. Three rows with the statuses 9,
 * 9, 11 and the tags -, a, a:
 *
 *   one group  0 0 0  →  split by status  0 0 1  →  split by tag  0 1 2
 */
function groupRows(table: HostTable, rows: Rows, by: readonly HostGroupKey[]): HostGroup[] {
  const { statusCode, exitCode, tag } = table;
  const [byStatus, byTag, byExitCode] = [by.includes("STATUS"), by.includes("TAG"), by.includes("EXIT_CODE")];
  const tags = byTag ? internStrings(table, tag, rows) : null;
  let numbers = new Uint32Array(rows.length);
  let count = Math.min(rows.length, 1);
  const split = (keyOf: (index: number) => number): void => {
    [numbers, count] = splitGroups(numbers, keyOf);
  };
  if (byStatus) split((index) => statusCode[rows[index] ?? 0] ?? 0);
  if (byExitCode) split((index) => exitCode[rows[index] ?? 0] ?? Number.NaN);
  if (tags) split((index) => tags.ids[index] ?? 0);

  const members = rowsByGroup(rows, numbers, count);
  // All rows of a group share the values of the keys, so its first row represents it.
  const firstRows = Uint32Array.from(members, ([row = 0]) => row);
  const order = firstRows.map((_, group) => group);
  const words = [
    ...(byStatus ? numberWords(statusCode) : []),
    ...(tags ? joinedWords(table, [tag], firstRows) : []),
    ...(byExitCode ? absentFirst(numberWords(exitCode)) : []),
  ];
  sortRows(
    order,
    words.map((word) => (group) => word(firstRows[group] ?? 0)),
  );
  return Array.from(order, (group) => {
    const row = firstRows[group] ?? 0;
    return {
      statusCode: byStatus ? (statusCode[row] ?? 0) : null,
      tag: byTag ? stringAt(table, tag, row) : null,
      exitCode: byExitCode ? numberAt(exitCode, row) : null,
      rows: members[group] ?? rows.subarray(0, 0),
    };
  });
}

/**
 * The console shows results without a tag or exit code first. The words of an absent tag are 0 anyway, because tags are
 * never empty.
 */
const absentFirst = ([first, ...others]: readonly Word[]): readonly Word[] => [
  (row) => {
    const value = first?.(row) ?? 0;
    return value === ABSENT ? 0 : value;
  },
  ...others,
];

/**
 * Splits each group by a key. Returns the new group number of each row, and the number of groups. NaN is a valid key.
 */
function splitGroups(
  numbers: Uint32Array,
  keyOf: (index: number) => number,
): [numbers: Uint32Array<ArrayBuffer>, count: number] {
  const byGroup: Map<number, number>[] = [];
  const split = new Uint32Array(numbers.length);
  let count = 0;
  let [lastGroup, lastKey, last] = [-1, 0, 0];
  for (let index = 0; index < split.length; index++) {
    const group = numbers[index] ?? 0;
    const key = keyOf(index);
    // Most rows have the values of the row before them.
    if (group !== lastGroup || !Object.is(key, lastKey)) {
      byGroup[group] ??= new Map();
      const known = byGroup[group].get(key);
      [lastGroup, lastKey, last] = [group, key, known ?? count];
      if (known === undefined) byGroup[group].set(key, count++);
    }
    split[index] = last;
  }
  return [split, count];
}

/**
 * The rows of each group, in their original order. A counting sort into one array, of which each group is a section.
 */
function rowsByGroup(rows: Rows, numbers: Uint32Array, count: number): Rows[] {
  const ends = new Uint32Array(count);
  for (const number of numbers) ends[number] = (ends[number] ?? 0) + 1;
  for (let number = 1; number < count; number++) ends[number] = (ends[number] ?? 0) + (ends[number - 1] ?? 0);
  const gathered = new Uint32Array(rows.length);
  const next = ends.slice();
  for (let index = rows.length - 1; index >= 0; index--) {
    const number = numbers[index] ?? 0;
    const place = (next[number] ?? 0) - 1;
    next[number] = place;
    gathered[place] = rows[index] ?? 0;
  }
  return Array.from(ends, (end, number) => gathered.subarray(next[number], end));
}
