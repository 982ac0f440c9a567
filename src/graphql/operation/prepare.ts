/**
 * Prepares operations: parse, check limits, validate. The result is cached by document text and operation name. It is
 * immutable and shared by all requests with the same text, because it does not depend on variables, with one exception:
 * `@skip` and `@include` change which fields are selected, so there is one plan per combination of their values.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  separateOperations,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { ObserveLimit } from "../../model/limits.ts";
import type { Plan, PlanSource, Variables } from "../executor/plan.ts";
import type { Planner } from "../executor/planner.ts";
import { createCheckDocument } from "./check-document.ts";
import { withoutSuggestion } from "./introspection.ts";
import { checkSelections, type DocumentLimits } from "./operation-limits.ts";
import { isInvalid, type RequestErrors, requestErrors } from "./request-errors.ts";
import { type CoerceVariables, createCoerceVariables } from "./variables.ts";

/** One operation of a document. */
export interface Prepared extends PlanSource {
  /** Unique in this process. */
  readonly id: number;
  readonly name: string | null;
  readonly type: OperationTypeNode;
  readonly coerceVariables: CoerceVariables;
  /** The plan for these variables. */
  readonly planFor: (variables: Variables) => Plan;
  /** Estimated memory in bytes. */
  readonly bytes: number;
}

/** Prepares the operation named `operationName`, or the only operation of the document. */
export type Prepare = (text: string, operationName: string | null) => Prepared | RequestErrors;

export interface PrepareOptions {
  readonly schema: GraphQLSchema;
  readonly createPlan: Planner;
  /** Memory limit of the cache. Least recently used operations are evicted first. */
  readonly maxBytes: number;
  /** If false, introspection fields are invalid, and messages suggest no names of the schema. Default: true. */
  readonly introspection?: boolean;
  readonly limits: DocumentLimits;
  /** Observes documents that exceed a limit; null to observe none. Default: null. */
  readonly onLimit?: ObserveLimit | null;
}

export interface PrepareCache {
  readonly prepare: Prepare;
  /** Memory of the cached operations in bytes (estimated). */
  readonly cachedBytes: () => number;
}

/** Memory of a document per character, of a plan per field, and of the rest: measured on many documents, rounded up. */
const DOCUMENT_BYTES_PER_CHARACTER = 60;
const PLAN_BYTES_PER_FIELD = 1_500;
const PREPARED_BASE_BYTES = 4_000;

export function createPrepare({
  schema,
  createPlan,
  maxBytes,
  introspection = true,
  limits,
  onLimit = null,
}: PrepareOptions): PrepareCache {
  const checkDocument = createCheckDocument({ schema, introspection, limits, onLimit });
  const operations = new LRUCache<string, Prepared>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
  });
  let count = 0;

  const prepareNew = (text: string, operationName: string | null): Prepared | RequestErrors => {
    const document = checkDocument(text);
    if (isInvalid(document)) return document;
    const operation = findOperation(document, operationName);
    return typeof operation === "string"
      ? requestErrors([new GraphQLError(operation)], "OPERATION_RESOLUTION_FAILURE")
      : createPrepared(operation, text.length);
  };

  /** @param document one operation and the fragments that it uses */
  const createPrepared = (document: DocumentNode, textLength: number): Prepared => {
    const source = planSource(document);
    const { operation } = source;
    const coerceVariables = createCoerceVariables(schema, operation);
    const conditions = conditionVariables(document);
    const plans = Math.min(MAX_PLANS, 2 ** conditions.length);
    const fields = checkSelections(document, limits);
    return {
      ...source,
      id: count++,
      name: operation.name?.value ?? null,
      type: operation.operation,
      coerceVariables: introspection ? coerceVariables : hideSuggestions(coerceVariables),
      planFor: createPlans(source, conditions, createPlan),
      bytes:
        PREPARED_BASE_BYTES +
        textLength * DOCUMENT_BYTES_PER_CHARACTER +
        fields * plans * PLAN_BYTES_PER_FIELD,
    };
  };

  const prepare: Prepare = (text, operationName) => {
    // Names contain no line breaks, so the key is unambiguous.
    const key = `${operationName ?? ""}\n${text}`;
    const known = operations.get(key);
    if (known && (operationName === null || known.name === operationName)) return known;
    const prepared = prepareNew(text, operationName);
    if (!isInvalid(prepared)) operations.set(key, prepared);
    return prepared;
  };

  return { prepare, cachedBytes: () => operations.calculatedSize };
}

const hideSuggestions =
  (coerceVariables: CoerceVariables): CoerceVariables =>
  (variables) => {
    const result = coerceVariables(variables);
    return "errors" in result ? { errors: result.errors.map(withoutSuggestion) } : result;
  };

/** @returns a document with the operation and the fragments that it uses, or an error message */
function findOperation(document: DocumentNode, operationName: string | null): DocumentNode | string {
  const operations = Object.entries(separateOperations(document));
  const [only] = operations;
  if (operationName === null) {
    if (!only) return "Must provide an operation.";
    return operations.length === 1
      ? only[1]
      : "Must provide operation name if query contains multiple operations.";
  }
  // `separateOperations` uses the empty string for an operation without a name. As a name, it is invalid.
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

/** @returns the names of the variables in conditions (`@skip`, `@include`) */
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

/** Maximum number of cached plans per operation. Clients use few combinations of conditions. */
const MAX_PLANS = 8;

/** Creates the cache of an operation's plans, one per combination of condition values. */
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

/** A condition is true, false, or cannot be evaluated because its variable is null or undefined. */
const valueKey = (variables: Variables, name: string): string => {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === true ? "t" : value === false ? "f" : value === null ? "n" : "u";
};
