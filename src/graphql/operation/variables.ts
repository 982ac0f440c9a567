/**
 * Coercion of variables, prepared for an operation. graphql-js looks at the types of the schema again for every request;
 * here a function is made for each variable once. It knows values of the form that clients send. For every other value
 * it gives up, and graphql-js coerces the variables or finds the words for what is wrong.
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
import type { Variables } from "../executor/plan.ts";
import { firstErrors } from "./first-errors.ts";

/** Coerces variables as GraphQL does, defaults included. */
export type CoerceVariables = (
  variables: Variables,
) => { readonly coerced: Variables } | { readonly errors: readonly GraphQLError[] };

/** Errors that are reported for the variables of one request: each has the whole value in its message at first. */
const MAX_ERRORS = 5;

/** The value is not of the usual form. */
const UNUSUAL = Symbol("unusual");

type Coerce = (value: unknown) => unknown;

export function createCoerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): CoerceVariables {
  if (variableDefinitions.length === 0) return () => ({ coerced: {} });
  const coercers = variableDefinitions.map(({ variable, type }) => {
    const inputType = typeFromAST(schema, type as never) as GraphQLInputType | undefined;
    return [variable.name.value, inputType ? createCoerce(inputType) : () => UNUSUAL] as const;
  });

  const coerceUsual = (variables: Variables): Variables | null => {
    const coerced: Record<string, unknown> = {};
    for (const [name, coerce] of coercers) {
      const value =
        Object.hasOwn(variables, name) && name !== "__proto__" ? coerce(variables[name]) : UNUSUAL;
      if (value === UNUSUAL) return null;
      coerced[name] = value;
    }
    return coerced;
  };

  return (variables) => {
    const usual = coerceUsual(variables);
    if (usual) return { coerced: usual };
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables, {
      maxErrors: MAX_ERRORS,
    });
    return errors ? { errors: firstErrors(errors, MAX_ERRORS) } : { coerced };
  };
}

function createCoerce(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = createCoerce(type.ofType);
    return (value) => (value === null ? UNUSUAL : coerce(value));
  }
  const coerce = createCoerceValue(type);
  return (value) => (value === null ? null : coerce(value));
}

function createCoerceValue(type: GraphQLInputType): Coerce {
  if (isListType(type)) {
    const coerceItem = createCoerce(type.ofType);
    return (value) => {
      if (!Array.isArray(value)) return UNUSUAL;
      const items = value.map(coerceItem);
      return items.includes(UNUSUAL) ? UNUSUAL : items;
    };
  }
  if (isInputObjectType(type)) return createCoerceObject(type);
  if (isEnumType(type)) {
    return (value) => (typeof value === "string" ? (type.getValue(value)?.value ?? UNUSUAL) : UNUSUAL);
  }
  switch (String(type)) {
    case "ID":
    case "String":
      return (value) => (typeof value === "string" ? value : UNUSUAL);
    case "Int":
      return (value) => (typeof value === "number" && (value | 0) === value ? value : UNUSUAL);
    case "Boolean":
      return (value) => (typeof value === "boolean" ? value : UNUSUAL);
    default:
      return () => UNUSUAL;
  }
}

function createCoerceObject(type: GraphQLInputObjectType): Coerce {
  // Types can contain each other, so what coerces a field is made when it is first needed.
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
    if (typeof value !== "object" || value === null || Array.isArray(value)) return UNUSUAL;
    const given = value as Readonly<Record<string, unknown>>;
    const coerced: Record<string, unknown> = {};
    let known = 0;
    for (const { name, defaultValue, isRequired, coerce } of fields) {
      if (Object.hasOwn(given, name)) {
        known += 1;
        const field = coerce(given[name]);
        if (field === UNUSUAL) return UNUSUAL;
        coerced[name] = field;
      } else if (defaultValue !== undefined) coerced[name] = defaultValue;
      else if (isRequired) return UNUSUAL;
    }
    // Fields that the type does not have are an error.
    return Object.keys(given).length === known ? coerced : UNUSUAL;
  };
}
