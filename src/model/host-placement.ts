/** The stable order of host results: the same at every read, in whatever order the upstream lists them. */
import { hashRows } from "./host-fingerprint.ts";
import type { Rows } from "./host-results.ts";
import { numberWords, sortRows, textWord, type Word } from "./host-sort.ts";
import { type HostTable, type IdColumn, type TextColumn, textAt } from "./host-table.ts";
import { once } from "./once.ts";

export interface Placement {
  /** All rows: by target, and those on one target in the order of their repeats. */
  readonly order: Rows;
  /** By row: which of the results on its target it is, from 0. Null when no target has several. */
  readonly ordinals: Uint32Array | null;
}

/**
 * Targets are in the order of `compareTargets`. Several results on one target are in the order in which they began and
 * ended, unfinished ones last, so that a result keeps its ordinal while later batches run. Where they began and ended
 * together it is some order that depends on nothing but what they are.
 */
export function placeRows(table: HostTable): Placement {
  const order = new Uint32Array(table.length).map((_, row) => row);
  const repeats = repeatWords(table);
  let ordinals: Uint32Array | null = null;
  sortRows(order, targetWords(table), (from, to) => {
    const sameTarget = order.subarray(from, to);
    sortRows(sameTarget, repeats);
    ordinals ??= new Uint32Array(table.length);
    for (const [ordinal, row] of sameTarget.entries()) ordinals[row] = ordinal;
  });
  return { order, ordinals };
}

const hasValue = ({ values }: IdColumn, row: number): boolean => !Number.isNaN(values[row] ?? Number.NaN);

/** Kinds of targets in their order: hosts, addresses with and without a cloud area, containers. */
const [HOST, ADDRESS, BARE_ADDRESS, CONTAINER] = [0, 1, 2, 3];

function targetWords(table: HostTable): readonly Word[] {
  const { length, hostId, cloudId, containerId } = table;
  const kindOf = (row: number): number => {
    if (hasValue(containerId, row)) return CONTAINER;
    if (hasValue(hostId, row)) return HOST;
    return hasValue(cloudId, row) ? ADDRESS : BARE_ADDRESS;
  };
  const columns = [hostId, cloudId, cloudId, containerId];
  const words = columns.map(idWords);
  const idWord =
    (index: number): Word =>
    (row) =>
      words[kindOf(row)]?.[index]?.(row) ?? 0;
  const addresses: number[] = [];
  for (let row = 0; row < length; row++) {
    const kind = kindOf(row);
    if (kind === ADDRESS || kind === BARE_ADDRESS) addresses.push(row);
  }
  return [kindOf, idWord(0), idWord(1), ...addressWords(table, addresses)];
}

/** The words of 64-bit integers; of absent ones no matter what. */
function idWords({ values, large }: IdColumn): readonly [high: Word, low: Word] {
  const [highOf = () => 0, lowOf = () => 0] = numberWords(values);
  if (large.size === 0) return [highOf, lowOf];
  return [
    (row) => {
      const id = large.get(row);
      return id === undefined ? highOf(row) : Number(id >> 32n) + 2 ** 31;
    },
    (row) => {
      const id = large.get(row);
      return id === undefined ? lowOf(row) : Number(BigInt.asUintN(32, id));
    },
  ];
}

/** `ip,ipv6` of a row: what a target is known by that has no id. */
export const addressOf = (table: HostTable, row: number): string =>
  `${textAt(table, table.ip, row) ?? ""},${textAt(table, table.ipv6, row) ?? ""}`;

/** The words of the addresses of some rows; 0 for all others. */
function addressWords(table: HostTable, rows: readonly number[]): readonly Word[] {
  if (rows.length === 0) return [];
  if (!rows.every((row) => isPlain(table, table.ip, row) && isPlain(table, table.ipv6, row))) {
    return [textWord(rows, table.length, (row) => addressOf(table, row))];
  }
  const { ip, ipv6 } = table;
  const isAddress = new Uint8Array(table.length);
  let longest = 0;
  for (const row of rows) {
    isAddress[row] = 1;
    longest = Math.max(longest, lengthAt(ip, row) + lengthAt(ipv6, row) + 1);
  }
  return Array.from({ length: Math.ceil(longest / 4) }, (_, index) => (row) => {
    if (isAddress[row] === 0) return 0;
    let word = 0;
    for (let at = 4 * index; at < 4 * index + 4; at++) word = word * 256 + addressByte(table, row, at);
    return word;
  });
}

const lengthAt = ({ start, end }: TextColumn, row: number): number =>
  (start[row] ?? -1) < 0 ? 0 : (end[row] ?? 0) - (start[row] ?? 0);

/** True for texts whose order is that of their bytes: in ASCII, and without escapes. */
function isPlain({ bytes }: HostTable, column: TextColumn, row: number): boolean {
  const from = column.start[row] ?? -1;
  for (let at = from; at < from + lengthAt(column, row); at++) if ((bytes[at] ?? 0) >= 0x80) return false;
  return column.escaped?.[row] !== 1;
}

/** A byte of the address of a row; 0 behind its end. */
function addressByte({ bytes, ip, ipv6 }: HostTable, row: number, at: number): number {
  const comma = lengthAt(ip, row);
  if (at < comma) return bytes[(ip.start[row] ?? 0) + at] ?? 0;
  if (at === comma) return COMMA;
  const rest = at - comma - 1;
  return rest < lengthAt(ipv6, row) ? (bytes[(ipv6.start[row] ?? 0) + rest] ?? 0) : 0;
}

const COMMA = 0x2c;

/** The words of what tells several results on one target apart. */
function repeatWords(table: HostTable): readonly Word[] {
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
