/** Operations over transports that carry more than one response: WebSocket, server-sent events, multipart. */
import type { GraphQLFormattedError } from "graphql";
import type { OperationContext } from "./context.ts";
import type { RunOperation } from "./operation/run.ts";

/** What a client asks for, as it came. */
interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export type OpenedOperation =
  | { readonly kind: "refused"; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: "running"; readonly results: AsyncGenerator<string, void, undefined> };

export interface Operations {
  readonly open: (request: OperationRequest, context: OperationContext) => Promise<OpenedOperation>;
}

export function createOperations(run: RunOperation): Operations {
  return {
    open: async ({ query = "", operationName = null, variables = {} }, context) => {
      const result = await run({ query, operationName, variables }, context);
      if (result.kind === "stream") return { kind: "running", results: result.responses };
      if (result.refusal) return { kind: "refused", errors: result.refusal };
      return { kind: "running", results: single(String(result.body)) };
    },
  };
}

async function* single(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}
