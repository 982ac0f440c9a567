/**
 * What `INTROSPECTION=false` changes: no introspection fields, and no names of the schema that a request does not
 * contain.
 */
import { type ASTVisitor, GraphQLError, type ValidationContext } from "graphql";

/** Validation rule: rejects `__schema` and `__type`. The rule of graphql-js also reports every field below them. */
export const noIntrospection = (context: ValidationContext): ASTVisitor => ({
  Field(node) {
    const name = node.name.value;
    if (name !== "__schema" && name !== "__type") return;
    const message = `Introspection is disabled: \`${name}\` cannot be selected. Ask the operators of this gateway for its SDL.`;
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});

/**
 * graphql-js ends messages with names of the schema that are similar to an unknown one. These names contain no `?`.
 *
 *     Cannot query field "nam" on type "JobInstance". Did you mean "name"?
 */
const SUGGESTION = / Did you mean [^?]*\?$/;

/** @returns the error without suggestions in its message */
export function withoutSuggestion(error: GraphQLError): GraphQLError {
  const message = error.message.replace(SUGGESTION, "");
  if (message === error.message) return error;
  const { nodes, source, positions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
  });
}
