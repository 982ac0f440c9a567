/**
 * Writes host results as JSON, by a selection and straight from their table's columns. It says of every field what
 * the resolvers say of it; a test holds the two against each other.
 */
import { LRUCache } from "lru-cache";
import type { HostConnection } from "../../model/host-connection.ts";
import { keyText } from "../../model/host-result.ts";
import type { HostResults } from "../../model/host-results.ts";
import type { HostTable } from "../../model/host-table.ts";
import { HOST_STATUSES, hostStatus } from "../../model/status.ts";
import { hostResultsOf } from "../sources.ts";
import {
  createConstant,
  createPutInstant,
  INSTANT_BYTES,
  INTEGER_BYTES,
  type JsonSink,
  viewOf,
  writeString,
} from "./json-sink.ts";
import type { RowWriter } from "./output.ts";
import type { ObjectPlan } from "./plan.ts";
import {
  compileInline,
  constantBytes,
  countValues,
  createStepCompiler,
  type RowStep,
  type Scope,
  setText,
  type ValueStep,
  type WriteRows,
} from "./row-code.ts";

/** Lists of rows are the fields of this type. */
const ROWS_TYPE = "HostResultConnection";
const ROW_FIELDS: readonly string[] = ["nodes", "edges"];

export const isRowField = (parentType: string, field: string): boolean =>
  parentType === ROWS_TYPE && ROW_FIELDS.includes(field);

/** What rows are written from. */
interface RowSource {
  readonly step: { readonly path: string };
  readonly results: HostResults;
  readonly connection: HostConnection;
}
type Columns<T> = { [Name in keyof HostTable]: HostTable[Name] extends T ? Name : never }[keyof HostTable];

const setNull = setText("null");
const setQuote = "bytes[at++] = 0x22;";

const valueStep = (code: string, maxBytes: number, moreBytes?: string): ValueStep => ({
  kind: "value",
  code,
  maxBytes,
  ...(moreBytes !== undefined && { moreBytes }),
});

const integer = (column: Columns<Float64Array | Int32Array>): ValueStep =>
  valueStep(
    `{ const value = table.${column}[row];
       if (value !== value) { ${setNull} } else at = putInteger(bytes, at, value); }`,
    INTEGER_BYTES,
  );

const instant = (column: Columns<Float64Array>): ValueStep =>
  valueStep(
    `{ const value = table.${column}[row];
       if (value !== value) { ${setNull} } else at = putInstant(view, bytes, at, value); }`,
    INSTANT_BYTES,
  );

/** The text as it came: it is JSON already, escapes included. */
const text = (column: Columns<{ start: Int32Array }>): ValueStep =>
  valueStep(
    `{ const start = table.${column}.start[row];
       if (start < 0) { ${setNull} } else {
         ${setQuote} at = putBytes(view, at, source, start, table.${column}.end[row]); ${setQuote} } }`,
    6,
    `(table.${column}.start[row] < 0 ? 0 : table.${column}.end[row] - table.${column}.start[row])`,
  );

const id = (column: Columns<{ values: Float64Array }>): ValueStep =>
  valueStep(
    `{ const value = table.${column}.values[row];
       if (value !== value) { ${setNull} }
       else if (value > -9007199254740992 && value < 9007199254740992) {
         ${setQuote} at = putInteger(bytes, at, value); ${setQuote} }
       else ${putSlowly(`'"' + table.${column}.large.get(row) + '"'`)} }`,
    INTEGER_BYTES + 2,
  );

/** Writes a text of any length, then reserves room for the rest of the row again. */
function putSlowly(expression: string): string {
  return `{
    at = putString(sink, at, ${expression});
    reserve(sink, needed);
    ({ bytes, view } = sink); }`;
}

/** A text that depends on the status code alone. */
const byStatus = (constants: string): ValueStep =>
  valueStep(`at = putConstant(view, at, ${constants}(table.statusCode[row]));`, 40);

const alive: ValueStep = valueStep(
  `{ const value = table.alive[row];
     if (value === 1) { ${setText("true")} } else if (value === 0) { ${setText("false")} } else { ${setNull} } }`,
  8,
);

/** Ids as `keyText` makes them; those of hosts with one result without making a string of each. */
const resultId: ValueStep = valueStep(
  `{ const value = table.hostId.values[row];
     if (isPlainHost(row)) {
       at = putConstant(view, at, idPrefix); at = putInteger(bytes, at, value); ${setQuote} }
     else ${putSlowly("resultId(row)")} }`,
  INTEGER_BYTES + 1,
  "idPrefix.length",
);

const cursor: ValueStep = valueStep(putSlowly("cursor(row)"), 0);

/** Every leaf that a row can have, by type and field. */
const LEAVES: Readonly<Record<string, Readonly<Record<string, ValueStep>>>> = {
  HostResultEdge: { cursor },
  HostResult: {
    id: resultId,
    hostId: id("hostId"),
    ip: text("ip"),
    ipv6: text("ipv6"),
    cloudId: id("cloudId"),
    cloudName: text("cloudName"),
    agentId: text("agentId"),
    isAgentAlive: alive,
    status: byStatus("statusName"),
    statusCode: integer("statusCode"),
    phase: byStatus("phaseName"),
    tag: text("tag"),
    exitCode: integer("exitCode"),
    errorCode: integer("errorCode"),
    startedAt: instant("startedAt"),
    finishedAt: instant("finishedAt"),
    durationMs: integer("durationMs"),
  },
  Container: {
    id: id("containerId"),
    containerId: text("containerRuntimeId"),
    name: text("containerName"),
    nodeHostId: id("nodeHostId"),
  },
};

