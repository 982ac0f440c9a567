/**
 * Generates functions that write rows. A row takes about forty small writes. Over 10 000 rows, function calls between
 * them would cost more than the writes, so a selection becomes one function with one loop, and its state is in locals.
 *
 * The input is a list of steps, whose `code` is JavaScript. For `nodes { ip exitCode }`, shortened:
 *
 *     { kind: "constant", text: '{"ip":' }
 *     { kind: "value",    code: "…copy table.ip from start[row] to end[row]…", maxBytes: 6, moreBytes: "…length…" }
 *     { kind: "constant", text: ',"exitCode":' }
 *     { kind: "value",    code: "…at = putInteger(view, at, table.exitCode[row])…", maxBytes: 17 }
 *     { kind: "constant", text: "}" }
 *
 * The output of `compileInline` for these steps, shortened:
 *
 *     let { bytes, view, length: at } = sink;
 *     for (let index = 0; index < rows.length; index++) {
 *       const row = rows[index];
 *       const needed = 50 + …length…;                     // one reservation per row
 *       if (at + needed > bytes.length) { …reserve… }
 *       if (index > 0) bytes[at++] = 44;                  // a comma
 *       view.setInt32(at + 0, 1885938299, true);          // {"ip
 *       view.setInt32(at + 4, 14882, true); at += 6;      // ":
 *       …code of ip…
 *       view.setInt32(…);  … at += 12;                    // ,"exitCode":
 *       …code of exitCode…
 *       view.setInt32(at + 0, 125, true); at += 1;        // }
 *     }
 *     sink.length = at;
 *
 * Compiling pays off only after a few hundred rows, and a selection of thousands of aliases would become megabytes of
 * code. Such rows are interpreted: one compiled function per kind of step, called in a loop.
 *
 * No part of a document becomes code. Strings become numbers (the words of their bytes), and all identifiers are
 * defined in this file and in `row-fields.ts`.
 */
import {
  appendString,
  type Constant,
  createConstant,
  type JsonSink,
  putBytes,
  putConstant,
  putInteger,
  reserve,
} from "./json-sink.ts";

/** Values that the code of steps refers to, by name. */
export type Scope = Readonly<Record<string, unknown>>;

/**
 * Writes one value of a row. `code` is a list of statements that write at `at` and advance it by at most `maxBytes`
 * plus `moreBytes`, an expression that can use `row`. The code can use `row`, `sink`, `bytes`, `view`, `needed`, the
 * functions of `HELPERS` and the names of the scope.
 */
export interface ValueStep {
  readonly kind: "value";
  readonly code: string;
  readonly maxBytes: number;
  readonly moreBytes?: string;
}

export type RowStep =
  /** A string that is the same in every row. */
  | { readonly kind: "constant"; readonly text: string }
  | ValueStep
  /** Steps for rows for which the expression `test` is true; `null` for the others. */
  | { readonly kind: "optional"; readonly test: string; readonly steps: readonly RowStep[] };

/** Appends rows to the sink, separated by commas. */
export type WriteRows = (sink: JsonSink, rows: Uint32Array, scope: Scope) => void;

/** Functions that the code of steps can call. */
const HELPERS: Scope = {
  putConstant,
  putBytes,
  putInteger,
  reserve,
  /** Writes a string of any length at `at`. It may replace the buffer: read `bytes` and `view` again. */
  putString: (sink: JsonSink, at: number, text: string): number => {
    sink.length = at;
    appendString(sink, text);
    return sink.length;
  },
};

const COMMA = 0x2c;

/** Generates statements that write a string: one `setInt32` per four bytes. */
export function constantCode(text: string): string {
  const { length, words } = createConstant(text);
  const writes = Array.from(words, (word, index) => `view.setInt32(at + ${index * 4}, ${word}, true);`);
  return `${writes.join(" ")} at += ${length};`;
}

export const NULL_CODE = constantCode("null");

/** The size of a row without its values: nearly a lower bound of the size of the row. */
export const constantBytes = (steps: readonly RowStep[]): number =>
  steps.reduce((sum, step) => {
    if (step.kind === "constant") return sum + Buffer.byteLength(step.text);
    return sum + (step.kind === "value" ? 1 : "null".length);
  }, 1);

/** Number of values in a row, including those of optional steps. */
export const countValues = (steps: readonly RowStep[]): number =>
  steps.reduce((sum, step) => {
    if (step.kind === "optional") return sum + countValues(step.steps);
    return sum + (step.kind === "value" ? 1 : 0);
  }, 0);

