/**
 * Builds tables of host results row by row. A column takes no memory until it gets its first value: most servers send
 * no IPv6 addresses or containers, for example.
 *
 * Row 0 with `"ip":"10.0.0.1"`, whose string is at bytes 30 to 38 of the body, becomes `ip.start[0] = 30` and
 * `ip.end[0] = 38`; its `"status":9` becomes `statusCode.values[0] = 9`.
 */
import {
  type HostTable,
  ID_COLUMNS,
  type IdColumn,
  NUMBER_COLUMNS,
  type NumberColumn,
  STRING_COLUMNS,
  type StringColumn,
} from "./host-table.ts";

type NumberName = (typeof NUMBER_COLUMNS)[number] | (typeof ID_COLUMNS)[number] | "statusCode";
type StringName = (typeof STRING_COLUMNS)[number];

/** A number or id column; empty while no row has a value. */
export interface NumberDraft {
  values: Float64Array;
  large: Map<number, bigint> | null;
}

/** A string column; empty while no row has a value. */
export interface StringDraft {
  start: Int32Array;
  end: Int32Array;
  escaped: Uint8Array | null;
}

export interface HostTableBuilder {
  /** Rows for which memory is allocated. */
  capacity: number;
  readonly numbers: Readonly<Record<NumberName, NumberDraft>>;
  readonly strings: Readonly<Record<StringName, StringDraft>>;
  /** Columns without values, at least `length` long. */
  readonly absent: (length: number) => AbsentColumns;
}

/** V8 stores typed arrays of up to 64 bytes on its heap, which is cheaper than memory outside of it. */
const INITIAL_CAPACITY = 8;
/** A finished table is reallocated if its columns are longer than its rows by more than this factor. */
const MAX_SLACK = 1.25;

const NO_NUMBERS = new Float64Array(0);
const NO_OFFSETS = new Int32Array(0);
const NO_LARGE: ReadonlyMap<number, bigint> = new Map();

export function createHostTableBuilder(): HostTableBuilder {
  const recordOf = <Name extends string, Draft>(names: readonly Name[], create: () => Draft) =>
    // `fromEntries` loses the types of the names.
    Object.fromEntries(names.map((name) => [name, create()])) as Record<Name, Draft>;
  const numberNames = ["statusCode", ...NUMBER_COLUMNS, ...ID_COLUMNS] as const;
  return {
    capacity: INITIAL_CAPACITY,
    numbers: recordOf(numberNames, (): NumberDraft => ({ values: NO_NUMBERS, large: null })),
    strings: recordOf(
      STRING_COLUMNS,
      (): StringDraft => ({ start: NO_OFFSETS, end: NO_OFFSETS, escaped: null }),
    ),
    absent: createAbsentColumns(),
  };
}

/** Starts a new table. The columns of the previous one now belong to that table, so they are not reused. */
export function resetBuilder(builder: HostTableBuilder): void {
  builder.capacity = INITIAL_CAPACITY;
  for (const draft of Object.values(builder.numbers)) {
    draft.values = NO_NUMBERS;
    draft.large = null;
  }
  for (const draft of Object.values(builder.strings)) {
    draft.start = NO_OFFSETS;
    draft.end = NO_OFFSETS;
    draft.escaped = null;
  }
}

/** @param value NaN means absent. */
export function setNumber(builder: HostTableBuilder, draft: NumberDraft, row: number, value: number): void {
  if (draft.values.length === 0) {
    if (Number.isNaN(value)) return;
    draft.values = absentNumbers(builder.capacity);
  }
  draft.values[row] = value;
  draft.large?.delete(row);
}

/** Sets an id that is not exact as a number: beyond ±(2^53-1). */
export function setLarge(builder: HostTableBuilder, draft: NumberDraft, row: number, id: bigint): void {
  if (draft.values.length === 0) draft.values = absentNumbers(builder.capacity);
  draft.values[row] = Number(id);
  draft.large ??= new Map();
  draft.large.set(row, id);
}

/** @param start -1 means absent. */
export function setString(
  builder: HostTableBuilder,
  draft: StringDraft,
  row: number,
  start: number,
  end: number,
  isEscaped: boolean,
): void {
  if (draft.start.length === 0) {
    if (start < 0) return;
    draft.start = new Int32Array(builder.capacity).fill(-1);
    draft.end = new Int32Array(builder.capacity);
  }
  draft.start[row] = start;
  draft.end[row] = end;
  if (isEscaped) draft.escaped ??= new Uint8Array(builder.capacity);
  if (draft.escaped !== null) draft.escaped[row] = isEscaped ? 1 : 0;
}

