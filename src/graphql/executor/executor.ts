/**
 * Runs operations. The compiled executor makes code of an operation that comes again and writes its rows straight
 * to JSON; it answers exactly as graphql-js does, which runs what the compiler cannot.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import { getVariableValues } from "graphql/execution/values.js";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { GraphQLContext } from "../context.ts";
import { applyConditions, conditionVariables } from "./conditions.ts";
import { detachRows } from "./detached-rows.ts";
import { createExecutionSchema } from "./execution-schema.ts";

/** An operation of a document that is valid for the public schema. */
interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphQLContext;
}

export type Executor = (request: OperationRequest) => Promise<ExecutionResult>;

/** graphql-js on the public schema: what every other way of running an operation is measured against. */
export const createPlainExecutor =
  (schema: GraphQLSchema): Executor =>
  async ({ document, operationName, variables, context }) =>
    execute({ schema, document, operationName, variableValues: variables, contextValue: context });

/** Compiling costs some milliseconds, which an operation that never comes again would not earn back. */
const RUNS_BEFORE_COMPILING = 1;
/** Forms of one document, by what its conditions decide. */
const MOST_VARIANTS = 16;

/** An operation with its conditions decided. */
interface Variant {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  runs: number;
  /** Null when the compiler cannot. */
  compiled?: CompiledQuery | null;
}

/** A document that came, as far as it is understood. */
interface Known {
  /** Introspection tells of the public schema, so it must run on that. */
  readonly isIntrospective: boolean;
  readonly conditions: readonly string[] | null;
  /** By operation name and decided conditions, the least recently used first. */
  readonly variants: Map<string, Variant>;
}

export function createCompiledExecutor(schema: GraphQLSchema): Executor {
  const plain = createPlainExecutor(schema);
  const executionSchema = createExecutionSchema(schema);
  // Documents are kept by Apollo Server, in a cache of bounded size; what is known of them goes when they go.
  const documents = new WeakMap<DocumentNode, Known>();

  const knownOf = (document: DocumentNode): Known => {
    const known = documents.get(document) ?? {
      isIntrospective: isIntrospective(document),
      conditions: conditionVariables(document),
      variants: new Map(),
    };
    documents.set(document, known);
    return known;
  };

  const variantOf = (
    { conditions, variants }: Known,
    { document, operationName }: OperationRequest,
    variables: Readonly<Record<string, unknown>>,
  ): Variant | null => {
    const key = JSON.stringify([operationName, conditions?.map((name) => variables[name])]);
    const decided =
      variants.get(key) ?? createVariant(decide(document, conditions, variables), operationName);
    if (!decided) return null;
    variants.delete(key);
    variants.set(key, decided);
    const [oldest] = variants.keys();
    if (variants.size > MOST_VARIANTS && oldest !== undefined) variants.delete(oldest);
    return decided;
  };

  const createVariant = (document: DocumentNode | null, operationName: string | null): Variant | null => {
    if (!document) return null;
    const detached = detachRows(document, schema);
    const operation = getOperationAST(detached, operationName);
    return operation ? { document: detached, operation, runs: 0 } : null;
  };

  return async (request) => {
    const known = knownOf(request.document);
    const operation = getOperationAST(request.document, request.operationName);
    if (!operation || known.isIntrospective) return plain(request);
    const definitions = operation.variableDefinitions ?? [];
    // graphql-jit ignores defaults of input fields and of non-null variables, so variables are coerced here.
    const variables = getVariableValues(executionSchema, definitions, request.variables, { maxErrors: 50 });
    if (variables.errors) return { errors: variables.errors };
    const variant = variantOf(known, request, variables.coerced);
    // Conditions that cannot be decided are an error, which graphql-js puts where it belongs.
    if (!variant) return plain(request);
    if (variant.runs >= RUNS_BEFORE_COMPILING) variant.compiled ??= compile(executionSchema, variant);
    variant.runs += 1;
    if (variant.compiled)
      return withErrors(await variant.compiled.query({}, request.context, variables.coerced));
    return execute({
      schema: executionSchema,
      document: variant.document,
      operationName: request.operationName,
      variableValues: request.variables,
      contextValue: request.context,
    });
  };
}

/** The document with its conditions decided; null when a variable leaves one undecided. */
function decide(
  document: DocumentNode,
  conditions: readonly string[] | null,
  variables: Readonly<Record<string, unknown>>,
): DocumentNode | null {
  if (conditions === null) return document;
  return conditions.every((name) => typeof variables[name] === "boolean")
    ? applyConditions(document, variables)
    : null;
}

function compile(schema: GraphQLSchema, { document, operation }: Variant): CompiledQuery | null {
  const compiled = compileQuery(schema, document, operation.name?.value);
  return isCompiledQuery(compiled) ? compiled : null;
}

/** graphql-jit's errors lack `extensions`, which whoever handles errors of graphql-js relies on. */
function withErrors(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  const errors = result.errors.map(({ message, path, originalError, locations }) =>
    Object.assign(new GraphQLError(message, { path, originalError }), { locations }),
  );
  return { ...result, errors };
}

function isIntrospective(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    [Kind.FIELD]: ({ name: { value } }) => {
      found ||= value === "__schema" || value === "__type";
    },
  });
  return found;
}
