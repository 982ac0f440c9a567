/**
 * Apollo Server, for its HTTP features: GET requests, persisted queries, CSRF prevention, the landing page. It does not
 * execute operations, but passes them back to the request, which runs them in the same pipeline as all others.
 */
import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLSchema } from "graphql";
import type { OperationLog } from "../model/operation-log.ts";
import { codeOf, formatError } from "./errors.ts";
import { createLandingPage } from "./landing-page.ts";
import type { DocumentLimits } from "./operation/operation-limits.ts";
import type { OperationRequest } from "./operation/run.ts";
import { createPersistedQueries, type DocumentSource } from "./persisted-queries.ts";

/** Says that a request is not forged (CSRF): pages of other origins can only set it after a preflight request. */
export const PREFLIGHT_HEADER = "apollo-require-preflight";

export interface ApolloContext {
  /** Runs the operation. The request sends the response itself, because Apollo Server cannot send JSON bytes. */
  readonly run: (request: OperationRequest) => Promise<void>;
  readonly operationLog: OperationLog;
}

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  /** Whether operations may select introspection fields. */
  readonly introspection: boolean;
  /** Whether a browser gets the explorer. */
  readonly explorer: boolean;
  readonly documentLimits: DocumentLimits;
  /** Documents of persisted queries that other instances know. Null: instances share none. */
  readonly sharedDocuments: DocumentSource | null;
  readonly logger: { readonly warn: (text: string) => void; readonly error: (text: string) => void };
}

export function createApolloServer({
  schema,
  introspection,
  explorer,
  documentLimits,
  sharedDocuments,
  logger,
}: ApolloOptions): ApolloServer<ApolloContext> {
  // The other lines of a message can contain parts of the document, which must not be logged.
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
    introspection,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    // `serve.ts` handles signals.
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: documentLimits.maxTokens },
    persistedQueries: { cache: createPersistedQueries(sharedDocuments) },
    // `operation/prepare.ts` has the cache of documents.
    documentStore: null,
    plugins: [
      logInternalErrors,
      // Cache control is on by default and wraps the resolver of every field.
      ApolloServerPluginCacheControlDisabled(),
      explorer ? createLandingPage() : ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

type ApolloGateway = NonNullable<ApolloServerOptionsWithGateway<ApolloContext>["gateway"]>;

/** Apollo Server's interface for a custom executor, which it calls a gateway. */
const withExecutor = (schema: GraphQLSchema): ApolloGateway => ({
  onSchemaLoadOrUpdate: (onLoad) => {
    onLoad({ apiSchema: schema, coreSupergraphSdl: "" });
    return () => {};
  },
  load: async () => ({
    executor: async ({ source, request, context }) => {
      const { operationName = null, variables = {} } = request;
      // The interface has no type parameter for the context.
      await (context as ApolloContext).run({ query: source, documentId: null, operationName, variables });
      return { data: null };
    },
  }),
  stop: async () => {},
});

/** Logs internal errors of Apollo Server itself. */
const logInternalErrors: ApolloServerPlugin<ApolloContext> = {
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
