/**
 * graphql-js on the same schema and resolvers: what the plan executor is measured against. Chosen with
 * `EXECUTOR=graphql-js`, for comparison only: it makes an object of every row.
 */
import { execute, type GraphQLError, type GraphQLFormattedError, type GraphQLSchema, Kind } from "graphql";
import type { Executor } from "./executor.ts";
import { ResponseTooLarge } from "./json-sink.ts";

export interface ReferenceExecutorOptions {
  readonly schema: GraphQLSchema;
  /** Larger responses are refused. */
  readonly maxResponseBytes: number;
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}

export const createReferenceExecutor =
  ({ schema, maxResponseBytes, formatError }: ReferenceExecutorOptions): Executor =>
  async ({ source: { operation, fragments }, variables, context }) => {
    const result = await execute({
      schema,
      document: { kind: Kind.DOCUMENT, definitions: [operation, ...Object.values(fragments)] },
      variableValues: variables,
      contextValue: context,
    });
    const errors = result.errors ?? [];
    const shown = {
      ...(errors.length > 0 && { errors: errors.map(formatError) }),
      data: result.data ?? null,
    };
    const body = JSON.stringify(shown);
    if (Buffer.byteLength(body) > maxResponseBytes) throw new ResponseTooLarge(maxResponseBytes);
    return { errors, body, release: () => {} };
  };
