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

/** JSON texts that belong into a result, in the place of their marks. */
export interface DetachedJson {
  /** Keeps `json` and gives the mark that stands for it. */
  readonly keep: (json: Buffer) => string;
  /** `result`, a JSON text, with what its marks stand for. */
  readonly attach: (result: string) => string | Buffer;
}

export function createDetachedJson(): DetachedJson {
  const kept: Buffer[] = [];
  // Known to nobody, so no text of the upstream can be taken for it.
  let mark = "";
  return {
    keep: (json) => {
      mark ||= randomUUID();
      return `${mark}:${kept.push(json) - 1}`;
    },
    attach: (result) => {
      if (kept.length === 0) return result;
      const [head = "", ...tails] = result.split(`"${mark}:`);
      const parts = tails.flatMap((tail) => {
        const end = tail.indexOf('"');
        return [kept[Number(tail.slice(0, end))] ?? Buffer.of(), Buffer.from(tail.slice(end + 1))];
      });
      return Buffer.concat([Buffer.from(head), ...parts]);
    },
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
