/**
 * Reads a list of host rows into a table without creating a JavaScript value per row. The row
 *
 *   {"bk_host_id":101,"ip":"10.0.0.1","bk_cloud_id":0,"status":9,"tag":"a \"b\"", …}
 *
 * stores the numbers 101, 0 and 9 in three columns, and the start and end of the strings `10.0.0.1` and `a \"b\"` in
 * the body in two more. The second string is also marked as escaped.
 *
 * The first pass stores values in their columns in the order of the JSON. The result is wrong for rows that contain a
 * member twice or two targets, omit a required value, or have a value of the wrong type: in JSON, the last member with
 * a name counts, and the values of a host that is not the target do not. The second pass reads such a row again, in the
 * order of the contract checks:
 *
 *   {"ip":"10.0.0.1","execute_object":{"container":{…},"host":{"ip":"10.0.0.2"}},…}  →  only the container
 */
import type { HostTable } from "../model/host-table.ts";
import {
  clearRow,
  createHostTableBuilder,
  finishTable,
  growTable,
  type HostTableBuilder,
  type NumberDraft,
  resetBuilder,
  setLarge,
  setNumber,
  setString,
} from "../model/host-table-builder.ts";
import { isInt64 } from "../model/int64.ts";
import { ContractViolation, OBJECT } from "./decoders.ts";
import { type Cell, createRowCells, type RowCells } from "./host-row-cells.ts";
import { type Fields, fieldAt } from "./json-fields.ts";
import {
  firstMember,
  isNumberStart,
  type JsonScanner,
  nextMember,
  readInteger,
  readLiteral,
  readLongNumber,
  readString,
  skipSpace,
} from "./json-scanner.ts";
import { readScalar, skipValue } from "./json-values.ts";

const [QUOTE, COMMA, ZERO, NULL] = [0x22, 0x2c, 0x30, 0x6e];
const [CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5d, 0x7b, 0x7d];

/** Returns the table of a list. @throws ContractViolation if a row violates the contract. */
export type DeferredHostTable = () => HostTable;

/** Reads the list at `at`, and sets `scanner.value` to a `DeferredHostTable`. @returns the position after the list. */
export type HostRowReader = (scanner: JsonScanner, at: number) => number;

/** The state of reading one list. */
interface ReaderState {
  readonly builder: HostTableBuilder;
  readonly cells: RowCells;
  row: number;
  /** Whether the columns may not contain the values of the current row. */
  needsSecondPass: boolean;
  /** The violation of the first invalid row. The rows after it are only checked for syntax. */
  violation: ContractViolation | null;
}

/** Creates a reader. It reads one list at a time and reuses its state. */
export function createHostRowReader(): HostRowReader {
  const builder = createHostTableBuilder();
  const state: ReaderState = {
    builder,
    cells: createRowCells(builder),
    row: 0,
    needsSecondPass: false,
    violation: null,
  };
  return (scanner, begin) => {
    resetBuilder(builder);
    for (const cell of state.cells.all) cell.row = -1;
    Object.assign(state, { row: 0, violation: null });
    const end = readRows(scanner, state, begin);
    const { violation } = state;
    const table = finishTable(builder, state.row, scanner.bytes);
    scanner.value = () => {
      if (violation !== null) throw violation;
      return table;
    };
    return end;
  };
}

/** A function that contains only the loop, because V8 compiles it while it runs: code after the loop would be slow. */
function readRows(scanner: JsonScanner, state: ReaderState, begin: number): number {
  const { bytes } = scanner;
  let at = firstMember(bytes, begin, CLOSE_BRACKET);
  while (at > 0) {
    at = nextMember(bytes, readRow(scanner, state, begin, at), CLOSE_BRACKET);
  }
  return -at;
}

function readRow(scanner: JsonScanner, state: ReaderState, begin: number, at: number): number {
  if (state.violation !== null) return skipValue(scanner, at);
  const isObject = scanner.bytes[at] === OPEN_BRACE;
  if (state.row === state.builder.capacity) grow(scanner.bytes, state, begin, at);
  state.needsSecondPass = !isObject;
  const end = isObject ? readMembers(scanner, state, state.cells.fields, at) : skipValue(scanner, at);
  if (mustReadAgain(state)) state.violation = readRowByContract(scanner, state, at);
  state.row += 1;
  return end;
}