/** Removes all values of a row. */
export function clearRow(builder: HostTableBuilder, row: number): void {
  for (const draft of Object.values(builder.numbers)) setNumber(builder, draft, row, Number.NaN);
  for (const draft of Object.values(builder.strings)) setString(builder, draft, row, -1, -1, false);
}

/** Reallocates the columns that have values. */
export function growTable(builder: HostTableBuilder, capacity: number): void {
  const length = Math.min(builder.capacity, capacity);
  const copy = <Column extends Float64Array | Int32Array | Uint8Array>(target: Column, source: Column) => {
    target.set(source.subarray(0, length));
    return target;
  };
  for (const draft of Object.values(builder.numbers)) {
    if (draft.values.length > 0) draft.values = copy(absentNumbers(capacity), draft.values);
  }
  for (const draft of Object.values(builder.strings)) {
    if (draft.start.length === 0) continue;
    draft.start = copy(new Int32Array(capacity).fill(-1), draft.start);
    draft.end = copy(new Int32Array(capacity), draft.end);
    if (draft.escaped !== null) draft.escaped = copy(new Uint8Array(capacity), draft.escaped);
  }
  builder.capacity = capacity;
}

/**
 * Returns the table and resets the builder.
 * @param length number of rows.
 * @param bytes the body that contains the strings.
 */
export function finishTable(builder: HostTableBuilder, length: number, bytes: Uint8Array): HostTable {
  if (builder.capacity > Math.max(INITIAL_CAPACITY, length * MAX_SLACK)) growTable(builder, length);
  const { numbers, strings, capacity } = builder;
  const absent = builder.absent(capacity);
  const statusCode = new Int32Array(numbers.statusCode.values);
  let ownBytes = statusCode.byteLength;
  const numberColumn = (name: NumberName): NumberColumn => {
    const { values } = numbers[name];
    ownBytes += values.byteLength;
    return values.length > 0 ? values : absent.numbers;
  };
  const idColumn = (name: NumberName): IdColumn => {
    const { large } = numbers[name];
    ownBytes += (large?.size ?? 0) * LARGE_ID_BYTES;
    return { values: numberColumn(name), large: large ?? NO_LARGE };
  };
  const stringColumn = (name: StringName): StringColumn => {
    const { start, end, escaped } = strings[name];
    ownBytes += start.byteLength + end.byteLength + (escaped?.byteLength ?? 0);
    return start.length > 0 ? { start, end, escaped } : absent.strings;
  };
  const columns = {
    statusCode,
    hostId: idColumn("hostId"),
    cloudId: idColumn("cloudId"),
    containerId: idColumn("containerId"),
    nodeHostId: idColumn("nodeHostId"),
    alive: numberColumn("alive"),
    exitCode: numberColumn("exitCode"),
    errorCode: numberColumn("errorCode"),
    startedAt: numberColumn("startedAt"),
    finishedAt: numberColumn("finishedAt"),
    durationMs: numberColumn("durationMs"),
    ip: stringColumn("ip"),
    ipv6: stringColumn("ipv6"),
    cloudName: stringColumn("cloudName"),
    agentId: stringColumn("agentId"),
    tag: stringColumn("tag"),
    containerRuntimeId: stringColumn("containerRuntimeId"),
    containerName: stringColumn("containerName"),
  };
  resetBuilder(builder);
  return { ...columns, length, bytes, ownBytes };
}

const absentNumbers = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);

/** Approximate memory of a bigint and its map entry. */
const LARGE_ID_BYTES = 64;

interface AbsentColumns {
  readonly numbers: NumberColumn;
  readonly strings: StringColumn;
}

/** Tables with up to this many rows share columns without values, which saves 1.2 MB for 100 000 rows. */
const MAX_SHARED_ROWS = 100_000;

function createAbsentColumns(): HostTableBuilder["absent"] {
  const create = (length: number): AbsentColumns => {
    const places = new Int32Array(length).fill(-1);
    return { numbers: absentNumbers(length), strings: { start: places, end: places, escaped: null } };
  };
  let shared = create(INITIAL_CAPACITY);
  return (length) => {
    if (length <= shared.numbers.length) return shared;
    if (length > MAX_SHARED_ROWS) return create(length);
    shared = create(Math.min(2 * length, MAX_SHARED_ROWS));
    return shared;
  };
}
