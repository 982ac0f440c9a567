/**
 * How each field of a host result is written: a step for every leaf field, and the values that its code refers to. This
 * is the only second definition of these fields: a test compares it with the resolvers (`resolvers/host-result.ts`).
 *
 * For `nodes { ip exitCode }`, row 7 of a table with `ip` = 10.0.0.23 (bytes 512 to 521 of the response body) and
 * `exitCode` = 1 becomes
 *
 *     {"ip":"10.0.0.23","exitCode":1}
 *     ~~~~~~           ~~~~~~~~~~~~ ~  constants: keys and punctuation, joined with their neighbors
 *            ~~~~~~~~~                 copied from the response body: the bytes between the quotes are JSON already
 */
import type { HostConnection } from "../../model/host-connection.ts";
import { formatKey } from "../../model/host-result.ts";
import type { HostResults } from "../../model/host-results.ts";
import type { HostTable } from "../../model/host-table.ts";
import { HOST_STATUSES, hostStatus } from "../../model/status.ts";
import {
  createConstant,
  createDataView,
  createPutDateTime,
  DATE_TIME_BYTES,
  INTEGER_BYTES,
} from "./json-sink.ts";
import type { ObjectPlan } from "./plan.ts";
import { constantCode, NULL_CODE, type RowStep, type Scope, type ValueStep } from "./row-code.ts";

/** A page of rows and the step that it belongs to. */
export interface RowSource {
  readonly step: { readonly path: string };
  readonly results: HostResults;
  readonly connection: HostConnection;
}
/** Names of the table's columns of type `T`. */
type Columns<T> = { [Name in keyof HostTable]: HostTable[Name] extends T ? Name : never }[keyof HostTable];

// Each step generates the code for one column. `integerStep("exitCode")` generates
//
//     { const value = table.exitCode[row];
//       if (value !== value) { view.setInt32(at + 0, 1819047278, true); at += 4; }      // NaN: null
//       else at = putInteger(view, at, value); }

/** Writes a quotation mark. */
const QUOTE_CODE = "bytes[at++] = 0x22;";

const valueStep = (code: string, maxBytes: number, moreBytes?: string): ValueStep => ({
  kind: "value",
  code,
  maxBytes,
  ...(moreBytes !== undefined && { moreBytes }),
});

// In columns of numbers, NaN means null. `value !== value` is the fastest test for it.

/** Writes a number. */
const integerStep = (column: Columns<Float64Array | Int32Array>): ValueStep =>
  valueStep(
    `{ const value = table.${column}[row];
       if (value !== value) { ${NULL_CODE} } else at = putInteger(view, at, value); }`,
    INTEGER_BYTES,
  );

/** Writes milliseconds since the epoch as a `DateTime`. */
const dateTimeStep = (column: Columns<Float64Array>): ValueStep =>
  valueStep(
    `{ const value = table.${column}[row];
       if (value !== value) { ${NULL_CODE} } else at = putDateTime(view, at, value); }`,
    DATE_TIME_BYTES,
  );

/** Copies a string from the response body, including its escapes. A start of -1 means null. */
const stringStep = (column: Columns<{ start: Int32Array }>): ValueStep =>
  valueStep(
    `{ const start = table.${column}.start[row];
       if (start < 0) { ${NULL_CODE} } else {
         ${QUOTE_CODE} at = putBytes(view, at, source, start, table.${column}.end[row]); ${QUOTE_CODE} } }`,
    6,
    `(table.${column}.start[row] < 0 ? 0 : table.${column}.end[row] - table.${column}.start[row])`,
  );

/** Writes a 64-bit id as a string. Ids beyond 2^53 are in the map `large` of the column. */
const idStep = (column: Columns<{ values: Float64Array }>): ValueStep =>
  valueStep(
    `{ const value = table.${column}.values[row];
       if (value !== value) { ${NULL_CODE} }
       else if (value > -9007199254740992 && value < 9007199254740992) {
         ${QUOTE_CODE} at = putInteger(view, at, value); ${QUOTE_CODE} }
       else ${anyLengthCode(`'"' + table.${column}.large.get(row) + '"'`)} }`,
    INTEGER_BYTES + 2,
  );

/** Writes a string whose length is not in `needed`, then reserves space for the rest of the row again. */
function anyLengthCode(expression: string): string {
  return `{
    at = putString(sink, at, ${expression});
    reserve(sink, needed);
    ({ bytes, view } = sink); }`;
}

/** Writes a constant that depends on the status code. @param constants name of a function in the scope */
const statusStep = (constants: string): ValueStep =>
  valueStep(`at = putConstant(view, at, ${constants}(table.statusCode[row]));`, 40);

/** Writes a boolean from a column with 1, 0 and NaN. */
const isAgentAliveStep: ValueStep = valueStep(
  `{ const value = table.alive[row];
     if (value === 1) { ${constantCode("true")} }
     else if (value === 0) { ${constantCode("false")} }
     else { ${NULL_CODE} } }`,
  8,
);

/**
 * Writes the result id, formatted as by `formatKey`. For a host with one result, the usual case, it creates no string.
 */
