/** The members of host rows in both dialects: what they are expected to be, and into which columns they go. */
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

/** A member of a row, of its execute object, or of the host or container in that. */
export interface Cell {
  readonly name: string;
  /** What the contract says that it is. */
  readonly expected: string;
  readonly isRequired: boolean;
  /** Where a number goes, and its bounds. */
  readonly number: NumberDraft | null;
  readonly min: number;
  readonly max: number;
  /** True for numbers of 64 bits. */
  readonly isId: boolean;
  /** True for numbers of which only 0 and 1 say something: others may come with a later version. */
  readonly isFlag: boolean;
  /** Where a text goes. */
  readonly string: StringDraft | null;
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

/** Members are in the order in which the contract is checked. */
export interface RowCells {
  readonly executeObject: Cell;
  readonly container: Cell;
  readonly host: Cell;
  /** Of a row that names a host in line. */
  readonly flat: readonly Cell[];
  /** Of every row, whatever its target. */
  readonly outcome: readonly Cell[];
  readonly status: Cell;
  /** Of a row. */
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
