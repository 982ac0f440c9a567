/** Apollo Server over the schema: limits, landing page, error form; what every operation leaves for its log line. */
import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import {
  createSourceEventStream,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
} from "graphql";
import type { GraphQLContext, LiveContext, LiveOperation } from "./context.ts";
import { formatError } from "./errors.ts";
import type { Executor } from "./executor/executor.ts";
import { createLandingPage } from "./landing-page.ts";
import { limitSelections } from "./selection-limit.ts";
import type { Shortcut } from "./shortcut.ts";

/** Most tokens of a document. Every field of the schema selected once is about 200. */
const MAX_TOKENS = 10_000;

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly executor: Executor;
  /** Learns what is found valid. */
  readonly shortcut: Shortcut;
  /** Gets what Apollo Server has to say. */
  readonly logger: { readonly warn: (text: string) => void; readonly error: (text: string) => void };
}

export function createApolloServer({
  schema,
  executor,
  shortcut,
  logger,
}: ApolloOptions): ApolloServer<GraphQLContext> {
  // Its lines can go on with a part of the document, which is the caller's data.
  const firstLine = (text: string) => String(text).split("\n")[0] ?? "";
  return new ApolloServer<GraphQLContext>({
    logger: {
      debug: () => {},
      info: () => {},
      warn: (text) => logger.warn(firstLine(text)),
      error: (text) => logger.error(firstLine(text)),
    },
    gateway: withExecutor(schema, executor),
    formatError,
    // The schema is public, and explorers and code generators read it; access is decided upstream.
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    // Signals are the process's business.
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitSelections],
    plugins: [
      tracePlugin,
      {
        requestDidStart: async () => ({
          didResolveOperation: async ({ source, document }) => shortcut.learn(source, document),
        }),
      },
      // It would hook every field of every row.
      ApolloServerPluginCacheControlDisabled(),
      createLandingPage(),
    ],
  });
}

const NO_SUBSCRIPTION =
  "Expected a query, as one answer is all that this request takes. Subscribe by WebSocket, by server-sent events at " +
  "/graphql/stream, or with the header `Accept: multipart/mixed;subscriptionSpec=1.0`.";

type Gateway = NonNullable<ApolloServerOptionsWithGateway<GraphQLContext>["gateway"]>;

/** Apollo Server's way to have operations run by somebody else: it calls this a gateway. */
const withExecutor = (schema: GraphQLSchema, executor: Executor): Gateway => ({
  onSchemaLoadOrUpdate: (onLoad) => {
    onLoad({ apiSchema: schema, coreSupergraphSdl: "" });
    return () => {};
  },
  load: async () => ({
    executor: ({ document, request, context: given }) => {
      // What `createContext` of the route made.
      const context = given as GraphQLContext;
      const { operationName = null, variables = {} } = request;
      const operation = { document, operationName, variables, context };
      const isSubscription =
        getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
      if (isSubscription && context.live) return beginSubscription(schema, operation, context.live);
      return context.settled ?? executor(operation);
    },
  }),
  stop: async () => {},
});

/** Leaves what it tells of with the context; its transport goes on from there. Errors are those of the begin. */
async function beginSubscription(
  schema: GraphQLSchema,
  { document, operationName, variables, context }: Parameters<Executor>[0],
  live: LiveContext,
): Promise<ExecutionResult> {
  const begun = await createSourceEventStream({
    schema,
    document,
    operationName,
    variableValues: variables,
    contextValue: context,
  });
  if (!(Symbol.asyncIterator in begun)) return begun;
  // The schema has one subscription field, and this is what that gives.
  const states = begun as LiveOperation["states"];
  live.begun = { document, operationName, variables, states };
  return { data: null };
}

/** Notes what the operation is, and what became of it. */
const tracePlugin: ApolloServerPlugin<GraphQLContext> = {
  /** What goes wrong outside of resolvers, such as a rule of validation that throws. */
  async unexpectedErrorProcessingRequest({ requestContext, error }) {
    requestContext.contextValue.trace.faults.push(error);
  },
  async requestDidStart({ contextValue: { trace, live } }) {
    return {
      async didResolveOperation({ operationName, operation }) {
        // Only now: before, a name is any text of the client's.
        trace.operationName = operationName;
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION && !live) {
          throw new GraphQLError(NO_SUBSCRIPTION, { extensions: { code: "BAD_REQUEST" } });
        }
      },
      async didEncounterErrors({ errors }) {
        for (const error of errors) {
          const { extensions } = formatError(error.toJSON(), error);
          if (extensions?.code === "INTERNAL_SERVER_ERROR") trace.faults.push(error.originalError ?? error);
        }
      },
      async willSendResponse({ response }) {
        if (response.body.kind !== "single") return;
        for (const { extensions } of response.body.singleResult.errors ?? []) {
          if (typeof extensions?.code === "string") trace.errorCodes.push(extensions.code);
        }
      },
    };
  },
};
