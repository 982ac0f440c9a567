/**
 * `@skip` and `@include`, applied before execution: what is left of a document is the same for everyone who
 * reads it. graphql-jit evaluates them per merged field, which does not tell whose sub-selection a condition is.
 */
import {
  type ASTNode,
  type DocumentNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  visit,
} from "graphql";

type Variables = Readonly<Record<string, unknown>>;

/** True when the selection is part of the operation under these variables. */
export function isIncluded(node: SelectionNode, variables: Variables): boolean {
  if (!node.directives?.length) return true;
  const skip = getDirectiveValues(GraphQLSkipDirective, node, variables);
  const include = getDirectiveValues(GraphQLIncludeDirective, node, variables);
  return skip?.if !== true && include?.if !== false;
}

/** Names of the variables that conditions depend on; null when the document has no conditions. */
export function conditionVariables(document: DocumentNode): readonly string[] | null {
  const names = new Set<string>();
  let hasConditions = false;
  visit(document, {
    Directive({ name, arguments: args = [] }) {
      if (name.value !== "skip" && name.value !== "include") return;
      hasConditions = true;
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return hasConditions ? [...names] : null;
}

/** The document without its conditions, and without what they exclude. */
export function applyConditions(document: DocumentNode, variables: Variables): DocumentNode {
  const decide = (node: SelectionNode): ASTNode | null | undefined => {
    if (!isIncluded(node, variables)) return null;
    return node.directives?.length ? { ...node, directives: [] } : undefined;
  };
  return visit(document, { Field: decide, InlineFragment: decide, FragmentSpread: decide });
}
