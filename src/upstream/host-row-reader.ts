/**
 * Reads a list of host rows into a table, without creating a JavaScript value of any of them. A row of 170 bytes
 *
 *   {"bk_host_id":101,"ip":"10.0.0.1","bk_cloud_id":0,"status":9,"tag":"a \"b\"", …}
 *
 * leaves behind the numbers 101, 0 and 9 in three columns, and where the texts `10.0.0.1` and `a \"b\"` begin and end
 * in the body; of the second also that it holds escapes.
 *
 * Values go into the columns as they come. That is right for every row but one that names its target twice, leaves out
 * a required value or holds a value of the wrong type: in JSON, the last member of a name counts, and the values of a
 * host that is not the target do not. Such a row is read again, in the order in which the contract is checked.
 */
import type { HostTable } from "../model/host-table.ts";
import {
  createHostTableBuilder,
  type HostTableBuilder,
  type NumberDraft,
  type TextDraft,
} from "../model/host-table-builder.ts";
import { isInt64 } from "../model/int64.ts";
import {
  ContractViolation,
  FIRST_INSTANT,
  INSTANT,
  INT32,
  INT64,
  LAST_INSTANT,
  OBJECT,
  SAFE_INTEGER,
  STRING,
} from "./decoders.ts";
import { createFields, type Fields, readField } from "./json-fields.ts";
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  enter,
  hasMore,
  isNumberStart,
  type JsonScanner,
  NULL,
  OPEN_BRACE,
  peek,
  QUOTE,
  readInteger,
  readLiteral,
  readNumber,
  readScalar,
  readText,
  skipValue,
} from "./json-scanner.ts";

/** The rows of a list; throws what breaks the contract in it. */
export type HostRows = () => HostTable;

/** Reads the list that begins with the next byte. */
export type HostRowReader = (scanner: JsonScanner) => HostRows;

/** A member of a row, of its execute object, or of the host or container in that. */
interface Cell {
  readonly name: string;
  /** What the contract says that it is. */
  readonly expected: string;
  readonly isRequired: boolean;
  /** Where a number goes, and its bounds. */
  readonly number: NumberDraft | null;
  readonly least: number;
  readonly most: number;
  /** True for numbers of 64 bits. */
  readonly isId: boolean;
  /** True for numbers of which only 0 and 1 say something: others may come with a later version. */
  readonly isFlag: boolean;
  /** Where a text goes. */
  readonly text: TextDraft | null;
  /** True for texts of which an empty one says nothing. */
  readonly isAbsentWhenEmpty: boolean;
  /** The members of an object, in the order in which the contract is checked. */
  readonly members: readonly Cell[];
  readonly fields: Fields<Cell> | null;
  /** The last row that had a value here. */
  row: number;
}

const createCell = (name: string, expected: string, options: Partial<Cell>): Cell => ({
  name,
  expected,
  isRequired: false,
  number: null,
  least: Number.MIN_SAFE_INTEGER,
  most: Number.MAX_SAFE_INTEGER,
  isId: false,
  isFlag: false,
  text: null,
  isAbsentWhenEmpty: false,
  members: [],
  fields: null,
  row: -1,
  ...options,
});

const int32 = (name: string, number: NumberDraft, options: Partial<Cell> = {}): Cell =>
  createCell(name, INT32, { number, least: -(2 ** 31), most: 2 ** 31 - 1, ...options });
const id = (name: string, number: NumberDraft, isRequired = false): Cell =>
  createCell(name, INT64, { number, isId: true, isRequired });
const instant = (name: string, number: NumberDraft): Cell =>
  createCell(name, INSTANT, { number, least: FIRST_INSTANT, most: LAST_INSTANT });
const filledText = (name: string, text: TextDraft): Cell =>
  createCell(name, STRING, { text, isAbsentWhenEmpty: true });
const anyText = (name: string, text: TextDraft, isRequired = false): Cell =>
  createCell(name, STRING, { text, isRequired });
const fieldsOf = (cells: readonly Cell[]): Fields<Cell> =>
  createFields(Object.fromEntries(cells.map((cell) => [cell.name, cell])));
const object = (name: string, members: readonly Cell[]): Cell =>
  createCell(name, OBJECT, { members, fields: fieldsOf(members) });