/** Grows the table for the estimated number of rows up to the next closing bracket, which usually ends the list. */
function grow(bytes: Buffer, { builder, row }: ReaderState, begin: number, at: number): void {
  const rowsLeft = ((bytes.indexOf(CLOSE_BRACKET, at) - at) * row) / (at - begin);
  growTable(builder, Math.ceil(Math.max(row * 1.5, (row + rowsLeft) * 1.02 + 8)));
}

function readMembers(scanner: JsonScanner, state: ReaderState, fields: Fields<Cell>, begin: number): number {
  const { bytes } = scanner;
  let field = fields.start;
  let at = firstMember(bytes, begin, CLOSE_BRACE);
  while (at > 0) {
    field = fieldAt(scanner, fields, field, at);
    at = skipSpace(bytes, at + field.length);
    const cell = field.target;
    if (cell === null) at = skipValue(scanner, at);
    else if (cell.fields !== null) at = readNested(scanner, state, cell, cell.fields, at);
    else at = readCell(scanner, state, cell, at);
    at = nextMember(bytes, at, CLOSE_BRACE);
  }
  return -at;
}

/** Reads an object inside a row. Null means absent. */
function readNested(
  scanner: JsonScanner,
  state: ReaderState,
  cell: Cell,
  fields: Fields<Cell>,
  at: number,
): number {
  const byte = scanner.bytes[at];
  // A second member with this name replaces the first, even if it is null.
  if (cell.row === state.row) state.needsSecondPass = true;
  if (byte !== NULL) cell.row = state.row;
  if (byte === OPEN_BRACE) return readMembers(scanner, state, fields, at);
  if (byte !== NULL) state.needsSecondPass = true;
  return skipValue(scanner, at);
}

/** Reads a value into its column. Requests a second pass if the value violates the contract. */
function readCell(scanner: JsonScanner, state: ReaderState, cell: Cell, at: number): number {
  const { number, string } = cell;
  const { builder, row } = state;
  const byte = scanner.bytes[at] ?? 0;
  if (byte === NULL) {
    // Null replaces an earlier value of this row, or violates the contract.
    if (cell.row === row || cell.isRequired) state.needsSecondPass = true;
    return readLiteral(scanner, at);
  }
  cell.row = row;
  if (number !== null) {
    // Half of the numbers in a row have one digit. It is in the range of every cell.
    const next = scanner.bytes[at + 1] ?? 0;
    const digit = byte - ZERO;
    if ((next === COMMA || next === CLOSE_BRACE) && digit >= 0 && digit <= 9) {
      setNumber(builder, number, row, cell.isFlag && digit > 1 ? Number.NaN : digit);
      return at + 1;
    }
    const end = readInteger(scanner, at);
    if (end < 0) return readUnusualNumber(scanner, state, cell, number, at);
    const value = scanner.integer;
    if (value < cell.min || value > cell.max) state.needsSecondPass = true;
    setNumber(builder, number, row, cell.isFlag && value !== 0 && value !== 1 ? Number.NaN : value);
    return end;
  }
  if (string === null || byte !== QUOTE) {
    state.needsSecondPass = true;
    return skipValue(scanner, at);
  }
  const end = readString(scanner, at);
  const isAbsent = end === at + 1 && cell.isAbsentWhenEmpty;
  setString(builder, string, row, isAbsent ? -1 : at + 1, end, scanner.isEscaped);
  return end + 1;
}

/** Reads a number with an exponent, a fraction or many digits. Skips a value that is not a number. */
function readUnusualNumber(
  scanner: JsonScanner,
  state: ReaderState,
  cell: Cell,
  number: NumberDraft,
  at: number,
): number {
  if (!isNumberStart(scanner.bytes[at] ?? 0)) {
    state.needsSecondPass = true;
    return skipValue(scanner, at);
  }
  const end = readLongNumber(scanner, at);
  const { builder, row } = state;
  const { value } = scanner;
  if (typeof value === "bigint" && cell.isId && isInt64(value)) setLarge(builder, number, row, value);
  else if (typeof value === "number" && Number.isInteger(value) && value >= cell.min && value <= cell.max) {
    setNumber(builder, number, row, cell.isFlag && value !== 0 && value !== 1 ? Number.NaN : value);
  } else state.needsSecondPass = true;
  return end;
}

