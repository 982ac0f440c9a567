/** The stable order of host results: the same on every read, in whatever order the upstream lists them. */
import { hashRows } from "./host-fingerprint.ts";
import { compareWords, highWord, numberWords, sortRows, type Word } from "./host-sort.ts";
import { joinedString, joinedWords } from "./host-string-words.ts";
import { allRows, type HostTable, type IdColumn, type Rows } from "./host-table.ts";
import { once } from "./once.ts";

export interface StableOrder {
  /** All rows by target; several results on one target by ordinal. */
  readonly rows: () => Rows;
  /** Sorts some rows, which must be in the order of the table. */
  readonly sort: (rows: Rows) => Rows;
  /** The number of a row among the results on its target, from 0. */
  readonly ordinalOf: (row: number) => number;
}

/**
 * Up to this share of the rows is sorted separately. More rows are sorted by their positions in the order of all rows.
 */
const MAX_SORTED_SHARE = 1 / 4;

/**
 * Targets are in the order of `compareKeys`. Several results on one target are ordered by start and end time,
 * unfinished ones last, so that a result keeps its ordinal while later batches run. Results with equal times are
 * ordered by status, exit code and hash: an arbitrary order, but one that depends only on the results themselves.
 *
 * The first page of the failed results of a large step needs few rows in order, so all rows are sorted only if they are
 * needed, or if a target may have several results.
 */
export function createStableOrder(table: HostTable): StableOrder {
  const all = once(() => sortAll(table));
  const ranks = once(() => {
    const result = new Uint32Array(table.length);
    all().rows.forEach((row, rank) => {
      result[row] = rank;
    });
    return result;
  });
  const isRepeated = once(() => mayRepeatTarget(table));
  const rows = () => all().rows;
  return {
    rows,
    sort: (part) => {
      if (part.length <= table.length * MAX_SORTED_SHARE) return sortPart(table, part);
      const rankOf = ranks();
      return part
        .map((row) => rankOf[row] ?? 0)
        .sort()
        .map((rank) => rows()[rank] ?? 0);
    },
    ordinalOf: (row) => (isRepeated() ? (all().ordinals?.[row] ?? 0) : 0),
  };
}

function sortPart(table: HostTable, part: Rows): Rows {
  const rows = part.slice();
  sortRows(rows, [...targetWords(table, rows), ...resultWords(table)]);
  return rows;
}

/** All rows in order, and the ordinal of each row; null if no target has several results. */
function sortAll(table: HostTable): { readonly rows: Rows; readonly ordinals: Uint32Array | null } {
  const rows = allRows(table);
  const target = targetWords(table, rows);
  sortRows(rows, [...target, ...resultWords(table)]);
  let ordinals: Uint32Array | null = null;
  for (let rank = 1; rank < rows.length; rank++) {
    const [before, row] = [rows[rank - 1] ?? 0, rows[rank] ?? 0];
    if (compareWords(before, row, target) !== 0) continue;
    ordinals ??= new Uint32Array(table.length);
    ordinals[row] = (ordinals[before] ?? 0) + 1;
  }
  return { rows, ordinals };
}

/** Maximum number of probes per row in the search for repeated ids, in case a server sends ids with equal hashes. */
const MAX_PROBES_PER_ROW = 8;

/**
 * Returns false only if each target has an id that no other target has. The rows are put in a hash table by id, with
 * open addressing; at least half of the slots are empty. Targets that the hash table cannot distinguish count as
 * repeated, such as a host and a container with the same id. All rows are then sorted to find out.
 */
function mayRepeatTarget({ length, hostId, containerId }: HostTable): boolean {
  const bits = Math.ceil(Math.log2(2 * length + 2));
  /** Row numbers plus one; 0 is an empty slot. */
  const slots = new Uint32Array(2 ** bits);
  const idOf = (row: number): number =>
    (hasValue(containerId, row) ? containerId : hostId).values[row] ?? Number.NaN;
  let probes = length * MAX_PROBES_PER_ROW;
  for (let row = 0; row < length; row++) {
    const id = idOf(row);
    if (Number.isNaN(id)) return true;
    // Multiplication by 2^32 / φ spreads consecutive ids over the high bits.
    let slot = Math.imul(id, 0x9e3779b1) >>> (32 - bits);
    for (; slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      if (idOf((slots[slot] ?? 0) - 1) === id || --probes < 0) return true;
    }
    slots[slot] = row + 1;
  }
  return false;
}

/** Kinds of targets in their sort order: hosts, addresses with and without a cloud area, containers. */
const [HOST, ADDRESS, BARE_ADDRESS, CONTAINER] = [0, 1, 2, 3];

/**
 * The words that order `rows` by target, and that are equal only for the same target: kind, id in two words, and the
 * address of targets without an id. Host 101 has the words 0, 0x80000000, 101; `10.0.0.1` in cloud area 0 has 1,
 * 0x80000000, 0 and the words of `10.0.0.1,`. Words that are the same for all rows are left out.
 */
function targetWords(table: HostTable, rows: Rows): readonly Word[] {
  const { length, hostId, cloudId, containerId } = table;
  const kinds = new Uint8Array(length);
  const high = new Uint32Array(length);
  const low = new Uint32Array(length);
  const addresses: number[] = [];
  const put = (row: number, kind: number, { values, large }: IdColumn): void => {
    const value = values[row] ?? 0;
    const id = large.size > 0 ? large.get(row) : undefined;
    kinds[row] = kind;
    // As in `highWord`, 2^31 is added so that negative ids sort first.
    high[row] = id === undefined ? highWord(value) : Number(id >> 32n) + 2 ** 31;
    low[row] = id === undefined ? value >>> 0 : Number(BigInt.asUintN(32, id));
  };
  for (const row of rows) {
    if (hasValue(containerId, row)) put(row, CONTAINER, containerId);
    else if (hasValue(hostId, row)) put(row, HOST, hostId);
    else {
      addresses.push(row);
      if (hasValue(cloudId, row)) put(row, ADDRESS, cloudId);
      else kinds[row] = BARE_ADDRESS;
    }
  }
  return [
    // Usually, all targets are hosts with ids below 2^32, which the low words alone order.
    ...[kinds, high, low]
      .filter((words) => varies(words, rows))
      .map(
        (words): Word =>
          (row) =>
            words[row] ?? 0,
      ),
    ...(addresses.length > 0 ? joinedWords(table, [table.ip, table.ipv6], addresses) : []),
  ];
}

/** Whether not all rows have the same word. */
function varies(words: ArrayLike<number>, rows: Rows): boolean {
  const first = words[rows[0] ?? 0];
  for (let index = 1; index < rows.length; index++) if (words[rows[index] ?? 0] !== first) return true;
  return false;
}

const hasValue = ({ values }: IdColumn, row: number): boolean => !Number.isNaN(values[row] ?? Number.NaN);

/** `ip,ipv6` of a row: the address that identifies a target without an id. */
export const addressOf = (table: HostTable, row: number): string =>
  joinedString(table, [table.ip, table.ipv6], row);

/** The words that order several results on one target. */
function resultWords(table: HostTable): readonly Word[] {
  const hashes = once(() => hashRows(table));
  return [
    ...numberWords(table.startedAt),
    ...numberWords(table.finishedAt),
    ...numberWords(table.statusCode),
    ...numberWords(table.exitCode),
    (row) => (hashes().first[row] ?? 0) >>> 0,
    (row) => (hashes().second[row] ?? 0) >>> 0,
  ];
}
