/**
 * Code that writes rows. A row takes some forty small writes, and over 10 000 rows the calls between them cost more
 * than the writes. So the writes of a selection are put in line: one function, one loop, its state in locals.
 *
 * Nothing of a document becomes code: texts get in as the numbers of their bytes, and all names are made here.
 */
import {
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

/** Writes the rows with these numbers as a list, without its brackets. */
type WriteRows = (sink: JsonSink, rows: Uint32Array, scope: Scope) => void;

export interface RowCode {
  /** Writes a text that is the same in each row. */
  readonly constant: (text: string) => void;
  /**
   * Adds statements. They may use `row`, `sink`, `bytes`, `view`, the functions of `TOOLS` and names of the scope,
   * write at `at` and must advance it by no more than `most` and the value of `more`, an expression of `row`.
   */
  readonly statements: (code: string, most: number, more?: string) => void;
  /** The function, for scopes with these names. */
  readonly compile: (names: readonly string[]) => WriteRows;
}

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

export function createRowCode(): RowCode {
  const statements: string[] = [];
  const lengths: string[] = [];
  // The comma, and what a last word takes beyond its text.
  let most = 8;

  const constant = (text: string) => {
    statements.push(setText(text));
    most += Buffer.byteLength(text);
  };

  const compile = (names: readonly string[]): WriteRows => {
    const code = `"use strict";
      const { ${[...Object.keys(TOOLS), ...names].join(", ")} } = scope;
      const most = ${most};
      let { bytes, view, length: at } = sink;
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index];
        const needed = ${["most", ...lengths].join(" + ")};
        if (at + needed > bytes.length) {
          sink.length = at;
          reserve(sink, needed);
          ({ bytes, view } = sink);
        }
        if (index > 0) bytes[at++] = ${COMMA};
        ${statements.join("\n")}
      }
      sink.length = at;`;
    const write = new Function("sink", "rows", "scope", code);
    return (sink, rows, scope) => void write(sink, rows, { ...TOOLS, ...scope });
  };

  return {
    constant,
    statements: (code, atMost, more) => {
      statements.push(code);
      most += atMost;
      if (more) lengths.push(more);
    },
    compile,
  };
}
