/** Apollo Server over the schema: limits, landing page, error form; what every operation leaves for its log line. */
import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";
import { GraphQLError, type GraphQLSchema } from "graphql";
import type { GraphQLContext } from "./context.ts";
import { formatError } from "./errors.ts";
import type { Executor } from "./executor/executor.ts";
import { SAMPLE_QUERY } from "./sample-query.ts";
import { limitSelections } from "./selection-limit.ts";
import type { Shortcut } from "./shortcut.ts";

/** Most tokens of a document. Every field of the schema selected once is about 200. */
const MAX_TOKENS = 10_000;

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly executor: Executor;
  /** Learns what is found valid. */
  readonly shortcut: Shortcut;
}

export function createApolloServer({
  schema,
  executor,
  shortcut,
}: ApolloOptions): ApolloServer<GraphQLContext> {
  return new ApolloServer<GraphQLContext>({
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
      // The "local" page is the one with the Sandbox in it.
      ApolloServerPluginLandingPageLocalDefault({ embed: true, footer: false, document: SAMPLE_QUERY }),
    ],
  });
}

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
      return context.settled ?? executor({ document, operationName, variables, context });
    },
  }),
  stop: async () => {},
});

/** Notes what the operation is, and what became of it. */
const tracePlugin: ApolloServerPlugin<GraphQLContext> = {
  async requestDidStart({ contextValue: { trace } }) {
    return {
      async didResolveOperation({ operationName, operation }) {
        // Only now: before, a name is any text of the client's.
        trace.operationName = operationName;
        if (operation?.operation === "subscription") {
          throw new GraphQLError("Expected a query: subscriptions are not served over plain HTTP.", {
            extensions: { code: "BAD_REQUEST" },
          });
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
