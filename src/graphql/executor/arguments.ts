/**
 * Arguments of a field, prepared for its operation. graphql-js reads them from the document for every field that it
 * resolves; here literals are read once, and for the rest there is a function that takes them from the variables.
 */
import {
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
  type ObjectValueNode,
  type ValueNode,
  valueFromAST,
  visit,
} from "graphql";
import type { GraphQLContext } from "../context.ts";
import type { Variables } from "./plan.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** @throws GraphQLError for values that the field does not take. */
export type ReadArguments = (variables: Variables) => Arguments;

/** The variables lead to a value that only graphql-js knows what to do with: it is bad, or a default applies. */
const UNUSUAL = Symbol("unusual");

type Read = (variables: Variables) => unknown;

const NO_ARGUMENTS: Arguments = {};

export function createReadArguments(
  definition: GraphQLField<unknown, GraphQLContext>,
  node: FieldNode,
): ReadArguments {
  if (definition.args.length === 0) return () => NO_ARGUMENTS;
  // It reads the definitions of the arguments only.
  const field = definition as GraphQLField<unknown, unknown>;
  const readAny: ReadArguments = (variables) => getArgumentValues(field, node, variables);
  if (!hasVariables(node)) {
    let constant: Arguments | null = null;
    return (variables) => {
      constant ??= readAny(variables);
      return constant;
    };
  }
  const values = new Map((node.arguments ?? []).map(({ name, value }) => [name.value, value]));
  const readUsual = createReadFields(definition.args, values);
  return (variables) => {
    const usual = readUsual(variables);
    return usual === UNUSUAL ? readAny(variables) : (usual as Arguments);
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

/** Reads arguments, or the fields of an input object. */
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
      if (value === UNUSUAL) return UNUSUAL;
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
      return value === undefined || (value === null && isRequired) ? UNUSUAL : value;
    };
  }
  if (!hasVariables(node)) {
    const value = valueFromAST(node, type);
    return () => (value === undefined ? UNUSUAL : value);
  }
  const nullable = getNullableType(type);
  if (node.kind !== Kind.OBJECT || !isInputObjectType(nullable)) return () => UNUSUAL;
  return createReadFields(Object.values(nullable.getFields()), fieldsOf(node));
}

const fieldsOf = ({ fields }: ObjectValueNode): ReadonlyMap<string, ValueNode> =>
  new Map(fields.map(({ name, value }) => [name.value, value]));
