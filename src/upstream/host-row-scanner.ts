/**
 * Reads host rows straight from the bytes of a body into columns, without making a JavaScript value of each:
 * `JSON.parse` spends most of a large request on objects that are never returned.
 *
 * It knows the rows that servers write: compact JSON, plain texts, integers that a number holds. Whatever else
 * comes (white space, escapes, containers, nested extra fields, ids beyond 2^53, a breach of the contract) makes it
 * give up. The general decoder reads that body instead: it knows everything, and finds the words for errors.
 */
import type { HostTable, NumberColumn, TextColumn } from "../model/host-table.ts";
import { type Columns, clearRow, createColumns, growColumns } from "../model/host-table-builder.ts";
import { createByteReader, GivenUp, giveUp, isNumberStart } from "./byte-reader.ts";
import { FIRST_INSTANT, LAST_INSTANT } from "./reader.ts";
import { createRowLayout, type RowLayout, type Slot } from "./row-layout.ts";

const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

const INT32 = { least: -(2 ** 31), most: 2 ** 31 - 1 };
const ANY = { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER };
const INSTANT = { least: FIRST_INSTANT, most: LAST_INSTANT };
const FLAG = { least: 0, most: 1 };
/** Rows of one list differ in what they leave out: waiting, running, done, without exit code, … */
const MOST_LAYOUTS = 8;

export interface ScannedRows {
  readonly table: HostTable;
  /** The byte after the closing bracket. */
  readonly end: number;
}

/**
 * The rows of the list that begins at `begin`, with its opening bracket; null when this reader gives up.
 * @param bytes a body in valid UTF-8. The table goes on pointing into it.
 */
export function scanHostRows(bytes: Uint8Array, begin: number): ScannedRows | null {
  try {
    return createScanner(bytes, begin).readList();
  } catch (error) {
    if (error instanceof GivenUp) return null;
    throw error;
  }
}

/** A member of an object: its name with quotes and colon, and what reads its value. */
interface Field {
  readonly key: Uint8Array;
  readonly read: () => void;
  /** The field that came after it the last time. Rows are alike, so it will come again. */
  next: Field | undefined;
}

interface Fields {
  readonly all: readonly Field[];
  first: Field | undefined;
}

const fieldsOf = (readers: Readonly<Record<string, () => void>>): Fields => ({
  all: Object.entries(readers).map(([name, read]) => ({
    key: Buffer.from(`"${name}":`),
    read,
    next: undefined,
  })),
  first: undefined,
});

