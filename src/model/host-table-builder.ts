/** Tables of host results under construction. Columns take memory from the first value on that is put into them. */
import {
  type HostTable,
  ID_COLUMNS,
  type IdColumn,
  NUMBER_COLUMNS,
  type NumberColumn,
  TEXT_COLUMNS,
  type TextColumn,
} from "./host-table.ts";

type NumberName = (typeof NUMBER_COLUMNS)[number] | (typeof ID_COLUMNS)[number] | "statusCode";
type TextName = (typeof TEXT_COLUMNS)[number];

/** A number or id column; without memory while no row has a value. */
export interface NumberDraft {
  values: Float64Array;
  large: Map<number, bigint> | null;
}

/** A text column; without memory while no row has a value. */
export interface TextDraft {
  start: Int32Array;
  end: Int32Array;
  escaped: Uint8Array | null;
}

export interface HostTableBuilder {
  /** Rows that there is room for. */
  readonly capacity: () => number;
  readonly grow: (capacity: number) => void;
  readonly numbers: Readonly<Record<NumberName, NumberDraft>>;
  readonly texts: Readonly<Record<TextName, TextDraft>>;
  /** NaN makes the value absent. */
  readonly setNumber: (draft: NumberDraft, row: number, value: number) => void;
  /** An id beyond ±(2^53-1). */
  readonly setLarge: (draft: NumberDraft, row: number, id: bigint) => void;
  /** A negative `start` makes the value absent. */
  readonly setText: (draft: TextDraft, row: number, start: number, end: number, isEscaped: boolean) => void;
  /** Makes every value of `row` absent. */
  readonly clearRow: (row: number) => void;
  /** Leaves what there is, and begins with a table without rows. */
  readonly begin: () => void;
  /** The table of the first `length` rows. */
  readonly finish: (length: number, bytes: Uint8Array) => HostTable;
}

/** Up to here typed arrays of 8 bytes an item are part of the heap, which is cheaper than memory of their own. */
const FIRST_CAPACITY = 8;
/** Columns that are longer by more than this have a part cut off when they are done. */
const MAX_SLACK = 1.25;

const NO_NUMBERS = new Float64Array(0);
const NO_PLACES = new Int32Array(0);
const NO_LARGE: ReadonlyMap<number, bigint> = new Map();

export function createHostTableBuilder(): HostTableBuilder {
  const recordOf = <Name extends string, Draft>(names: readonly Name[], create: () => Draft) =>
    // `fromEntries` forgets which names there are.
    Object.fromEntries(names.map((name) => [name, create()])) as Record<Name, Draft>;
  const numbers = recordOf<NumberName, NumberDraft>(["statusCode", ...NUMBER_COLUMNS, ...ID_COLUMNS], () => ({
    values: NO_NUMBERS,
    large: null,
  }));
  const texts = recordOf<TextName, TextDraft>(TEXT_COLUMNS, () => ({
    start: NO_PLACES,
    end: NO_PLACES,
    escaped: null,
  }));
  const numberDrafts = Object.values(numbers);
  const textDrafts = Object.values(texts);
  const absentColumns = createAbsentColumns();
  let capacity = FIRST_CAPACITY;

  const setNumber: HostTableBuilder["setNumber"] = (draft, row, value) => {
    if (draft.values.length === 0) {
      if (Number.isNaN(value)) return;
      draft.values = absentNumbers(capacity);
    }
    draft.values[row] = value;
    draft.large?.delete(row);
  };

  const setText: HostTableBuilder["setText"] = (draft, row, start, end, isEscaped) => {
    if (draft.start.length === 0) {
      if (start < 0) return;
      draft.start = new Int32Array(capacity).fill(-1);
      draft.end = new Int32Array(capacity);
    }
    draft.start[row] = start;
    draft.end[row] = end;
    if (isEscaped) draft.escaped ??= new Uint8Array(capacity);
    if (draft.escaped !== null) draft.escaped[row] = isEscaped ? 1 : 0;
  };

  const resize = (from: number, to: number): void => {
    const length = Math.min(from, to);
    const copy = <Column extends Float64Array | Int32Array | Uint8Array>(target: Column, source: Column) => {
      target.set(source.subarray(0, length));
      return target;
    };
    for (const draft of numberDrafts) {
      if (draft.values.length > 0) draft.values = copy(absentNumbers(to), draft.values);
    }
    for (const draft of textDrafts) {
      if (draft.start.length === 0) continue;
      draft.start = copy(new Int32Array(to).fill(-1), draft.start);
      draft.end = copy(new Int32Array(to), draft.end);
      if (draft.escaped !== null) draft.escaped = copy(new Uint8Array(to), draft.escaped);
    }
    capacity = to;
  };

  const finish: HostTableBuilder["finish"] = (length, bytes) => {
    if (capacity > FIRST_CAPACITY && capacity > length * MAX_SLACK) resize(capacity, length);
    const absent = absentColumns(capacity);
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
    const textColumn = (name: TextName): TextColumn => {
      const { start, end, escaped } = texts[name];
      ownBytes += start.byteLength + end.byteLength + (escaped?.byteLength ?? 0);
      return start.length > 0 ? { start, end, escaped } : absent.texts;
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
      ip: textColumn("ip"),
      ipv6: textColumn("ipv6"),
      cloudName: textColumn("cloudName"),
      agentId: textColumn("agentId"),
      tag: textColumn("tag"),
      containerRuntimeId: textColumn("containerRuntimeId"),
      containerName: textColumn("containerName"),
    };
    const table = { ...columns, length, bytes, ownBytes };
    begin();
    return table;
  };

  const begin = (): void => {
    capacity = FIRST_CAPACITY;
    for (const draft of numberDrafts) Object.assign(draft, { values: NO_NUMBERS, large: null });
    for (const draft of textDrafts) Object.assign(draft, { start: NO_PLACES, end: NO_PLACES, escaped: null });
  };

  return {
    capacity: () => capacity,
    grow: (larger) => resize(capacity, larger),
    numbers,
    texts,
    setNumber,
    setLarge: (draft, row, id) => {
      setNumber(draft, row, Number(id));
      draft.large ??= new Map();
      draft.large.set(row, id);
    },
    setText,
    clearRow: (row) => {
      for (const draft of numberDrafts) setNumber(draft, row, Number.NaN);
      for (const draft of textDrafts) setText(draft, row, -1, -1, false);
    },
    begin,
    finish,
  };
}

const absentNumbers = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);

/** A bigint and its place in a map, about. */
const LARGE_ID_BYTES = 64;

/** Tables of no more rows share the columns in which none has a value: of a job with 100 000 rows 1.2 MB. */
const MAX_SHARED_ROWS = 100_000;

function createAbsentColumns() {
  const create = (length: number): { numbers: NumberColumn; texts: TextColumn } => {
    const places = new Int32Array(length).fill(-1);
    return { numbers: absentNumbers(length), texts: { start: places, end: places, escaped: null } };
  };
  let shared = create(FIRST_CAPACITY);
  return (length: number) => {
    if (length <= shared.numbers.length) return shared;
    if (length > MAX_SHARED_ROWS) return create(length);
    shared = create(Math.min(2 * length, MAX_SHARED_ROWS));
    return shared;
  };
}
