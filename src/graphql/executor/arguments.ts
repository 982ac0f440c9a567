/**
 * Reads the arguments of a field. graphql-js converts them from the document every time it resolves the field. Here,
 * constant arguments are converted once; for all others, a function is built that reads them from the variables.
 */
import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  getArgumentValues,
  getNullableType,
  isInputObjectType,
  isNonNullType,
  Kind,
  type ObjectFieldNode,
  type ValueNode,
  valueFromAST,
  visit,
} from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { Variables } from "./plan.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** @throws GraphQLError for invalid values */
export type ReadArguments = (variables: Variables) => Arguments;

/** The fast path cannot handle a value: it is invalid, or a variable is missing so that a default applies. */
export const BAIL_OUT = Symbol("bail out");

type Read = (variables: Variables) => unknown;

const NO_ARGUMENTS: Arguments = {};

export function createReadArguments(
  definition: GraphQLField<unknown, GraphQLContext>,
  node: FieldNode,
): ReadArguments {
  if (definition.args.length === 0) return () => NO_ARGUMENTS;
  // `getArgumentValues` uses only the argument definitions of the field, so the type of the context does not matter.
  const field = definition as GraphQLField<unknown, unknown>;
  const readWithGraphqlJs: ReadArguments = (variables) => getArgumentValues(field, node, variables);
  if (!hasVariables(node)) {
    let constant: Arguments | null = null;
    return (variables) => {
      constant ??= readWithGraphqlJs(variables);
      return constant;
    };
  }
  const readFast = createReadFields(definition.args, valuesByName(node.arguments));
  return (variables) => {
    const fast = readFast(variables);
    return fast === BAIL_OUT ? readWithGraphqlJs(variables) : (fast as Arguments);
  };
}

function hasVariables(node: FieldNode | ValueNode): boolean {
  let found = false;
  for (const part of node.kind === Kind.FIELD ? (node.arguments ?? []) : [node]) {
    visit(part, {
      [Kind.VARIABLE]: () => {
        found = true;
      },
    });
  }
  return found;
}

/** Creates the reader of arguments, or of the fields of an input object. */
function createReadFields(
  definitions: readonly (GraphQLArgument | GraphQLInputField)[],
  values: ReadonlyMap<string, ValueNode>,
): Read {
  const fields = definitions.flatMap(({ name, type, defaultValue }) => {
    const node = values.get(name);
    if (node) return [{ name, read: createReadValue(type, node) }];
    return defaultValue === undefined ? [] : [{ name, read: () => defaultValue }];
  });
  return (variables) => {
    const read: Record<string, unknown> = {};
    for (const field of fields) {
      const value = field.read(variables);
      if (value === BAIL_OUT) return BAIL_OUT;
      read[field.name] = value;
    }
    return read;
  };
}

function createReadValue(type: GraphQLInputType, node: ValueNode): Read {
  if (node.kind === Kind.VARIABLE) {
    const name = node.name.value;
    const isRequired = isNonNullType(type);
    return (variables) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      return value === undefined || (value === null && isRequired) ? BAIL_OUT : value;
    };
  }
  if (!hasVariables(node)) {
    const value = valueFromAST(node, type);
    return () => (value === undefined ? BAIL_OUT : value);
  }
  const nullable = getNullableType(type);
  if (node.kind !== Kind.OBJECT || !isInputObjectType(nullable)) return () => BAIL_OUT;
  return createReadFields(Object.values(nullable.getFields()), valuesByName(node.fields));
}

const valuesByName = (
  nodes: readonly (ArgumentNode | ObjectFieldNode)[] = [],
): ReadonlyMap<string, ValueNode> => new Map(nodes.map(({ name, value }) => [name.value, value]));
