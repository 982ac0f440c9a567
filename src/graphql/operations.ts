/** Operations over transports that carry more than one result: WebSocket, server-sent events, multipart. */
import type { ApolloServer, GraphQLResponse } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import type { GraphQLContext } from "./context.ts";
import { formatError } from "./errors.ts";
import type { LiveResults } from "./live-results.ts";

/** What a client asks for, as it came. */
interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export type OpenedOperation =
  /** Nothing runs: the text does not parse, does not fit the schema, or its subscription could not begin. */
  | { readonly kind: "refused"; readonly errors: readonly GraphQLFormattedError[] }
  /** The results: one of a query; of a subscription the state now and then every change. `return()` ends it. */
  | { readonly kind: "running"; readonly results: AsyncGenerator<string, void, undefined> };

export interface Operations {
  /** Checks the operation and starts it. `context.live` must be there. */
  readonly open: (request: OperationRequest, context: GraphQLContext) => Promise<OpenedOperation>;
  /** The results of the subscription that Apollo Server began for `context`; null for any other operation. */
  readonly begun: (context: GraphQLContext) => AsyncGenerator<string, void, undefined> | null;
}

export function createOperations(apollo: ApolloServer<GraphQLContext>, liveResults: LiveResults): Operations {
  const begun: Operations["begun"] = ({ live, trace }) =>
    live?.begun ? liveResults(live.begun, trace) : null;

  const open: Operations["open"] = async (request, context) => {
    // Apollo Server's own type has its optional parts neither null nor undefined.
    const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
    let body: GraphQLResponse["body"];
    try {
      ({ body } = await apollo.executeOperation(given, { contextValue: context }));
    } catch (error) {
      // A rule of validation threw, as graphql's own does for `@skip` at the field of a subscription. It is noted.
      return { kind: "refused", errors: [formatError({ message: "" }, error)] };
    }
    const results = begun(context);
    if (results) return { kind: "running", results };
    if (body.kind !== "single")
      throw new Error("Expected a complete response: incremental delivery is not offered.");
    const { data, errors } = body.singleResult;
    if (data === undefined) return { kind: "refused", errors: errors ?? [] };
    const text = context.detached.attach(JSON.stringify({ ...(errors && { errors }), data }));
    return { kind: "running", results: single(String(text)) };
  };

  return { open, begun };
}

async function* single(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}
