/** Coercion of variables, prepared for an operation. */
import {
  type GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  type TypeNode,
} from "graphql";
import type { Variables } from "../executor/plan.ts";

/** Coerces variables as GraphQL does, defaults included. */
export type CoerceVariables = (
  variables: Variables,
) => { readonly coerced: Variables } | { readonly errors: readonly GraphQLError[] };

/** Maximum number of errors that are reported for the variables of one request. */
const MAX_ERRORS = 50;

export function createCoerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): CoerceVariables {
  if (variableDefinitions.length === 0) return () => ({ coerced: NO_VARIABLES });
  const names = variableDefinitions.map(({ variable }) => variable.name.value);
  const takesStrings = variableDefinitions.every(({ type }) => isStringType(type));
  return (variables) => {
    // Strings for IDs and strings, which is all that most operations take, are what they are coerced to.
    if (
      takesStrings &&
      names.every((name) => Object.hasOwn(variables, name) && typeof variables[name] === "string")
    ) {
      return { coerced: variables };
    }
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables, {
      maxErrors: MAX_ERRORS,
    });
    return errors ? { errors } : { coerced };
  };
}

const NO_VARIABLES: Variables = {};

function isStringType(type: TypeNode): boolean {
  if (type.kind === "NonNullType") return isStringType(type.type);
  return type.kind === "NamedType" && (type.name.value === "ID" || type.name.value === "String");
}