/** The members of rows in both dialects, in the order in which the contract is checked. */
function createCells({ numbers, texts }: HostTableBuilder) {
  const container = object("container", [
    id("id", numbers.containerId, true),
    anyText("container_id", texts.containerRuntimeId, true),
    anyText("name", texts.containerName, true),
    id("node_host_id", numbers.nodeHostId),
  ]);
  const host = object("host", [
    id("bk_host_id", numbers.hostId),
    filledText("ip", texts.ip),
    filledText("ipv6", texts.ipv6),
    id("bk_cloud_id", numbers.cloudId),
    anyText("bk_cloud_name", texts.cloudName),
    filledText("bk_agent_id", texts.agentId),
    int32("alive", numbers.alive, { isFlag: true }),
  ]);
  const executeObject = object("execute_object", [container, host]);
  const flat = [
    id("bk_host_id", numbers.hostId),
    filledText("ip", texts.ip),
    filledText("ipv6", texts.ipv6),
    id("bk_cloud_id", numbers.cloudId),
  ];
  const status = int32("status", numbers.statusCode, { isRequired: true });
  const outcome = [
    filledText("tag", texts.tag),
    status,
    int32("exit_code", numbers.exitCode),
    int32("error_code", numbers.errorCode),
    instant("start_time", numbers.startedAt),
    instant("end_time", numbers.finishedAt),
    createCell("total_time", SAFE_INTEGER, { number: numbers.durationMs }),
  ];
  return {
    container,
    host,
    executeObject,
    flat,
    status,
    outcome,
    row: fieldsOf([executeObject, ...flat, ...outcome]),
  };
}

