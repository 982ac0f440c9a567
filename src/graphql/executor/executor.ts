/**
 * Runs operations. The compiled executor makes code of an operation that comes again and writes its rows straight
 * to JSON; it answers exactly as graphql-js does, which runs what the compiler cannot.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  separateOperations,
  type TypeNode,
  visit,
} from "graphql";
import { getVariableValues } from "graphql/execution/values.js";
import { type CompiledQuery, compileQuery, isCompiledQuery } from "graphql-jit";
import type { GraphQLContext } from "../context.ts";
import { isCompilable, nestedVariables } from "./compilable.ts";
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
/** Forms of operations, by what their conditions decide, that are kept with their code: 100 kB each, seldom up to 800. */
const MOST_VARIANTS = 250;

type Variables = Readonly<Record<string, unknown>>;

/** An operation that came, as far as it is understood. */
interface Known {
  readonly key: number;
  /** The operation with its fragments, without its neighbours. */
  readonly document: DocumentNode;
  /** Introspection tells of the public schema, so it must run on that. */
  readonly isIntrospective: boolean;
  readonly conditions: readonly string[] | null;
}

/** An operation with its conditions decided. */
interface Variant {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Variables without which the compiled code would not do. */
  readonly required: readonly string[];
  runs: number;
  /** Null when the compiler cannot; undefined before it has tried. */
  compiled?: CompiledQuery | null;
}

export function createCompiledExecutor(schema: GraphQLSchema): Executor {
  const plain = createPlainExecutor(schema);
  const executionSchema = createExecutionSchema(schema);
  // Documents are kept by Apollo Server, in a cache of bounded size; what is known of them goes when they go.
  const operations = new WeakMap<OperationDefinitionNode, Known>();
  let operationCount = 0;
  /** By operation and decided conditions, the least recently used first. */
  const variants = new Map<string, Variant>();

  const knownOf = (all: DocumentNode, operation: OperationDefinitionNode): Known => {
    const known = operations.get(operation);
    if (known) return known;
    const document = separateOperations(all)[operation.name?.value ?? ""] ?? all;
    const conditions = conditionVariables(document);
    const made = { key: operationCount++, document, conditions, isIntrospective: isIntrospective(document) };
    operations.set(operation, made);
    return made;
  };

  const variantOf = ({ key, document, conditions }: Known, variables: Variables): Variant | null => {
    const values = conditions?.map((name) => variables[name]) ?? [];
    // Conditions that cannot be decided are an error, which graphql-js puts where it belongs.
    if (!values.every((value) => typeof value === "boolean")) return null;
    const variantKey = `${key} ${values}`;
    const variant =
      variants.get(variantKey) ?? createVariant(conditions ? applyConditions(document, variables) : document);
    if (!variant) return null;
    variants.delete(variantKey);
    variants.set(variantKey, variant);
    const [oldest] = variants.keys();
    if (variants.size > MOST_VARIANTS && oldest !== undefined) variants.delete(oldest);
    return variant;
  };

  const createVariant = (decided: DocumentNode): Variant | null => {
    const document = detachRows(decided, schema);
    const operation = getOperationAST(document);
    return operation ? { document, operation, required: nestedVariables(document), runs: 0 } : null;
  };

  const compiledFor = (variant: Variant, variables: Variables): CompiledQuery | null => {
    variant.runs += 1;
    if (variant.runs <= RUNS_BEFORE_COMPILING) return null;
    if (variant.compiled === undefined) variant.compiled = compile(executionSchema, variant);
    return variant.required.every((name) => (variables[name] ?? null) !== null) ? variant.compiled : null;
  };

  return async (request) => {
    const operation = getOperationAST(request.document, request.operationName);
    if (!operation) return plain(request);
    const known = knownOf(request.document, operation);
    if (known.isIntrospective) return plain(request);
    const variables = coerced(executionSchema, operation, request.variables);
    if (variables.errors) return { errors: variables.errors };
    const variant = variantOf(known, variables.coerced);
    if (!variant) return plain(request);
    const compiled = compiledFor(variant, variables.coerced);
    if (compiled) {
      const result: ExecutionResult = await compiled.query({}, request.context, variables.coerced);
      if (!result.errors) return result;
      // graphql-jit orders errors otherwise, and tells all those of which one made the rest go. Saying it as
      // graphql-js does costs no upstream call, as the context's loader knows the jobs by now.
    }
    return execute({
      schema: executionSchema,
      document: variant.document,
      variableValues: request.variables,
      contextValue: request.context,
    });
  };
}

/** graphql-jit ignores defaults of input fields and of non-null variables, so variables are coerced before it does it. */
function coerced(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Variables,
) {
  // Texts for ids and texts, which is all that most operations take, are what they are coerced to.
  const areTexts = variableDefinitions.every(
    ({ type, variable }) => isTextType(type) && typeof variables[variable.name.value] === "string",
  );
  if (areTexts) return { coerced: variables, errors: undefined };
  return getVariableValues(schema, variableDefinitions, variables, { maxErrors: 50 });
}

const isTextType = (type: TypeNode): boolean => {
  if (type.kind === Kind.NON_NULL_TYPE) return isTextType(type.type);
  return type.kind === Kind.NAMED_TYPE && (type.name.value === "ID" || type.name.value === "String");
};

function compile(schema: GraphQLSchema, { document, operation }: Variant): CompiledQuery | null {
  if (!isCompilable(document, operation)) return null;
  const compiled = compileQuery(schema, document, operation.name?.value);
  return isCompiledQuery(compiled) ? compiled : null;
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
