/** The members of host rows in both dialects: their expected types and their columns. */
import type { HostTableBuilder, NumberDraft, StringDraft } from "../model/host-table-builder.ts";
import {
  FIRST_INSTANT,
  INSTANT,
  INT32,
  INT64,
  LAST_INSTANT,
  OBJECT,
  SAFE_INTEGER,
  STRING,
} from "./decoders.ts";
import { createFields, type Fields } from "./json-fields.ts";

/** A member of a row, of its execute object, or of the host or container in it. */
export interface Cell {
  readonly name: string;
  /** The expected type, as messages name it. */
  readonly expected: string;
  readonly isRequired: boolean;
  /** The column of a number, and its range. */
  readonly number: NumberDraft | null;
  readonly min: number;
  readonly max: number;
  /** Whether it is a 64-bit id. */
  readonly isId: boolean;
  /** Whether only 0 and 1 are known values. Other values, which later versions may send, are ignored. */
  readonly isFlag: boolean;
  /** The column of a string. */
  readonly string: StringDraft | null;
  /** Whether an empty string means absent. */
  readonly isAbsentWhenEmpty: boolean;
  /** The members of an object, in the order of the contract checks. */
  readonly members: readonly Cell[];
  readonly fields: Fields<Cell> | null;
  /** The last row with a value for this member. */
  row: number;
}

const createCell = (name: string, expected: string, options: Partial<Cell>): Cell => ({
  name,
  expected,
  isRequired: false,
  number: null,
  min: Number.MIN_SAFE_INTEGER,
  max: Number.MAX_SAFE_INTEGER,
  isId: false,
  isFlag: false,
  string: null,
  isAbsentWhenEmpty: false,
  members: [],
  fields: null,
  row: -1,
  ...options,
});

const int32Cell = (name: string, number: NumberDraft, options: Partial<Cell> = {}): Cell =>
  createCell(name, INT32, { number, min: -(2 ** 31), max: 2 ** 31 - 1, ...options });
const idCell = (name: string, number: NumberDraft, isRequired = false): Cell =>
  createCell(name, INT64, { number, isId: true, isRequired });
const instantCell = (name: string, number: NumberDraft): Cell =>
  createCell(name, INSTANT, { number, min: FIRST_INSTANT, max: LAST_INSTANT });
const nonEmptyStringCell = (name: string, string: StringDraft): Cell =>
  createCell(name, STRING, { string, isAbsentWhenEmpty: true });
const stringCell = (name: string, string: StringDraft, isRequired = false): Cell =>
  createCell(name, STRING, { string, isRequired });
const createCellFields = (cells: readonly Cell[]): Fields<Cell> =>
  createFields(Object.fromEntries(cells.map((cell) => [cell.name, cell])));
const objectCell = (name: string, members: readonly Cell[]): Cell =>
  createCell(name, OBJECT, { members, fields: createCellFields(members) });

/** Members are in the order of the contract checks. */
export interface RowCells {
  readonly executeObject: Cell;
  readonly container: Cell;
  readonly host: Cell;
  /** The members that identify the host in the documented form. */
  readonly flat: readonly Cell[];
  /** The members of the outcome, in both forms. */
  readonly outcome: readonly Cell[];
  readonly status: Cell;
  /** The fields of a row, for parsing. */
  readonly fields: Fields<Cell>;
  readonly all: readonly Cell[];
}

export function createRowCells({ numbers, strings }: HostTableBuilder): RowCells {
  const container = objectCell("container", [
    idCell("id", numbers.containerId, true),
    stringCell("container_id", strings.containerRuntimeId, true),
    stringCell("name", strings.containerName, true),
    idCell("node_host_id", numbers.nodeHostId),
  ]);
  const host = objectCell("host", [
    idCell("bk_host_id", numbers.hostId),
    nonEmptyStringCell("ip", strings.ip),
    nonEmptyStringCell("ipv6", strings.ipv6),
    idCell("bk_cloud_id", numbers.cloudId),
    stringCell("bk_cloud_name", strings.cloudName),
    nonEmptyStringCell("bk_agent_id", strings.agentId),
    int32Cell("alive", numbers.alive, { isFlag: true }),
  ]);
  const executeObject = objectCell("execute_object", [container, host]);
  const flat = [
    idCell("bk_host_id", numbers.hostId),
    nonEmptyStringCell("ip", strings.ip),
    nonEmptyStringCell("ipv6", strings.ipv6),
    idCell("bk_cloud_id", numbers.cloudId),
  ];
  const status = int32Cell("status", numbers.statusCode, { isRequired: true });
  const outcome = [
    nonEmptyStringCell("tag", strings.tag),
    status,
    int32Cell("exit_code", numbers.exitCode),
    int32Cell("error_code", numbers.errorCode),
    instantCell("start_time", numbers.startedAt),
    instantCell("end_time", numbers.finishedAt),
    createCell("total_time", SAFE_INTEGER, { number: numbers.durationMs }),
  ];
  const ofRow = [executeObject, ...flat, ...outcome];
  const all = [...ofRow, container, ...container.members, host, ...host.members];
  return { executeObject, container, host, flat, outcome, status, fields: createCellFields(ofRow), all };
}
