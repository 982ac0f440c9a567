/** The gateway serves exactly the SDL files, and they describe everything. */
import {
  buildClientSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { expect, it } from "vitest";
import { useGateway } from "../support/gateway.ts";
import { readSchemaFiles } from "./sdl.ts";

it("serves exactly the schema of the files, including descriptions", async () => {
  const { ask } = await useGateway();

  const { data, errors } = await ask(
    getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }),
  );

  expect(errors).toBeUndefined();
  const print = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema));
  expect(print(buildClientSchema(data))).toBe(print(readSchemaFiles()));
});

it("describes every type, field, argument, input field and enum value", () => {
  const undescribed = describable(readSchemaFiles()).filter(([, description]) => !description?.trim());

  expect(undescribed.map(([name]) => name)).toEqual([]);
});

/** Every type, field, argument, input field and enum value, as `Type.field(argument)`. */
function describable(schema: GraphQLSchema): [name: string, description: string | null | undefined][] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => [[type.name, type.description], ...membersOf(type)]);
}

function membersOf(type: GraphQLNamedType): [string, string | null | undefined][] {
  if (isEnumType(type)) {
    return type.getValues().map(({ name, description }) => [`${type.name}.${name}`, description]);
  }
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map(({ name, description }) => [
      `${type.name}.${name}`,
      description,
    ]);
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    [`${type.name}.${field.name}`, field.description] as [string, typeof field.description],
    ...field.args.map(({ name, description }): [string, typeof description] => [
      `${type.name}.${field.name}(${name})`,
      description,
    ]),
  ]);
}
