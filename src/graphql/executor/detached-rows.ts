/**
 * Host results leave the executor as finished rows. Completing every field of every row by itself is nearly all
 * that an executor spends on 10 000 rows. So `nodes` and `edges` are leaves to it: their sub-selections are taken
 * out of the document, and a projection makes the rows by them.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/** A field whose sub-selection was taken out of the document. */
export interface DetachedField extends FieldNode {
  /** The field as it was. */
  readonly attached: FieldNode;
}

/** Fields of the public schema that are leaves of the execution schema. */
const ROW_FIELDS: ReadonlySet<string> = new Set(["HostResultConnection.nodes", "HostResultConnection.edges"]);

/** Takes the sub-selections of row fields out of `document`, which is valid for the public `schema`. */
export function detachRows(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const types = new TypeInfo(schema);
  const detach = (node: FieldNode): DetachedField | undefined => {
    if (!ROW_FIELDS.has(`${types.getParentType()?.name}.${node.name.value}`)) return undefined;
    const { selectionSet: _, ...leaf } = node;
    return { ...leaf, attached: node };
  };
  return visit(document, visitWithTypeInfo(types, { Field: { leave: detach } }));
}

/** The fields as they were in the document. */
export function attachedFields(nodes: readonly FieldNode[]): FieldNode[] {
  return nodes.map((node) => {
    // Every row field that reaches the execution schema went through `detachRows`.
    const { attached } = node as DetachedField;
    return attached;
  });
}
