/** A selection of every field of a type and everything below it, based on the SDL. */
import {
  buildSchema,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isAbstractType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { readSdl } from "../../src/graphql/schema.ts";

/** Values of required arguments. */
const ARGUMENTS: Readonly<Record<string, string>> = { stepInstanceId: '"1"' };

const schema = buildSchema(readSdl());

/** `{ … }` with all fields of `typeName`, for every possible type. */
export function wholeSelection(typeName: string): string {
  const type = schema.getType(typeName);
  if (type === undefined) throw new Error(`Expected the type ${typeName} in the SDL.`);
  return selectionOf(type);
}

function selectionOf(type: GraphQLNamedType): string {
  if (isAbstractType(type)) {
    const parts = schema.getPossibleTypes(type).map((each) => `... on ${each.name} ${selectionOf(each)}`);
    return `{ __typename ${parts.join(" ")} }`;
  }
  return isObjectType(type) ? `{ __typename ${Object.values(type.getFields()).map(select).join(" ")} }` : "";
}

function select({ name, type, args }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${ARGUMENTS[arg.name]}`);
  return `${name}${required.length > 0 ? `(${required.join(", ")})` : ""} ${selectionOf(getNamedType(type))}`;
}
