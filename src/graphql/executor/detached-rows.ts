/**
 * Host results leave the executor as finished JSON. Completing every field of every row by itself is nearly all
 * that an executor spends on 10 000 rows. So `nodes` and `edges` are leaves to it: their sub-selections are taken
 * out of the document, a writer makes the JSON, and a mark stands for it in the result until that is sent.
 */
import { randomUUID } from "node:crypto";
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { InvalidInput } from "../../model/invalid-input.ts";
import { createJsonSink, type JsonSink } from "./json-sink.ts";

/** JSON texts that belong into one result, in the place of their marks. */
export interface DetachedJson {
  /** Has a text written, and gives the mark that stands for it. */
  readonly write: (write: (sink: JsonSink) => void) => string;
  /** `result`, a JSON text, with what its marks stand for. Called once, when nothing more is written. */
  readonly attach: (result: string) => string | Buffer;
}

/** Most of what one result may hold: 50 pages of 10 000 rows. */
const MOST_BYTES = 256 * 2 ** 20;
/** Room to begin with: a page of 1 000 rows. */
const SINK_BYTES = 512 * 1024;
/** Sinks that wait for the next request. Larger ones are left to the garbage collector. */
const MOST_IDLE = 4;
const MOST_IDLE_BYTES = 8 * 2 ** 20;

/** Makes a `DetachedJson` for each result. They take turns with a few sinks, as fresh memory is dear. */
export function createDetachedJsonPool(): () => DetachedJson {
  const idle: JsonSink[] = [];
  const release = (sink: JsonSink) => {
    sink.length = 0;
    if (idle.length < MOST_IDLE && sink.bytes.length <= MOST_IDLE_BYTES) idle.push(sink);
  };

  return () => {
    let sink: JsonSink | undefined;
    // Known to nobody, so no text of the upstream can be taken for it.
    let mark = "";
    const ends: number[] = [];
    return {
      write: (write) => {
        sink ??= idle.pop() ?? createJsonSink(SINK_BYTES);
        mark ||= randomUUID();
        write(sink);
        if (sink.length > MOST_BYTES) {
          throw new InvalidInput(
            `Expected host results of an operation to take at most ${MOST_BYTES} bytes, got more. Ask for smaller pages.`,
          );
        }
        return `${mark}:${ends.push(sink.length) - 1}`;
      },
      attach: (result) => {
        if (!sink) return result;
        const [head = "", ...tails] = result.split(`"${mark}:`);
        const { bytes } = sink;
        const parts = tails.flatMap((tail) => {
          const index = Number.parseInt(tail, 10);
          const text = bytes.subarray(ends[index - 1] ?? 0, ends[index]);
          return [text, Buffer.from(tail.slice(tail.indexOf('"') + 1))];
        });
        const attached = Buffer.concat([Buffer.from(head), ...parts]);
        release(sink);
        sink = undefined;
        return attached;
      },
    };
  };
}

/** A field whose sub-selection was taken out of the document. */
interface DetachedField extends FieldNode {
  /** The field as it was. */
  readonly attached: FieldNode;
}

/** Fields of the public schema that are leaves of the execution schema, with the type of their rows. */
export const ROW_FIELDS = { nodes: "HostResult", edges: "HostResultEdge" } as const;
export const ROW_FIELDS_TYPE = "HostResultConnection";

/** Takes the sub-selections of row fields out of `document`, which is valid for the public `schema`. */
export function detachRows(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const types = new TypeInfo(schema);
  const detach = (node: FieldNode): DetachedField | undefined => {
    if (types.getParentType()?.name !== ROW_FIELDS_TYPE || !(node.name.value in ROW_FIELDS)) return undefined;
    const { selectionSet: _, ...leaf } = node;
    return { ...leaf, attached: node };
  };
  return visit(document, visitWithTypeInfo(types, { Field: { leave: detach } }));
}

/** The fields as they were in the document. */
export function attachedFields(nodes: readonly FieldNode[]): FieldNode[] {
  return nodes.map((node) => {
    // Every row field of the execution schema has been through `detachRows`.
    const { attached } = node as DetachedField;
    return attached;
  });
}
