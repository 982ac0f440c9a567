/** Checks documents: parses them, checks limits, validates them against the schema. */
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { firstErrors } from "../errors.ts";
import { noIntrospection, withoutSuggestion } from "./introspection.ts";
import { checkNesting, checkSelections, MAX_TOKENS } from "./operation-limits.ts";
import { type RequestErrors, requestErrors } from "./request-errors.ts";

/** @returns the parsed document, or what is wrong with it */
export type CheckDocument = (text: string) => DocumentNode | RequestErrors;

export interface CheckDocumentOptions {
  readonly schema: GraphQLSchema;
  /** If false, introspection fields are invalid, and messages suggest no names of the schema. */
  readonly introspection: boolean;
}

/** Maximum number of validation errors in a response. */
const MAX_VALIDATION_ERRORS = 100;

export function createCheckDocument({ schema, introspection }: CheckDocumentOptions): CheckDocument {
  const rules = introspection ? specifiedRules : [...specifiedRules, noIntrospection];
  return (text) => {
    let document: DocumentNode;
    try {
      checkNesting(text);
      document = parse(text, { maxTokens: MAX_TOKENS });
    } catch (error) {
      return requestErrors([error], "GRAPHQL_PARSE_FAILED");
    }
    try {
      checkSelections(document);
    } catch (error) {
      return requestErrors([error], "GRAPHQL_VALIDATION_FAILED");
    }
    const found = validate(schema, document, rules, { maxErrors: MAX_VALIDATION_ERRORS });
    const shown = introspection ? found : found.map(withoutSuggestion);
    const errors = [...rootTypeErrors(schema, document), ...firstErrors(shown, MAX_VALIDATION_ERRORS)];
    return errors.length > 0 ? requestErrors(errors, "GRAPHQL_VALIDATION_FAILED") : document;
  };
}

/** For graphql-js, operations of a type that the schema does not have are valid, but cannot be executed. */
function rootTypeErrors(schema: GraphQLSchema, { definitions }: DocumentNode): GraphQLError[] {
  return definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(definition.operation)) return [];
    return [new GraphQLError(`This API has no ${definition.operation}s.`, { nodes: definition })];
  });
}
