/**
 * The response of graphql-js, with a new schema, upstream client and loader for each operation. The only file of the
 * sequences that imports the gateway's code.
 */
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  getOperationAST,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { formatError } from "../../src/graphql/errors.ts";
import { createSchema } from "../../src/graphql/schema.ts";
import { createJobLoader } from "../../src/jobs/job-loader.ts";
import { createOperationLog } from "../../src/model/operation-log.ts";
import { createCaller } from "../../src/upstream/caller.ts";
import { createUpstreamClient } from "../../src/upstream/client.ts";
import type { Identity } from "./identities.ts";
import { type Assumption, createHostRoots } from "./required.ts";

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

export interface Result {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLFormattedError[];
}

const hostRootsOf = createHostRoots();

/** graphql-js adds an error in its own terms when there are more. */
const MAX_COERCION_ERRORS = 5;
const NOT_LISTED = new GraphQLError(`Only the first ${MAX_COERCION_ERRORS} errors are listed.`);

/** The result of `operation` over the upstream at `baseUrl`. */
export async function runReference(
  operation: Operation,
  identity: Identity,
  baseUrl: string,
  assumption: Assumption,
): Promise<Result> {
  const { query, operationName, variables = {} } = operation;
  const schema = createSchema();
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    return refused([error], "GRAPHQL_PARSE_FAILED");
  }
  const invalid = validate(schema, document);
  if (invalid.length > 0) return refused(invalid, "GRAPHQL_VALIDATION_FAILED");
  const ast = getOperationAST(document, operationName);
  const hostRoots = await hostRootsOf(operation, assumption);

  const upstream = createUpstreamClient({
    baseUrl: new URL(baseUrl),
    timeoutMs: 60_000,
    maxBodyBytes: 2 ** 26,
    connections: 8,
    maxQueue: 100,
    proxy: null,
    retries: null,
    circuitBreaker: null,
  });
  const jobs = createJobLoader({
    snapshots: { get: (lookup) => upstream.getJobInstance(lookup) },
    caller: createCaller(identity),
    operationLog: createOperationLog(),
    signal: new AbortController().signal,
    accept: "fresh",
  });
  try {
    const result = await execute({
      schema,
      document,
      options: { maxCoercionErrors: MAX_COERCION_ERRORS },
      contextValue: {
        jobs,
        watch: null,
        examineRows: () => {},
        requiredData: (root: string | number) => (hostRoots.has(String(root)) ? "hosts" : "status"),
      },
      variableValues: variables,
      operationName: operationName ?? null,
    });
    return resultOf(result, ast?.operation);
  } finally {
    await upstream.close();
  }
}

function resultOf({ data, errors = [] }: ExecutionResult, kind: OperationTypeNode | undefined): Result {
  // Nothing was executed: the operation does not exist or its variables are invalid.
  if (data === undefined) {
    const listed = errors.map((error, index) => (index === MAX_COERCION_ERRORS ? NOT_LISTED : error));
    return refused(listed, kind ? "BAD_USER_INPUT" : "OPERATION_RESOLUTION_FAILURE");
  }
  if (errors.length === 0) return { data };
  const shown = errors.map((error) => formatError(error.toJSON(), error));
  const isBadSubscription =
    kind === OperationTypeNode.SUBSCRIPTION &&
    shown.some(({ path, extensions }) => path?.length === 1 && extensions?.code === "BAD_USER_INPUT");
  // A subscription with an invalid argument does not start.
  return isBadSubscription ? { errors: shown } : { data, errors: shown };
}

/** `formatError` can change the code. */
const refused = (errors: readonly unknown[], code: string): Result => ({
  errors: errors.map((error) => {
    if (!(error instanceof GraphQLError)) throw error;
    return formatError({ ...error.toJSON(), extensions: { code } }, error);
  }),
});
