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
import { createFields, type Fields, fieldAt } from "./json-fields.ts";
import {
  firstMember,
  type JsonScanner,
  nextMember,
  readInteger,
  readLiteral,
  readScalar,
  readText,
  skipSpace,
  skipValue,
} from "./json-scanner.ts";

const [QUOTE, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, NULL] = [0x22, 0x5d, 0x7b, 0x7d, 0x6e];

/** The rows of a list; throws what breaks the contract in it. */
export type HostRows = () => HostTable;

/** Reads the list that begins at `at`, and leaves a `HostRows` in the scanner. @returns the position behind it. */
export type HostRowReader = (scanner: JsonScanner, at: number) => number;

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
  return { container, host, executeObject, flat, status, outcome };
}

/** Makes a reader that reads one list after the other. */
export function createHostRowReader(): HostRowReader {
  const builder = createHostTableBuilder();
  const { container, host, executeObject, flat, status, outcome } = createCells(builder);
  const allCells = [
    executeObject,
    ...flat,
    ...outcome,
    container,
    ...container.members,
    host,
    ...host.members,
  ];
  const rowFields = fieldsOf([executeObject, ...flat, ...outcome]);
  let row = 0;
  /** What the first broken row breaks the contract with. */
  let broken: ContractViolation | null = null;
  /** True for a row that is to be read again. */
  let isUnclear = false;

  /**
   * Reads a value into its column, or passes it. `isUnclear` is set where it breaks the contract.
   */
  const readCell = (scanner: JsonScanner, cell: Cell, at: number): number => {
    const { number, text } = cell;
    const byte = scanner.bytes[at] ?? 0;
    if (byte === NULL) {
      // In place of an earlier value of this row, or where there must be one.
      if (cell.row === row || cell.isRequired) isUnclear = true;
      return readLiteral(scanner, at);
    }
    cell.row = row;
    if (number !== null) {
      const end = readInteger(scanner, at);
      if (end < 0) return readUnusualNumber(scanner, cell, number, at);
      const value = scanner.integer;
      if (value < cell.least || value > cell.most) isUnclear = true;
      builder.setNumber(number, row, cell.isFlag && value !== 0 && value !== 1 ? Number.NaN : value);
      return end;
    }
    if (text === null || byte !== QUOTE) {
      isUnclear = true;
      return skipValue(scanner, at);
    }
    const end = readText(scanner, at);
    const isAbsent = end === at + 1 && cell.isAbsentWhenEmpty;
    builder.setText(text, row, isAbsent ? -1 : at + 1, end, scanner.isEscaped);
    return end + 1;
  };

  /** Reads a number with an exponent, a fraction or many digits, or passes what is not a number. */
  const readUnusualNumber = (scanner: JsonScanner, cell: Cell, number: NumberDraft, at: number): number => {
    const end = readScalar(scanner, at);
    const { value } = scanner;
    const { least, most } = cell;
    if (typeof value === "bigint" && cell.isId && isInt64(value)) builder.setLarge(number, row, value);
    else if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) {
      builder.setNumber(number, row, cell.isFlag && value !== 0 && value !== 1 ? Number.NaN : value);
    } else isUnclear = true;
    return end;
  };

  /** Reads an object within a row; null is the same as no object. */
  const readNested = (scanner: JsonScanner, cell: Cell, fields: Fields<Cell>, at: number): number => {
    const byte = scanner.bytes[at];
    // A second one takes the place of the first, also when it is null.
    if (cell.row === row) isUnclear = true;
    if (byte !== NULL) cell.row = row;
    if (byte === OPEN_BRACE) return readMembers(scanner, fields, at);
    if (byte !== NULL) isUnclear = true;
    return skipValue(scanner, at);
  };

  const readMembers = (scanner: JsonScanner, fields: Fields<Cell>, begin: number): number => {
    const { bytes } = scanner;
    let field = fields.start;
    let at = firstMember(bytes, begin, CLOSE_BRACE);
    while (at > 0) {
      field = fieldAt(scanner, fields, field, at);
      at = skipSpace(bytes, at + field.length);
      const cell = field.target;
      if (cell === null) at = skipValue(scanner, at);
      else if (cell.fields !== null) at = readNested(scanner, cell, cell.fields, at);
      else at = readCell(scanner, cell, at);
      at = nextMember(bytes, at, CLOSE_BRACE);
    }
    return -at;
  };

  /** True when the row in the columns may not be what the contract says of it. */
  const isInDoubt = (): boolean => {
    if (isUnclear || status.row !== row) return true;
    if (executeObject.row !== row) return false;
    if (flat.some(hasValue)) return true;
    return container.row === row && (host.row === row || !container.members.every(isComplete));
  };
  const hasValue = (cell: Cell): boolean => cell.row === row;
  const isComplete = (cell: Cell): boolean => cell.row === row || !cell.isRequired;

  /** Reads a row as the contract says: its one target, then its outcome. @throws ContractViolation */
  const readAgain = (scanner: JsonScanner, at: number): void => {
    builder.clearRow(row);
    const members = locate(scanner, rowFields, at, "");
    const target = members.get(executeObject);
    if (target === undefined) readCells(scanner, flat, members, "");
    else readTarget(scanner, target);
    readCells(scanner, outcome, members, "");
  };

  const readTarget = (scanner: JsonScanner, at: number): void => {
    const members = locate(scanner, executeObject.fields, at, "execute_object");
    const target = executeObject.members.find((cell) => members.has(cell));
    if (target === undefined) return;
    const path = `execute_object.${target.name}`;
    const places = locate(scanner, target.fields, members.get(target) ?? 0, path);
    readCells(scanner, target.members, places, `${path}.`);
  };

  const readCells = (scanner: JsonScanner, cells: readonly Cell[], places: Places, path: string): void => {
    for (const cell of cells) {
      const place = places.get(cell);
      isUnclear = place === undefined && cell.isRequired;
      if (place !== undefined) readCell(scanner, cell, place);
      if (isUnclear) throw violation(scanner, path + cell.name, cell.expected, place);
    }
  };

  /** What the row breaks the contract with; null when it has been read after all. */
  const breach = (scanner: JsonScanner, at: number): ContractViolation | null => {
    try {
      readAgain(scanner, at);
      return null;
    } catch (error) {
      if (error instanceof ContractViolation) return error.inside(`[${row}]`);
      throw error;
    }
  };

  /** Room for as many rows as there are up to the next closing bracket, which nearly always ends the list. */
  const grow = (bytes: Buffer, begin: number, at: number): void => {
    const rowsLeft = ((bytes.indexOf(CLOSE_BRACKET, at) - at) * row) / (at - begin);
    builder.grow(Math.ceil(Math.max(row * 1.5, (row + rowsLeft) * 1.02 + 8)));
  };

  /** Reads rows up to the closing bracket. A function of nothing but its loop is what V8 compiles best. */
  const readRows = (scanner: JsonScanner, begin: number): number => {
    const { bytes } = scanner;
    let at = firstMember(bytes, begin, CLOSE_BRACKET);
    while (at > 0) {
      if (row === builder.capacity()) grow(bytes, begin, at);
      const rowBegin = at;
      const isObject = bytes[at] === OPEN_BRACE;
      isUnclear = !isObject;
      // Rows behind a broken one are not read, but they must be JSON.
      at = isObject && broken === null ? readMembers(scanner, rowFields, at) : skipValue(scanner, at);
      if (broken === null && isInDoubt()) broken = breach(scanner, rowBegin);
      if (broken === null) row += 1;
      at = nextMember(bytes, at, CLOSE_BRACKET);
    }
    return -at;
  };

  return (scanner, begin) => {
    builder.begin();
    row = 0;
    broken = null;
    for (const cell of allCells) cell.row = -1;
    const end = readRows(scanner, begin);
    const table = builder.finish(row, scanner.bytes);
    const violation = broken;
    scanner.value = () => {
      if (violation !== null) throw violation;
      return table;
    };
    return end;
  };
}