/** Compiles all steps into one function. @param names the names of the scope */
export function compileInline(steps: readonly RowStep[], names: readonly string[]): WriteRows {
  // Space for the comma, and for the padding of the last word.
  let maxBytes = 8;
  /** The `moreBytes` of all values: a row reserves its maximum size once, before it is written. */
  const lengths: string[] = [];
  const codeOf = (step: RowStep): string => {
    switch (step.kind) {
      case "constant":
        maxBytes += Buffer.byteLength(step.text);
        return constantCode(step.text);
      case "value":
        maxBytes += step.maxBytes;
        if (step.moreBytes) lengths.push(step.moreBytes);
        return step.code;
      case "optional":
        maxBytes += 4;
        return `if (${step.test}) { ${step.steps.map(codeOf).join("\n")} } else { ${NULL_CODE} }`;
    }
  };
  const body = steps.map(codeOf).join("\n");
  const code = `"use strict";
    const { ${[...Object.keys(HELPERS), ...names].join(", ")} } = scope;
    let { bytes, view, length: at } = sink;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index];
      const needed = ${[maxBytes, ...lengths].join(" + ")};
      if (at + needed > bytes.length) {
        sink.length = at;
        reserve(sink, needed);
        ({ bytes, view } = sink);
      }
      if (index > 0) bytes[at++] = ${COMMA};
      ${body}
    }
    sink.length = at;`;
  const write = new Function("sink", "rows", "scope", code);
  return (sink, rows, scope) => void write(sink, rows, { ...HELPERS, ...scope });
}

/** Writes one value at `at`. @returns the offset after it */
type StepFunction = (sink: JsonSink, row: number, at: number) => number;
type StepFactory = (scope: Scope) => StepFunction;
type TestFactory = (scope: Scope) => (row: number) => boolean;

export interface StepCompiler {
  /**
   * Creates a loop over the steps. It takes 50 % longer per row than `compileInline`, but needs almost no preparation.
   */
  readonly interpret: (steps: readonly RowStep[], names: readonly string[]) => WriteRows;
}

export function createStepCompiler(): StepCompiler {
  /** Compiled steps by their code. There is one entry per field of a row. */
  const factories = new Map<string, StepFactory | TestFactory>();

  const compiled = <T extends StepFactory | TestFactory>(names: readonly string[], code: string): T => {
    const known = factories.get(code);
    const prelude = `"use strict"; const { ${[...Object.keys(HELPERS), ...names].join(", ")} } = scope;`;
    // The code determines which of the two types it is.
    const factory = (known ?? new Function("scope", `${prelude} ${code}`)) as T;
    factories.set(code, factory);
    return factory;
  };

  const valueFactory = ({ code, maxBytes, moreBytes }: ValueStep, names: readonly string[]): StepFactory =>
    compiled(
      names,
      `return (sink, row, at) => {
         const needed = ${maxBytes + 8}${moreBytes ? ` + ${moreBytes}` : ""};
         if (at + needed > sink.bytes.length) { sink.length = at; reserve(sink, needed); }
         let { bytes, view } = sink;
         ${code}
         return at; };`,
    );

  /** A compiled step. It is bound to a scope (table, constants) once per page. */
  type Bind = (scope: Scope) => StepFunction;

  const bindStep = (step: RowStep, names: readonly string[]): Bind => {
    switch (step.kind) {
      case "constant":
        return constantStep(createConstant(step.text));
      case "value":
        return valueFactory(step, names);
      case "optional": {
        const test = compiled<TestFactory>(names, `return (row) => ${step.test};`);
        const present = sequence(step.steps, names);
        const absent = constantStep(createConstant("null"));
        return (scope) => {
          const [holds, writePresent, writeAbsent] = [test(scope), present(scope), absent()];
          return (sink, row, at) => (holds(row) ? writePresent : writeAbsent)(sink, row, at);
        };
      }
    }
  };

  const sequence = (steps: readonly RowStep[], names: readonly string[]): Bind => {
    const binds = steps.map((step) => bindStep(step, names));
    return (scope) => {
      // Aliases repeat steps. Each distinct step is bound once.
      const bound = new Map<Bind, StepFunction>();
      const functions = binds.map((bind) => {
        const known = bound.get(bind) ?? bind(scope);
        bound.set(bind, known);
        return known;
      });
      return (sink, row, at) => functions.reduce((next, write) => write(sink, row, next), at);
    };
  };

  const interpret: StepCompiler["interpret"] = (steps, names) => {
    const bind = sequence(steps, names);
    return (sink, rows, scope) => {
      const writeRow = bind({ ...HELPERS, ...scope });
      for (const [index, row] of rows.entries()) {
        if (index > 0) appendString(sink, ",");
        sink.length = writeRow(sink, row, sink.length);
      }
    };
  };

  return { interpret };
}

const constantStep =
  (constant: Constant): (() => StepFunction) =>
  () =>
  (sink, _row, at) => {
    if (at + constant.length + 4 > sink.bytes.length) {
      sink.length = at;
      reserve(sink, constant.length + 4);
    }
    return putConstant(sink.view, at, constant);
  };
