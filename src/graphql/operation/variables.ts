/**
 * Coerces the variables of an operation. graphql-js inspects the input types for every request. Here a function is
 * built per variable, once per operation. It handles the values that clients normally send and bails out for all
 * others: then graphql-js coerces the variables or reports the errors.
 */
import {
  type GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getVariableValues,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
} from "graphql";
import { firstErrors } from "../errors.ts";
import { BAIL_OUT } from "../executor/arguments.ts";
import type { Variables } from "../executor/plan.ts";

/** Coerces variables as the GraphQL specification requires, including defaults. */
export type CoerceVariables = (
  variables: Variables,
) => { readonly coerced: Variables } | { readonly errors: readonly GraphQLError[] };

/** Maximum number of errors per request. Each message of graphql-js contains the whole value. */
const MAX_VARIABLE_ERRORS = 5;

type Coerce = (value: unknown) => unknown;

export function createCoerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): CoerceVariables {
  if (variableDefinitions.length === 0) return () => ({ coerced: {} });
  const coercers = variableDefinitions.map(({ variable, type }) => {
    const inputType = typeFromAST(schema, type as never) as GraphQLInputType | undefined;
    return [variable.name.value, inputType ? createCoerce(inputType) : () => BAIL_OUT] as const;
  });

  const coerceFast = (variables: Variables): Variables | null => {
    const coerced: Record<string, unknown> = {};
    for (const [name, coerce] of coercers) {
      const value =
        Object.hasOwn(variables, name) && name !== "__proto__" ? coerce(variables[name]) : BAIL_OUT;
      if (value === BAIL_OUT) return null;
      coerced[name] = value;
    }
    return coerced;
  };

  return (variables) => {
    const fast = coerceFast(variables);
    if (fast) return { coerced: fast };
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables, {
      maxErrors: MAX_VARIABLE_ERRORS,
    });
    return errors ? { errors: firstErrors(errors, MAX_VARIABLE_ERRORS) } : { coerced };
  };
}

function createCoerce(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = createCoerce(type.ofType);
    return (value) => (value === null ? BAIL_OUT : coerce(value));
  }
  const coerce = createCoerceValue(type);
  return (value) => (value === null ? null : coerce(value));
}

function createCoerceValue(type: GraphQLInputType): Coerce {
  if (isListType(type)) {
    const coerceItem = createCoerce(type.ofType);
    return (value) => {
      if (!Array.isArray(value)) return BAIL_OUT;
      const items = value.map(coerceItem);
      return items.includes(BAIL_OUT) ? BAIL_OUT : items;
    };
  }
  if (isInputObjectType(type)) return createCoerceObject(type);
  if (isEnumType(type)) {
    return (value) => (typeof value === "string" ? (type.getValue(value)?.value ?? BAIL_OUT) : BAIL_OUT);
  }
  switch (String(type)) {
    case "ID":
    case "String":
      return (value) => (typeof value === "string" ? value : BAIL_OUT);
    case "Int":
      return (value) => (typeof value === "number" && (value | 0) === value ? value : BAIL_OUT);
    case "Boolean":
      return (value) => (typeof value === "boolean" ? value : BAIL_OUT);
    default:
      return () => BAIL_OUT;
  }
}

function createCoerceObject(type: GraphQLInputObjectType): Coerce {
  // Input types can be recursive, so the function for a field is created on first use.
  const fields = Object.values(type.getFields()).map(({ name, type: fieldType, defaultValue }) => {
    let coerce: Coerce | null = null;
    return {
      name,
      defaultValue,
      isRequired: isNonNullType(fieldType) && defaultValue === undefined,
      coerce: (value: unknown) => {
        coerce ??= createCoerce(fieldType);
        return coerce(value);
      },
    };
  });
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return BAIL_OUT;
    const given = value as Readonly<Record<string, unknown>>;
    const coerced: Record<string, unknown> = {};
    let known = 0;
    for (const { name, defaultValue, isRequired, coerce } of fields) {
      if (Object.hasOwn(given, name)) {
        known += 1;
        const field = coerce(given[name]);
        if (field === BAIL_OUT) return BAIL_OUT;
        coerced[name] = field;
      } else if (defaultValue !== undefined) coerced[name] = defaultValue;
      else if (isRequired) return BAIL_OUT;
    }
    // A field that the type does not have is an error.
    return Object.keys(given).length === known ? coerced : BAIL_OUT;
  };
}