type Places = ReadonlyMap<Cell, number>;

/**
 * Where the values of an object's known members begin: of each the last one, if that is not null.
 * @throws ContractViolation when there is no object at `begin`.
 */
function locate(scanner: JsonScanner, fields: Fields<Cell> | null, begin: number, path: string): Places {
  const { bytes } = scanner;
  if (fields === null || bytes[begin] !== OPEN_BRACE) throw violation(scanner, path, OBJECT, begin);
  const places = new Map<Cell, number>();
  let field = fields.start;
  let at = firstMember(bytes, begin, CLOSE_BRACE);
  while (at > 0) {
    field = fieldAt(scanner, fields, field, at);
    at = skipSpace(bytes, at + field.length);
    if (field.target !== null && bytes[at] === NULL) places.delete(field.target);
    else if (field.target !== null) places.set(field.target, at);
    at = nextMember(bytes, skipValue(scanner, at), CLOSE_BRACE);
  }
  return places;
}

/** @param at position of the value that breaks the contract; undefined when there is none. */
function violation(
  scanner: JsonScanner,
  path: string,
  expected: string,
  at: number | undefined,
): ContractViolation {
  if (at !== undefined) readScalar(scanner, at);
  return new ContractViolation(path, expected, at === undefined ? undefined : scanner.value);
}
