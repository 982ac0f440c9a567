/**
 * Prepares operations: parse → limits → validate, once for each text. What is prepared is immutable, depends on the
 * text alone, and is shared by all requests that send the same text. What depends on variables is computed for a
 * request, from a plan: there is one for each combination of values that conditions have had.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  parse,
  separateOperations,
  validate,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import { formatError } from "../errors.ts";
import type { Plan, PlanSource, Variables } from "../executor/plan.ts";
import type { Planner } from "../executor/planner.ts";
import { firstErrors } from "./first-errors.ts";
import { checkNesting, checkSelections, MAX_TOKENS } from "./operation-limits.ts";
import { type CoerceVariables, createCoerceVariables } from "./variables.ts";

/** One operation of a document. */
export interface Prepared extends PlanSource {
  /** Tells operations apart: no two have the same, in one process. */
  readonly id: number;
  readonly name: string | null;
  readonly type: OperationTypeNode;
  readonly coerceVariables: CoerceVariables;
  /** The plan under these variables. */
  readonly planFor: (variables: Variables) => Plan;
  /** About the memory that it takes, in bytes. */
  readonly bytes: number;
}

/** Why there is nothing to run: errors as the response shows them. */
export interface Refusal {
  readonly errors: readonly GraphQLFormattedError[];
}

export const isRefusal = (value: Prepared | Refusal): value is Refusal => "errors" in value;

/** Finds the operation of a text that `operationName` names, or the only one. */
export type Prepare = (text: string, operationName: string | null) => Prepared | Refusal;

export interface PrepareOptions {
  readonly schema: GraphQLSchema;
  readonly createPlan: Planner;
  /** Memory limit for prepared operations; the least recently used are evicted first. */
  readonly maxBytes: number;
}

/** What a document takes for each character, and a plan for each field: measured on many shapes, and rounded up. */
const BYTES_PER_CHARACTER = 60;
const BYTES_PER_FIELD = 1_500;
const BASE_BYTES = 4_000;

/** Validation errors that are listed for a document. */
const MAX_ERRORS = 100;

export function createPrepare({ schema, createPlan, maxBytes }: PrepareOptions): Prepare {
  const operations = new LRUCache<string, Prepared>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
  });
  let count = 0;

  const prepareNew = (text: string, operationName: string | null): Prepared | Refusal => {
    let document: DocumentNode;
    try {
      checkNesting(text);
      document = parse(text, { maxTokens: MAX_TOKENS });
    } catch (error) {
      return refusal([error], "GRAPHQL_PARSE_FAILED");
    }
    try {
      checkSelections(document);
    } catch (error) {
      return refusal([error], "GRAPHQL_VALIDATION_FAILED");
    }
    const found = validate(schema, document, undefined, { maxErrors: MAX_ERRORS });
    const errors = [...rootTypeErrors(schema, document), ...firstErrors(found, MAX_ERRORS)];
    if (errors.length > 0) return refusal(errors, "GRAPHQL_VALIDATION_FAILED");
    const operation = findOperation(document, operationName);
    return typeof operation === "string"
      ? refusal([new GraphQLError(operation)], "OPERATION_RESOLUTION_FAILURE")
      : createPrepared(operation, text.length);
  };

  /** @param document one operation with the fragments that it uses. */
  const createPrepared = (document: DocumentNode, textLength: number): Prepared => {
    const source = planSource(document);
    const { operation } = source;
    const conditions = conditionVariables(document);
    const plans = Math.min(MAX_PLANS, 2 ** conditions.length);
    const fields = checkSelections(document);
    return {
      ...source,
      id: count++,
      name: operation.name?.value ?? null,
      type: operation.operation,
      coerceVariables: createCoerceVariables(schema, operation),
      planFor: createPlans(source, conditions, createPlan),
      bytes: BASE_BYTES + textLength * BYTES_PER_CHARACTER + fields * plans * BYTES_PER_FIELD,
    };
  };

  return (text, operationName) => {
    // No name has a line break.
    const key = `${operationName ?? ""}\n${text}`;
    const known = operations.get(key);
    if (known && (operationName === null || known.name === operationName)) return known;
    const prepared = prepareNew(text, operationName);
    if (!isRefusal(prepared)) operations.set(key, prepared);
    return prepared;
  };
}

/** graphql-js finds operations of a kind that the schema does not have valid, and fails to run them. */
function rootTypeErrors(schema: GraphQLSchema, { definitions }: DocumentNode): GraphQLError[] {
  return definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(definition.operation)) return [];
    return [new GraphQLError(`This API has no ${definition.operation}s.`, { nodes: definition })];
  });
}

function refusal(errors: readonly unknown[], code: string): Refusal {
  const formatted = errors.map((error) => {
    const shown = error instanceof GraphQLError ? error.toJSON() : { message: String(error) };
    return formatError({ ...shown, extensions: { ...shown.extensions, code } }, error);
  });
  return { errors: formatted };
}

/** The operation to run, with the fragments that it uses; else why there is none. */
function findOperation(document: DocumentNode, operationName: string | null): DocumentNode | string {
  const operations = Object.entries(separateOperations(document));
  const [only] = operations;
  if (operationName === null) {
    if (!only) return "Must provide an operation.";
    return operations.length === 1
      ? only[1]
      : "Must provide operation name if query contains multiple operations.";
  }
  // The empty string is no name, though the operation without one is found by it.
  const found = operations.find(([name]) => name === operationName && name !== "");
  return found ? found[1] : `Unknown operation named ${JSON.stringify(operationName)}.`;
}

function planSource(document: DocumentNode): PlanSource {
  let operation: OperationDefinitionNode | undefined;
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operation = definition;
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  if (!operation) throw new Error("Expected a separated document to have an operation.");
  return { operation, fragments };
}

/** Names of the variables that conditions depend on. */
function conditionVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: args = [] }) {
      if (name.value !== "skip" && name.value !== "include") return;
      for (const { value } of args) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

/** Combinations of values of conditions whose plans are kept: an operation has few that clients really use. */
const MAX_PLANS = 8;

/** One plan for each combination of values of the conditions, as they change which fields come in which order. */
function createPlans(
  source: PlanSource,
  conditions: readonly string[],
  createPlan: Planner,
): (variables: Variables) => Plan {
  if (conditions.length === 0) {
    let only: Plan | null = null;
    return (variables) => {
      only ??= createPlan(source, variables);
      return only;
    };
  }
  const plans = new LRUCache<string, Plan>({ max: MAX_PLANS });
  return (variables) => {
    const key = conditions.map((name) => valueKey(variables, name)).join("");
    const known = plans.get(key);
    if (known) return known;
    const plan = createPlan(source, variables);
    plans.set(key, plan);
    return plan;
  };
}

/** Conditions are true, false, or undecidable: null, or without a value. */
const valueKey = (variables: Variables, name: string): string => {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === true ? "t" : value === false ? "f" : value === null ? "n" : "u";
};