/** Whether the first pass was wrong: an invalid or missing value, two targets, or an incomplete container. */
function mustReadAgain({ cells, row, needsSecondPass }: ReaderState): boolean {
  const { executeObject, container, host } = cells;
  if (needsSecondPass || cells.status.row !== row) return true;
  if (executeObject.row !== row) return false;
  if (cells.flat.some((cell) => cell.row === row)) return true;
  if (container.row !== row) return false;
  return host.row === row || container.members.some((cell) => cell.isRequired && cell.row !== row);
}

/**
 * The second pass: reads the one target of a row, then its outcome, each in the order of the contract checks.
 * @returns the violation, if any.
 */
function readRowByContract(scanner: JsonScanner, state: ReaderState, at: number): ContractViolation | null {
  const { cells, builder, row } = state;
  clearRow(builder, row);
  try {
    const members = findMembers(scanner, cells.fields, at, "");
    const target = members.get(cells.executeObject);
    if (target === undefined) readCells(scanner, state, cells.flat, members, "");
    else readTarget(scanner, state, target);
    readCells(scanner, state, cells.outcome, members, "");
    return null;
  } catch (error) {
    if (error instanceof ContractViolation) return error.inside(`[${row}]`);
    throw error;
  }
}

function readTarget(scanner: JsonScanner, state: ReaderState, at: number): void {
  const { executeObject } = state.cells;
  const members = findMembers(scanner, executeObject.fields, at, "execute_object");
  // The container comes first in the list of members, so it is the target if there is one.
  const target = executeObject.members.find((cell) => members.has(cell));
  if (target === undefined) return;
  const path = `execute_object.${target.name}`;
  const positions = findMembers(scanner, target.fields, members.get(target) ?? 0, path);
  readCells(scanner, state, target.members, positions, `${path}.`);
}

function readCells(
  scanner: JsonScanner,
  state: ReaderState,
  cells: readonly Cell[],
  positions: ReadonlyMap<Cell, number>,
  path: string,
): void {
  for (const cell of cells) {
    const position = positions.get(cell);
    state.needsSecondPass = position === undefined && cell.isRequired;
    if (position !== undefined) readCell(scanner, state, cell, position);
    if (state.needsSecondPass) throw violation(scanner, path + cell.name, cell.expected, position);
  }
}

/**
 * The start positions of the known members of an object. Of members with the same name, the last one counts; null means
 * absent. For `{"ip":"a","x":1,"ip":"b","tag":null}` it is only the position of `"b"`.
 * @throws ContractViolation if the value at `begin` is not an object.
 */
function findMembers(
  scanner: JsonScanner,
  fields: Fields<Cell> | null,
  begin: number,
  path: string,
): ReadonlyMap<Cell, number> {
  const { bytes } = scanner;
  if (fields === null || bytes[begin] !== OPEN_BRACE) throw violation(scanner, path, OBJECT, begin);
  const positions = new Map<Cell, number>();
  let field = fields.start;
  let at = firstMember(bytes, begin, CLOSE_BRACE);
  while (at > 0) {
    field = fieldAt(scanner, fields, field, at);
    at = skipSpace(bytes, at + field.length);
    if (field.target !== null && bytes[at] === NULL) positions.delete(field.target);
    else if (field.target !== null) positions.set(field.target, at);
    at = nextMember(bytes, skipValue(scanner, at), CLOSE_BRACE);
  }
  return positions;
}

/** @param at position of the invalid value; undefined if it is absent. */
function violation(
  scanner: JsonScanner,
  path: string,
  expected: string,
  at: number | undefined,
): ContractViolation {
  if (at !== undefined) readScalar(scanner, at);
  return new ContractViolation(path, expected, at === undefined ? undefined : scanner.value);
}