const resultIdStep: ValueStep = valueStep(
  `{ const value = table.hostId.values[row];
     if (isPlainHost(row)) {
       at = putConstant(view, at, idPrefix); at = putInteger(view, at, value); ${QUOTE_CODE} }
     else ${anyLengthCode("resultId(row)")} }`,
  INTEGER_BYTES + 1,
  "idPrefix.length",
);

/** Writes the cursor of an edge, whose length is not known in advance. */
const cursorStep: ValueStep = valueStep(anyLengthCode("cursor(row)"), 0);

/** The step for each leaf field of a row. */
const LEAVES: Readonly<Record<string, Readonly<Record<string, ValueStep>>>> = {
  HostResultEdge: { cursor: cursorStep },
  HostResult: {
    id: resultIdStep,
    hostId: idStep("hostId"),
    ip: stringStep("ip"),
    ipv6: stringStep("ipv6"),
    cloudId: idStep("cloudId"),
    cloudName: stringStep("cloudName"),
    agentId: stringStep("agentId"),
    isAgentAlive: isAgentAliveStep,
    status: statusStep("statusName"),
    statusCode: integerStep("statusCode"),
    phase: statusStep("phaseName"),
    tag: stringStep("tag"),
    exitCode: integerStep("exitCode"),
    errorCode: integerStep("errorCode"),
    startedAt: dateTimeStep("startedAt"),
    finishedAt: dateTimeStep("finishedAt"),
    durationMs: integerStep("durationMs"),
  },
  Container: {
    id: idStep("containerId"),
    containerId: stringStep("containerRuntimeId"),
    name: stringStep("containerName"),
    nodeHostId: idStep("nodeHostId"),
  },
};

/** Creates a function from status codes to constants, with one constant for all unknown codes. */
function namesOf(nameOf: (code: number) => string) {
  const names = new Map([...HOST_STATUSES.keys()].map((code) => [code, createConstant(`"${nameOf(code)}"`)]));
  const unknown = createConstant(`"${nameOf(Number.NaN)}"`);
  return (code: number) => names.get(code) ?? unknown;
}

const statusName = namesOf((code) => hostStatus(code).name);
const phaseName = namesOf((code) => hostStatus(code).phase);

/** Caches the last result, because aliases of a field compute it several times for the same row. */
function cacheLast(compute: (row: number) => string): (row: number) => string {
  let lastRow = -1;
  let last = "";
  return (row) => {
    if (row !== lastRow) last = compute(row);
    lastRow = row;
    return last;
  };
}

/** The values that the code of the steps refers to, for one page. */
export function scopeOf({ step, results, connection }: RowSource) {
  const { table } = results;
  const { hostId, containerId } = table;
  return {
    table,
    source: createDataView(table.bytes),
    statusName,
    phaseName,
    putDateTime: createPutDateTime(),
    idPrefix: createConstant(JSON.stringify(`${step.path}/host:`).slice(0, -1)),
    // A host with an id of at most 2^53 and no earlier result: its result id is `idPrefix` and the host id.
    isPlainHost: (row: number): boolean =>
      !Number.isNaN(hostId.values[row]) &&
      Number.isNaN(containerId.values[row]) &&
      results.ordinalOf(row) === 0 &&
      !hostId.large.has(row),
    resultId: cacheLast((row) => JSON.stringify(`${step.path}/${formatKey(results.keyOf(row))}`)),
    cursor: cacheLast((row) => JSON.stringify(connection.cursorOf(row))),
  } satisfies Scope;
}

/** The names in `scopeOf`. They are needed before there is a scope, when code is compiled. */
export const SCOPE_NAMES = [
  "table",
  "source",
  "statusName",
  "phaseName",
  "putDateTime",
  "idPrefix",
  "isPlainHost",
  "resultId",
  "cursor",
] as const satisfies readonly (keyof ReturnType<typeof scopeOf>)[];

/** Converts the plan of an object to steps. Nested objects (`node`, `container`) become part of the same list. */
export function stepsOf({ type, fields }: ObjectPlan): RowStep[] {
  const steps: RowStep[] = fields.flatMap(({ prefix, name, value }): RowStep[] => {
    const key: RowStep = { kind: "constant", text: prefix };
    if (name === "__typename") return [key, { kind: "constant", text: JSON.stringify(type.name) }];
    const leaf = LEAVES[type.name]?.[name];
    if (leaf) return [key, leaf];
    // Not a leaf: `node` of an edge, which always exists, or `container`, which can be null.
    const [plan] = value.kind === "object" ? value.plans : [];
    if (!plan) throw new Error(`Expected a step for ${type.name}.${name}.`);
    const inner = stepsOf(plan);
    return name === "container"
      ? [key, { kind: "optional", test: HAS_CONTAINER, steps: inner }]
      : [key, ...inner];
  });
  return joinConstants([...steps, { kind: "constant", text: fields.length > 0 ? "}" : "{}" }]);
}

/** Whether the target of a row is a container: only containers have a container id. */
const HAS_CONTAINER = "!Number.isNaN(table.containerId.values[row])";

/** Joins adjacent constants: `}` and `,"tag":` are one write. */
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
