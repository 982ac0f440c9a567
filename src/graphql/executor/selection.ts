/** The fields that a selection asks of an object type, as the GraphQL specification collects them. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  Kind,
  type SelectionSetNode,
} from "graphql";

export type Fragments = GraphQLResolveInfo["fragments"];

/** The fragments of a document by name. */
export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}

/**
 * Fields by response key, in the order in which they first occur.
 * @param nodes fields that all stand for one response key and return `type`, of a document without conditions.
 */
export function collectFields(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  fragments: Fragments,
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const unspread = (name: string): FragmentDefinitionNode | undefined => {
    if (spread.has(name)) return undefined;
    spread.add(name);
    return fragments[name];
  };
  const applies = (condition: string | undefined) => condition === undefined || condition === type.name;
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const known = fields.get(key);
        if (known) known.push(selection);
        else fields.set(key, [selection]);
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : unspread(selection.name.value);
        if (fragment && applies(fragment.typeCondition?.name.value)) collect(fragment.selectionSet);
      }
    }
  };
  for (const { selectionSet } of nodes) if (selectionSet) collect(selectionSet);
  return fields;
}