/** Finds constants by status code. */
function namesOf(nameOf: (code: number) => string) {
  const names = new Map([...HOST_STATUSES.keys()].map((code) => [code, createConstant(`"${nameOf(code)}"`)]));
  const unknown = createConstant(`"${nameOf(Number.NaN)}"`);
  return (code: number) => names.get(code) ?? unknown;
}

const statusName = namesOf((code) => hostStatus(code).name);
const phaseName = namesOf((code) => hostStatus(code).phase);

/** A function of a row that remembers its last result: several aliases of a field ask for the same row in turn. */
function rememberLast(compute: (row: number) => string): (row: number) => string {
  let lastRow = -1;
  let last = "";
  return (row) => {
    if (row !== lastRow) last = compute(row);
    lastRow = row;
    return last;
  };
}

/** What the code of leaves refers to. */
function scopeOf({ step, results, connection }: RowSource) {
  const { table } = results;
  const { hostId, containerId } = table;
  return {
    table,
    source: viewOf(table.bytes),
    statusName,
    phaseName,
    putInstant: createPutInstant(),
    idPrefix: createConstant(JSON.stringify(`${step.path}/host:`).slice(0, -1)),
    isPlainHost: (row: number): boolean =>
      !Number.isNaN(hostId.values[row]) &&
      Number.isNaN(containerId.values[row]) &&
      results.ordinalOf(row) === 0 &&
      !hostId.large.has(row),
    resultId: rememberLast((row) => JSON.stringify(`${step.path}/${keyText(results.keyOf(row))}`)),
    cursor: rememberLast((row) => JSON.stringify(connection.cursorOf(row))),
  } satisfies Scope;
}

const SCOPE_NAMES = [
  "table",
  "source",
  "statusName",
  "phaseName",
  "putInstant",
  "idPrefix",
  "isPlainHost",
  "resultId",
  "cursor",
] as const satisfies readonly (keyof ReturnType<typeof scopeOf>)[];

/** Rows written with one selection before it gets code of its own: compiling takes about as long as 500 rows. */
const ROWS_BEFORE_COMPILING = 500;
/** A longer selection would become too much code: about 7 kB for each value. */
const MAX_INLINE_VALUES = 100;
/** Values in all compiled selections: about 35 MB of code. The least recently used are dropped first. */
const MAX_COMPILED_VALUES = 5_000;
/** Values that are written at one stretch: some milliseconds. */
const VALUES_AT_A_STRETCH = 100_000;

/** Makes writers for rows of plans, which share compiled code. */
export function createRowWriters(): (plan: ObjectPlan) => RowWriter {
  const compiler = createStepCompiler();
  const compiled = new LRUCache<readonly RowStep[], WriteRows>({ maxSize: MAX_COMPILED_VALUES });

  const compile = (steps: readonly RowStep[], values: number): WriteRows => {
    const known = compiled.get(steps);
    if (known) return known;
    const write = compileInline(steps, SCOPE_NAMES);
    compiled.set(steps, write, { size: Math.max(values, 1) });
    return write;
  };

  return (plan) => {
    const steps = stepsOf(plan);
    const values = countValues(steps);
    const minRowBytes = constantBytes(steps);
    const rowsAtAStretch = Math.ceil(VALUES_AT_A_STRETCH / Math.max(values, 1));
    let written = 0;
    let interpreted: WriteRows | null = null;

    const writeRowsFor = (count: number): WriteRows => {
      written += count;
      if (written >= ROWS_BEFORE_COMPILING && values <= MAX_INLINE_VALUES) return compile(steps, values);
      interpreted ??= compiler.interpret(steps, SCOPE_NAMES);
      return interpreted;
    };

    return ({ step, connection }) => {
      const { rows } = connection.page();
      const write = function* (sink: JsonSink) {
        const writeRows = writeRowsFor(rows.length);
        const scope = scopeOf({ step, results: hostResultsOf(step), connection });
        writeString(sink, "[");
        for (let begin = 0; begin < rows.length; begin += rowsAtAStretch) {
          if (begin > 0) writeString(sink, ",");
          writeRows(sink, rows.subarray(begin, begin + rowsAtAStretch), scope);
          yield;
        }
        writeString(sink, "]");
      };
      return { minBytes: 2 + rows.length * minRowBytes, write };
    };
  };
}

/** The steps that write an object of the plan. */
function stepsOf({ type, fields }: ObjectPlan): RowStep[] {
  const steps: RowStep[] = fields.flatMap(({ prefix, name, value }): RowStep[] => {
    const key: RowStep = { kind: "constant", text: prefix };
    if (name === "__typename") return [key, { kind: "constant", text: JSON.stringify(type.name) }];
    const leaf = LEAVES[type.name]?.[name];
    if (leaf) return [key, leaf];
    const [plan] = value.kind === "object" ? value.plans : [];
    if (!plan) throw new Error(`Expected a step for ${type.name}.${name}.`);
    const inner = stepsOf(plan);
    return name === "container"
      ? [key, { kind: "optional", test: HAS_CONTAINER, steps: inner }]
      : [key, ...inner];
  });
  return joinConstants([...steps, { kind: "constant", text: fields.length > 0 ? "}" : "{}" }]);
}

const HAS_CONTAINER = "!Number.isNaN(table.containerId.values[row])";

/** Neighbouring constants as one. */
function joinConstants(steps: readonly RowStep[]): RowStep[] {
  const joined: RowStep[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (step.kind === "constant" && last?.kind === "constant") {
      joined[joined.length - 1] = { kind: "constant", text: last.text + step.text };
    } else joined.push(step);
  }
  return joined;
}
