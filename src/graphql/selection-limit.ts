/**
 * A limit of what an operation selects, counted as it would be written without fragments. Fragments that spread each
 * other multiply: a text of a few hundred bytes could otherwise ask for billions of fields.
 */
import { type ASTVisitor, GraphQLError, Kind, type SelectionSetNode, type ValidationContext } from "graphql";

/** Every field of the schema selected once is about 150. */
const MOST_SELECTIONS = 5_000;

/** A validation rule. */
export function limitSelections(context: ValidationContext): ASTVisitor {
  const known = new Map<string, number>();

  const countFragment = (name: string): number => {
    const counted = known.get(name);
    if (counted !== undefined) return counted;
    // A fragment that leads to itself is another rule's business; it must only end here.
    known.set(name, 0);
    const fragment = context.getFragment(name);
    const count = fragment ? countSelections(fragment.selectionSet) : 0;
    known.set(name, count);
    return count;
  };

  const countSelections = ({ selections }: SelectionSetNode): number =>
    selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return sum + countFragment(selection.name.value);
      const inner = selection.selectionSet ? countSelections(selection.selectionSet) : 0;
      return sum + inner + (selection.kind === Kind.FIELD ? 1 : 0);
    }, 0);

  return {
    OperationDefinition(operation) {
      const count = countSelections(operation.selectionSet);
      if (count <= MOST_SELECTIONS) return;
      const message = `Expected an operation to select at most ${MOST_SELECTIONS} fields, fragments counted each time, got ${count}. Split it.`;
      context.reportError(new GraphQLError(message, { nodes: operation }));
    },
  };
}
