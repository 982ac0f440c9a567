/**
 * Writes pages of host results as JSON directly from the columns of their table, without an object per row. The fields
 * are defined in `row-fields.ts`. `row-code.ts` interprets a selection for its first rows and compiles it after that.
 */
import { LRUCache } from "lru-cache";
import type { Rows } from "../../model/host-table.ts";
import { hostResultsOf } from "../sources.ts";
import { appendString, type JsonSink } from "./json-sink.ts";
import type { RowWriter } from "./output.ts";
import type { ObjectPlan } from "./plan.ts";
import {
  compileInline,
  constantBytes,
  countValues,
  createStepCompiler,
  type RowStep,
  type WriteRows,
} from "./row-code.ts";
import { SCOPE_NAMES, scopeOf, stepsOf } from "./row-fields.ts";

/** The fields that are lists of rows. */
const ROWS_TYPE = "HostResultConnection";
const ROW_FIELDS: readonly string[] = ["nodes", "edges"];

export const isRowField = (parentType: string, field: string): boolean =>
  parentType === ROWS_TYPE && ROW_FIELDS.includes(field);

/** A selection is compiled after this many rows: compiling takes about as long as writing them. */
const ROWS_BEFORE_COMPILING = 500;
/** Selections with more values are never compiled. The code takes about 7 kB per value. */
const MAX_INLINE_VALUES = 100;
/**
 * Limit of the cache of compiled selections, in values: about 35 MB. Least recently used selections are evicted first.
 */
const MAX_COMPILED_VALUES = 5_000;
/** Values that are written between two yields: two milliseconds of work. */
const VALUES_PER_SLICE = 40_000;

/** Creates a factory of row writers, which share a cache of compiled code. */
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
    const rowsPerSlice = Math.ceil(VALUES_PER_SLICE / Math.max(values, 1));
    /** Rows written with this selection, over all requests. */
    let written = 0;
    let interpreted: WriteRows | null = null;

    const writeRowsFor = (count: number): WriteRows => {
      written += count;
      if (written >= ROWS_BEFORE_COMPILING && values <= MAX_INLINE_VALUES) return compile(steps, values);
      interpreted ??= compiler.interpret(steps, SCOPE_NAMES);
      return interpreted;
    };

    return ({ step, connection }) => {
      // Filters and sorts now, because the walk needs the number of rows for the size check. The rows are written
      // later.
      const { rows } = connection.page();
      const write = (sink: JsonSink) => {
        const writeRows = writeRowsFor(rows.length);
        const scope = scopeOf({ step, results: hostResultsOf(step), connection });
        return writeInSlices(sink, rows, rowsPerSlice, (slice) => writeRows(sink, slice, scope));
      };
      return { minBytes: 2 + rows.length * minRowBytes, write };
    };
  };
}

/** Not a closure: that of a generator function would retain the table until the next major garbage collection. */
function* writeInSlices(
  sink: JsonSink,
  rows: Rows,
  rowsPerSlice: number,
  write: (slice: Rows) => void,
): Generator<void, void, void> {
  appendString(sink, "[");
  for (let begin = 0; begin < rows.length; begin += rowsPerSlice) {
    if (begin > 0) appendString(sink, ",");
    write(rows.subarray(begin, begin + rowsPerSlice));
    yield;
  }
  appendString(sink, "]");
}
