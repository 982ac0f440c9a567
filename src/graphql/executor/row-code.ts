/**
 * Functions that write rows. A row takes some forty small writes, and over 10 000 rows the calls between them cost more
 * than the writes. So the writes of a selection are put in line: one generated function, one loop, its state in locals.
 *
 * Steps are the source text of statements. For the selection `{ ip status }` the generated loop is, in short:
 *
 *     for (const row of rows) {
 *       make room; write a comma;
 *       write `{"ip":`            as constant 32-bit words
 *       copy the text of table.ip[row] or write `null`
 *       write `,"status":`; put the constant for table.statusCode[row]; write `}`
 *     }
 *
 * A page of a few rows does not earn back what compiling costs, and a selection of thousands of aliases would become
 * megabytes of code. Those run step by step instead, each kind of step compiled once for the whole process.
 *
 * Nothing of a document becomes code: texts get in as the numbers of their bytes, and all names are made here.
 */
import {
  type Constant,
  createConstant,
  type JsonSink,
  putBytes,
  putConstant,
  putInteger,
  reserve,
  writeString,
} from "./json-sink.ts";

/** Values that code refers to, by name. */
export type Scope = Readonly<Record<string, unknown>>;

/**
 * Statements that write one value of a row. They may use `row`, `sink`, `bytes`, `view`, the functions of `TOOLS` and
 * the names of the scope, write at `at`, and must advance it by no more than `maxBytes` plus the value of `moreBytes`,
 * an expression of `row`.
 */
export interface ValueStep {
  readonly kind: "value";
  readonly code: string;
  readonly maxBytes: number;
  readonly moreBytes?: string;
}

export type RowStep =
  /** A text that is the same in every row. */
  | { readonly kind: "constant"; readonly text: string }
  | ValueStep
  /** Steps for rows in which the expression `test` holds; the others get `null`. */
  | { readonly kind: "optional"; readonly test: string; readonly steps: readonly RowStep[] };

/** Appends rows to the sink, with commas between them. */
export type WriteRows = (sink: JsonSink, rows: Uint32Array, scope: Scope) => void;

/** What statements may call. */
const TOOLS: Scope = {
  putConstant,
  putBytes,
  putInteger,
  reserve,
  /** Appends a text of any length at `at`, after which `bytes` and `view` must be read again. */
  putString: (sink: JsonSink, at: number, text: string): number => {
    sink.length = at;
    writeString(sink, text);
    return sink.length;
  },
};

const COMMA = 0x2c;

/** Statements that write a text. */
export function setText(text: string): string {
  const { length, words } = createConstant(text);
  const writes = Array.from(words, (word, index) => `view.setInt32(at + ${index * 4}, ${word}, true);`);
  return `${writes.join(" ")} at += ${length};`;
}

const setNull = setText("null");

/** The bytes of a row that do not depend on its values: nearly a lower bound, as values are rarely empty. */
export const constantBytes = (steps: readonly RowStep[]): number =>
  steps.reduce((sum, step) => {
    if (step.kind === "constant") return sum + Buffer.byteLength(step.text);
    return sum + (step.kind === "value" ? 1 : "null".length);
  }, 1);

/** Values of a row, those of optional parts included. */
export const countValues = (steps: readonly RowStep[]): number =>
  steps.reduce((sum, step) => {
    if (step.kind === "optional") return sum + countValues(step.steps);
    return sum + (step.kind === "value" ? 1 : 0);
  }, 0);

/** One generated function with all steps in line. */
export function compileInline(steps: readonly RowStep[], names: readonly string[]): WriteRows {
  // The comma, and what the last word takes beyond its text.
  let maxBytes = 8;
  const lengths: string[] = [];
  const codeOf = (step: RowStep): string => {
    switch (step.kind) {
      case "constant":
        maxBytes += Buffer.byteLength(step.text);
        return setText(step.text);
      case "value":
        maxBytes += step.maxBytes;
        if (step.moreBytes) lengths.push(step.moreBytes);
        return step.code;
      case "optional":
        maxBytes += 4;
        return `if (${step.test}) { ${step.steps.map(codeOf).join("\n")} } else { ${setNull} }`;
    }
  };
  const body = steps.map(codeOf).join("\n");
  const code = `"use strict";
    const { ${[...Object.keys(TOOLS), ...names].join(", ")} } = scope;
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
  return (sink, rows, scope) => void write(sink, rows, { ...TOOLS, ...scope });
}

/** Writes one value; returns where the next byte goes. */
type StepFunction = (sink: JsonSink, row: number, at: number) => number;
type StepFactory = (scope: Scope) => StepFunction;
type TestFactory = (scope: Scope) => (row: number) => boolean;

export interface StepCompiler {
  /** A loop over the steps. Slower by half, at hardly any cost before the first row. */
  readonly interpret: (steps: readonly RowStep[], names: readonly string[]) => WriteRows;
}

export function createStepCompiler(): StepCompiler {
  /** By their code, of which there are as many as there are fields of rows. */
  const factories = new Map<string, StepFactory | TestFactory>();

  const compiled = <T extends StepFactory | TestFactory>(names: readonly string[], code: string): T => {
    const known = factories.get(code);
    const prelude = `"use strict"; const { ${[...Object.keys(TOOLS), ...names].join(", ")} } = scope;`;
    // The code says which of the two it is.
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
      // A step that occurs often is bound once.
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
      const writeRow = bind({ ...TOOLS, ...scope });
      for (const [index, row] of rows.entries()) {
        if (index > 0) writeString(sink, ",");
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