function createScanner(bytes: Uint8Array, begin: number) {
  const reader = createByteReader(bytes, begin);
  let row = 0;
  let capacity = 16;
  let columns: Columns = createColumns(capacity);
  let hasStatus = false;
  let flatTargets = 0;
  let executeObjects = 0;
  /** Values of the row that is being read; null when a layout cannot stand for it. */
  let slots: Slot[] | null = [];
  /** The one that the last row had comes first. */
  let layouts: RowLayout[] = [];

  /** Layouts know no signs: a row with a negative number is for this reader alone. */
  const note = (slot: Slot, isNegative = false): void => {
    if (isNegative) slots = null;
    else slots?.push(slot);
  };

  const skipScalar = (): void => {
    const start = reader.at;
    if (reader.peek() === QUOTE) note({ ...reader.readText(), text: null });
    else if (isNumberStart(reader.peek())) {
      const isNegative = reader.readInteger() < 0;
      note({ start, end: reader.at, number: null }, isNegative);
    } else reader.skipLiteral();
  };

  const number =
    (
      columnOf: (columns: Columns) => NumberColumn | Int32Array,
      { least, most }: typeof ANY,
      isRequired = false,
    ) =>
    () => {
      const column = columnOf(columns);
      if (!isRequired && reader.skipNull()) {
        column[row] = Number.NaN;
        return;
      }
      const start = reader.at;
      const value = reader.readInteger();
      if (value < least || value > most) giveUp();
      column[row] = value;
      note({ start, end: reader.at, number: { column, least, most } }, value < 0);
    };

  const text = (columnOf: (columns: Columns) => TextColumn, isAbsentWhenEmpty: boolean) => () => {
    const column = columnOf(columns);
    if (reader.skipNull()) {
      column.start[row] = -1;
      return;
    }
    const { start, end } = reader.readText();
    column.start[row] = start === end && isAbsentWhenEmpty ? -1 : start;
    column.end[row] = end;
    note({ start, end, text: { column, isAbsentWhenEmpty } });
  };

  const flat = (read: () => void) => () => {
    flatTargets += 1;
    read();
  };
  const readStatus = number(({ statusCode }) => statusCode, INT32, true);
  const hostId = number(({ hostId }) => hostId.values, ANY);
  const cloudId = number(({ cloudId }) => cloudId.values, ANY);
  const ip = text(({ ip }) => ip, true);
  const ipv6 = text(({ ipv6 }) => ipv6, true);

  const hostFields = fieldsOf({
    bk_host_id: hostId,
    ip,
    ipv6,
    bk_cloud_id: cloudId,
    bk_cloud_name: text(({ cloudName }) => cloudName, false),
    bk_agent_id: text(({ agentId }) => agentId, true),
    alive: number(({ alive }) => alive, FLAG),
  });
  const executeObjectFields = fieldsOf({
    type: skipScalar,
    resource_id: skipScalar,
    host: () => {
      if (reader.skipNull()) return;
      executeObjects += 1;
      readObject(hostFields);
    },
    container: () => {
      if (!reader.skipNull()) giveUp();
    },
  });
  const rowFields = fieldsOf({
    execute_object: () => {
      if (reader.skipNull()) return;
      executeObjects += 1;
      readObject(executeObjectFields);
    },
    bk_host_id: flat(hostId),
    ip: flat(ip),
    ipv6: flat(ipv6),
    bk_cloud_id: flat(cloudId),
    status: () => {
      readStatus();
      hasStatus = true;
    },
    tag: text(({ tag }) => tag, true),
    exit_code: number(({ exitCode }) => exitCode, INT32),
    error_code: number(({ errorCode }) => errorCode, INT32),
    start_time: number(({ startedAt }) => startedAt, INSTANT),
    end_time: number(({ finishedAt }) => finishedAt, INSTANT),
    total_time: number(({ durationMs }) => durationMs, ANY),
  });

  function readObject(fields: Fields): void {
    reader.expect(OPEN_BRACE);
    if (reader.peek() === CLOSE_BRACE) {
      reader.at += 1;
      return;
    }
    let previous: Field | undefined;
    for (;;) {
      const expected = previous ? previous.next : fields.first;
      const field =
        expected && reader.follows(expected.key)
          ? expected
          : fields.all.find(({ key }) => reader.follows(key));
      if (field) {
        if (previous) previous.next = field;
        else fields.first = field;
        reader.at += field.key.length;
        field.read();
        previous = field;
      } else {
        skipUnknownMember();
      }
      if (reader.peek() !== COMMA) break;
      reader.at += 1;
    }
    reader.expect(CLOSE_BRACE);
  }

  /** Later versions may send more of a row than is known today. */
  function skipUnknownMember(): void {
    reader.readText();
    reader.expect(COLON);
    skipScalar();
  }

  /** Reads a row member by member, and learns its layout. */
  function readRow(): void {
    const rowBegin = reader.at;
    hasStatus = false;
    flatTargets = 0;
    executeObjects = 0;
    slots = layouts.length < MOST_LAYOUTS ? [] : null;
    readObject(rowFields);
    // One execute object with at most one host, or a flat row: what else there is, the general decoder sorts out.
    if (!hasStatus || executeObjects > 2 || (executeObjects > 0 && flatTargets > 0)) giveUp();
    if (slots) layouts.unshift(createRowLayout(bytes, rowBegin, reader.at, slots));
  }

  /** Reads a row by a layout that is known; false when none is its. */
  function readKnownRow(): boolean {
    for (const [index, layout] of layouts.entries()) {
      const end = layout.read(reader.at, row);
      if (end >= 0) {
        reader.at = end;
        if (index > 0) layouts = [layout, ...layouts.filter((other) => other !== layout)];
        return true;
      }
      clearRow(columns, row);
    }
    return false;
  }

  /** Room for as many rows as the rest of the body holds if they are like those so far. */
  function grow(): void {
    const bytesPerRow = (reader.at - begin) / row;
    capacity = row + 16 + Math.ceil(((bytes.length - reader.at) / bytesPerRow) * 1.05);
    columns = growColumns(columns, capacity);
    // They point to the columns before.
    layouts = [];
  }

  function readList(): ScannedRows {
    reader.expect(OPEN_BRACKET);
    while (reader.peek() !== CLOSE_BRACKET) {
      if (row > 0) reader.expect(COMMA);
      if (row === capacity) grow();
      if (!readKnownRow()) readRow();
      row += 1;
    }
    reader.expect(CLOSE_BRACKET);
    return { table: { ...columns, length: row, bytes }, end: reader.at };
  }

  return { readList };
}
