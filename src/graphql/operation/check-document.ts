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
import type { ObserveLimit } from "../../model/limits.ts";
import { firstErrors } from "../errors.ts";
import { noIntrospection, withoutSuggestion } from "./introspection.ts";
import { checkSelections, checkTokens, type DocumentLimits, LimitExceeded } from "./operation-limits.ts";
import { type RequestErrors, requestErrors } from "./request-errors.ts";

/** @returns the parsed document, or what is wrong with it */
export type CheckDocument = (text: string) => DocumentNode | RequestErrors;

export interface CheckDocumentOptions {
  readonly schema: GraphQLSchema;
  /** If false, introspection fields are invalid, and messages suggest no names of the schema. */
  readonly introspection: boolean;
  readonly limits: DocumentLimits;
  /** Observes documents that exceed a limit; null to observe none. */
  readonly onLimit: ObserveLimit | null;
}

/** Maximum number of validation errors in a response. */
const MAX_VALIDATION_ERRORS = 100;

export function createCheckDocument({
  schema,
  introspection,
  limits,
  onLimit,
}: CheckDocumentOptions): CheckDocument {
  const rules = introspection ? specifiedRules : [...specifiedRules, noIntrospection];
  const reject = (error: unknown, code: string): RequestErrors => {
    if (!(error instanceof LimitExceeded)) return requestErrors([error], code);
    onLimit?.(error.limit);
    return { ...requestErrors([error], code), reason: error.limit };
  };
  return (text) => {
    let document: DocumentNode;
    try {
      checkTokens(text, limits);
      document = parse(text);
    } catch (error) {
      return reject(error, "GRAPHQL_PARSE_FAILED");
    }
    try {
      checkSelections(document, limits);
    } catch (error) {
      return reject(error, "GRAPHQL_VALIDATION_FAILED");
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
