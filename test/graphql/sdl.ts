/** The SDL files, read without the program. */
import { readdirSync, readFileSync } from "node:fs";
import { buildSchema, type GraphQLEnumType, type GraphQLSchema, isEnumType } from "graphql";

const FOLDER = new URL("../../schema/", import.meta.url);

/** The schema of `schema/*.graphql`. */
export const readSchemaFiles = (): GraphQLSchema =>
  buildSchema(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith(".graphql"))
      .map((name) => readFileSync(new URL(name, FOLDER), "utf8"))
      .join("\n"),
  );

/** The values of an enum in the SDL. */
export function enumValues(name: string): ReturnType<GraphQLEnumType["getValues"]> {
  const type = readSchemaFiles().getType(name);
  if (!isEnumType(type)) throw new Error(`Expected ${name} to be an enum.`);
  return type.getValues();
}
