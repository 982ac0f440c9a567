/**
 * Apollo Server for what it does over HTTP: GET requests, persisted queries, CSRF prevention, the landing page. Operations
 * that reach it are run by the request that it works for, as all others are.
 */
import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import type { GraphQLSchema } from "graphql";
import type { OperationLog } from "../model/operation-log.ts";
import { codeOf, formatError } from "./errors.ts";
import { createLandingPage } from "./landing-page.ts";
import { MAX_TOKENS } from "./operation/operation-limits.ts";
import type { OperationRequest } from "./operation/run.ts";

/** What Apollo Server knows of the request. */
export interface ApolloContext {
  /** Runs the operation. The request keeps the response, which Apollo Server has no form for. */
  readonly run: (request: OperationRequest) => Promise<void>;
  readonly operationLog: OperationLog;
}

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  /** Gets what Apollo Server has to say. */
  readonly logger: { readonly warn: (text: string) => void; readonly error: (text: string) => void };
}

export function createApolloServer({ schema, logger }: ApolloOptions): ApolloServer<ApolloContext> {
  // Its lines can continue with a part of the document, which is the caller's data.
  const firstLine = (text: string) => String(text).split("\n")[0] ?? "";
  return new ApolloServer<ApolloContext>({
    logger: {
      debug: () => {},
      info: () => {},
      warn: (text) => logger.warn(firstLine(text)),
      error: (text) => logger.error(firstLine(text)),
    },
    gateway: withExecutor(schema),
    formatError,
    // The schema is public, and explorers and code generators read it; access is decided upstream.
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    // Signals are the process's business.
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    // Prepared operations are cached once, not here too.
    documentStore: null,
    plugins: [
      noteFaults,
      // It would hook every field of every row.
      ApolloServerPluginCacheControlDisabled(),
      createLandingPage(),
    ],
  });
}

type Gateway = NonNullable<ApolloServerOptionsWithGateway<ApolloContext>["gateway"]>;

/** Apollo Server's way to have operations run by somebody else: it calls this a gateway. */
const withExecutor = (schema: GraphQLSchema): Gateway => ({
  onSchemaLoadOrUpdate: (onLoad) => {
    onLoad({ apiSchema: schema, coreSupergraphSdl: "" });
    return () => {};
  },
  load: async () => ({
    executor: async ({ source, request, context }) => {
      const { operationName = null, variables = {} } = request;
      // The type parameter of the server is lost on the way here.
      await (context as ApolloContext).run({ query: source, operationName, variables });
      return { data: null };
    },
  }),
  stop: async () => {},
});

/** Notes faults of our own in what Apollo Server does itself. */
const noteFaults: ApolloServerPlugin<ApolloContext> = {
  async unexpectedErrorProcessingRequest({ requestContext, error }) {
    requestContext.contextValue.operationLog.internalErrors.push(error);
  },
  async requestDidStart({ contextValue: { operationLog } }) {
    return {
      async didEncounterErrors({ errors }) {
        for (const error of errors) {
          if (codeOf(formatError(error.toJSON(), error)) === "INTERNAL_SERVER_ERROR")
            operationLog.internalErrors.push(error);
        }
      },
    };
  },
};
