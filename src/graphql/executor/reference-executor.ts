/**
 * The reference executor: graphql-js on the same schema and resolvers, to compare the plan executor with. It creates an
 * object per row, so it is not for production. `EXECUTOR=graphql-js` selects it.
 */
import { execute, type GraphQLError, type GraphQLFormattedError, type GraphQLSchema, Kind } from "graphql";
import { withTraceId } from "../errors.ts";
import type { Executor } from "./executor.ts";
import { ResponseTooLarge } from "./json-sink.ts";
import { responseExtensions } from "./response-extensions.ts";

export interface ReferenceExecutorOptions {
  readonly schema: GraphQLSchema;
  /** Larger responses are rejected. */
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
    const { traceId = null } = context;
    const extensions = responseExtensions(context.jobs);
    const response = {
      ...(errors.length > 0 && { errors: errors.map((error) => withTraceId(formatError(error), traceId)) }),
      data: result.data ?? null,
      ...(extensions && { extensions }),
    };
    const body = JSON.stringify(response);
    if (Buffer.byteLength(body) > maxResponseBytes) throw new ResponseTooLarge(maxResponseBytes);
    return { errors, body, release: () => {} };
  };