/** Makes a reader that reads one list after the other. */
export function createHostRowReader(): HostRowReader {
  const builder = createHostTableBuilder();
  const { container, host, executeObject, flat, status, outcome, row: rowFields } = createCells(builder);
  const allCells = [
    executeObject,
    ...flat,
    ...outcome,
    container,
    ...container.members,
    host,
    ...host.members,
  ];
  const hasValue = (cell: Cell): boolean => cell.row === row;
  let row = 0;
  /** True for a row that is to be read again. */
  let isUnclear = false;

  /** Reads a value into its column, or passes it. @returns false for a value that breaks the contract. */
  const readCell = (scanner: JsonScanner, cell: Cell, byte: number): boolean => {
    const { number, text } = cell;
    if (byte === NULL) return readNull(scanner, cell);
    cell.row = row;
    if (number !== null) {
      const value = readInteger(scanner);
      if (Number.isNaN(value)) return readUnusualNumber(scanner, cell, number, byte);
      if (value < cell.least || value > cell.most) return false;
      builder.setNumber(number, row, cell.isFlag && value !== 0 && value !== 1 ? Number.NaN : value);
      return true;
    }
    if (text === null || byte !== QUOTE) {
      skipValue(scanner);
      return false;
    }
    readText(scanner);
    const { start, end, isEscaped } = scanner;
    builder.setText(text, row, start === end && cell.isAbsentWhenEmpty ? -1 : start, end, isEscaped);
    return true;
  };

  const readNull = (scanner: JsonScanner, { number, text, isRequired }: Cell): boolean => {
    readLiteral(scanner);
    if (number !== null) builder.setNumber(number, row, Number.NaN);
    if (text !== null) builder.setText(text, row, -1, -1, false);
    return !isRequired;
  };

  /** Reads a number with an exponent, a fraction or many digits, or passes what is not a number. */
  const readUnusualNumber = (
    scanner: JsonScanner,
    { least, most, isId }: Cell,
    number: NumberDraft,
    byte: number,
  ): boolean => {
    if (!isNumberStart(byte)) {
      skipValue(scanner);
      return false;
    }
    const value = readNumber(scanner);
    if (typeof value === "number") {
      if (!Number.isInteger(value) || value < least || value > most) return false;
      builder.setNumber(number, row, value);
      return true;
    }
    if (!isId || !isInt64(value)) return false;
    builder.setLarge(number, row, value);
    return true;
  };

  /** Reads an object within a row; null is the same as no object. */
  const readNested = (scanner: JsonScanner, cell: Cell, fields: Fields<Cell>, byte: number): void => {
    // A second one takes the place of the first, also when it is null.
    if (cell.row === row) isUnclear = true;
    if (byte !== NULL) cell.row = row;
    if (byte === OPEN_BRACE) readMembers(scanner, fields);
    else {
      if (byte !== NULL) isUnclear = true;
      skipValue(scanner);
    }
  };

  const readMembers = (scanner: JsonScanner, fields: Fields<Cell>): void => {
    if (!enter(scanner, CLOSE_BRACE)) return;
    let field = fields.start;
    do {
      field = readField(scanner, fields, field);
      const byte = peek(scanner);
      const cell = field.target;
      if (cell === null) skipValue(scanner);
      else if (cell.fields !== null) readNested(scanner, cell, cell.fields, byte);
      else if (!readCell(scanner, cell, byte)) isUnclear = true;
    } while (hasMore(scanner, CLOSE_BRACE));
  };

  const readRow = (scanner: JsonScanner): void => {
    const begin = scanner.at;
    if (peek(scanner) !== OPEN_BRACE) throw new ContractViolation("", OBJECT, readScalar(scanner));
    isUnclear = false;
    readMembers(scanner, rowFields);
    const hasContainer = container.row === row;
    if (
      isUnclear ||
      status.row !== row ||
      (executeObject.row === row && flat.some(hasValue)) ||
      (hasContainer &&
        (host.row === row || !container.members.every((cell) => !cell.isRequired || hasValue(cell))))
    ) {
      const { at } = scanner;
      try {
        readAgain(scanner, begin);
      } finally {
        scanner.at = at;
      }
    }
  };

  /** Reads a row as the contract says: its one target, then its outcome. @throws ContractViolation */
  const readAgain = (scanner: JsonScanner, begin: number): void => {
    builder.clearRow(row);
    const members = locate(scanner, begin, rowFields);
    const target = members.get(executeObject);
    if (target === undefined) checkCells(scanner, flat, members, "");
    else readTarget(scanner, target);
    checkCells(scanner, outcome, members, "");
  };

  const readTarget = (scanner: JsonScanner, begin: number): void => {
    const members = locateIn(scanner, begin, executeObject, "execute_object");
    const target = executeObject.members.find((cell) => members.has(cell));
    if (target === undefined) return;
    const path = `execute_object.${target.name}`;
    checkCells(
      scanner,
      target.members,
      locateIn(scanner, members.get(target) ?? 0, target, path),
      `${path}.`,
    );
  };

  const locateIn = (
    scanner: JsonScanner,
    begin: number,
    cell: Cell,
    path: string,
  ): ReadonlyMap<Cell, number> => {
    scanner.at = begin;
    if (cell.fields === null || peek(scanner) !== OPEN_BRACE) {
      throw new ContractViolation(path, OBJECT, readScalar(scanner));
    }
    return locate(scanner, begin, cell.fields);
  };

  const checkCells = (
    scanner: JsonScanner,
    cells: readonly Cell[],
    places: ReadonlyMap<Cell, number>,
    path: string,
  ): void => {
    for (const cell of cells) {
      const place = places.get(cell);
      if (place === undefined) {
        if (cell.isRequired) throw new ContractViolation(path + cell.name, cell.expected, undefined);
        continue;
      }
      scanner.at = place;
      if (readCell(scanner, cell, peek(scanner))) continue;
      scanner.at = place;
      throw new ContractViolation(path + cell.name, cell.expected, readScalar(scanner));
    }
  };

  /** Room for as many rows as there are up to the next closing bracket, which nearly always ends the list. */
  const grow = (scanner: JsonScanner, begin: number): void => {
    const { bytes, at } = scanner;
    const end = bytes.indexOf(CLOSE_BRACKET, at);
    const rowsLeft = ((end - at) * row) / (at - begin);
    builder.grow(Math.ceil(Math.max(row * 1.5, (row + rowsLeft) * 1.02 + 8)));
  };

  /** @returns what is wrong with the row; null when it has been read. */
  const readNextRow = (scanner: JsonScanner, begin: number): ContractViolation | null => {
    if (row === builder.capacity()) grow(scanner, begin);
    try {
      readRow(scanner);
      row += 1;
      return null;
    } catch (error) {
      if (!(error instanceof ContractViolation)) throw error;
      return error.inside(`[${row}]`);
    }
  };

  return (scanner) => {
    builder.begin();
    row = 0;
    for (const cell of allCells) cell.row = -1;
    let violation: ContractViolation | null = null;
    const begin = scanner.at;
    if (enter(scanner, CLOSE_BRACKET)) {
      do {
        // Rows behind a broken one are not read, but they must be JSON.
        if (violation === null) violation = readNextRow(scanner, begin);
        else skipValue(scanner);
      } while (hasMore(scanner, CLOSE_BRACKET));
    }
    const table = builder.finish(row, scanner.bytes);
    return () => {
      if (violation !== null) throw violation;
      return table;
    };
  };
}

/** Where the values of an object's known members begin: of each the last one, if that is not null. */
function locate(scanner: JsonScanner, begin: number, fields: Fields<Cell>): ReadonlyMap<Cell, number> {
  const places = new Map<Cell, number>();
  scanner.at = begin;
  if (!enter(scanner, CLOSE_BRACE)) return places;
  let field = fields.start;
  do {
    field = readField(scanner, fields, field);
    const isNull = peek(scanner) === NULL;
    if (field.target !== null && isNull) places.delete(field.target);
    if (field.target !== null && !isNull) places.set(field.target, scanner.at);
    skipValue(scanner);
  } while (hasMore(scanner, CLOSE_BRACE));
  return places;
}
