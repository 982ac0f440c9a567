/** GraphQL over WebSocket (graphql-transport-ws): what a connection and its operations are to the gateway. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  parse,
} from "graphql";
import { CloseCode, type Context, makeServer, type Server, type SubscribePayload } from "graphql-ws";
import { endedWith } from "../graphql/ended-with.ts";
import type { Operations } from "../graphql/operations.ts";
import { createTrace, type Trace } from "../upstream/trace.ts";
import { keepInteger } from "./exact-json.ts";
import type { InsertedText, ResultMark } from "./inserted-text.ts";
import type { CreateContext } from "./request-context.ts";
import { operationPart } from "./request-log.ts";
import { InvalidConnectionParams, withParams } from "./web-socket-caller.ts";

/** One connection. */
export interface Connection {
  /** The caller's. */
  headers: IncomingHttpHeaders;
  /** Aborts when it is closed. */
  readonly signal: AbortSignal;
  readonly texts: InsertedText;
  /** Of the connection: lines of its operations have its request id. */
  readonly log: FastifyBaseLogger;
  readonly close: (code: number, reason: string) => void;
}

export interface ProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly createContext: CreateContext;
}

type Ctx = Context<Record<string, unknown> | undefined, Connection>;

/** Most operations of one connection at one time. */
const MAX_OPERATIONS = 100;

/** An operation that runs already, in the library's form. */
interface Started extends ExecutionArgs {
  readonly results: AsyncGenerator<ResultMark, void, undefined>;
}

/** The library looks whether there is an operation in a document; by then it was found good elsewhere. */
const ANY_DOCUMENT = parse("{ __typename }");

export function createProtocol({ schema, operations, createContext }: ProtocolOptions): Server<Connection> {
  const begin = async ({ extra, subscriptions }: Ctx, payload: SubscribePayload) => {
    if (Object.keys(subscriptions).length > MAX_OPERATIONS) return [tooMany()];
    const { headers, signal, texts, log } = extra;
    const trace = createTrace();
    const line = createLine(log, trace);
    const context = createContext({ headers, trace, signal, takesSubscription: true });
    const { query, operationName, variables, extensions } = payload;
    const request = {
      query,
      operationName: operationName ?? undefined,
      variables: variables ?? undefined,
      extensions: extensions ?? undefined,
    };
    const opened = await operations.open(request, context);
    if (opened.kind === "refused") {
      line.write();
      return opened.errors.map(asError);
    }
    const source = opened.results;
    const results = async function* () {
      try {
        for await (const text of source) {
          line.countResult();
          yield texts.markOf(text);
        }
      } finally {
        line.write();
      }
    };
    const started: Started = { schema, document: ANY_DOCUMENT, results: endedWith(results(), source) };
    return started;
  };

  return makeServer<Record<string, unknown> | undefined, Connection>({
    jsonMessageReviver: keepInteger,
    onConnect: ({ extra, connectionParams }) => {
      try {
        extra.headers = withParams(extra.headers, connectionParams);
        return true;
      } catch (error) {
        if (!(error instanceof InvalidConnectionParams)) throw error;
        extra.close(CloseCode.BadRequest, error.message);
        return false;
      }
    },
    onSubscribe: (ctx, _id, payload) => begin(ctx, payload),
    onError: (_ctx, _id, _payload, errors) => errors.map((error) => error.toJSON()),
    // Only what `begin` started gets here.
    execute: (args) => (args as Started).results,
    subscribe: (args) => (args as Started).results,
  });
}

/** An error as it was formatted already. */
const asError = (formatted: GraphQLFormattedError): GraphQLError =>
  Object.assign(new GraphQLError(formatted.message), { toJSON: () => formatted });

const tooMany = (): GraphQLError =>
  new GraphQLError(
    `Expected at most ${MAX_OPERATIONS} operations at one time on a WebSocket, got one more. End one, or open another WebSocket.`,
    { extensions: { code: "TOO_MANY_OPERATIONS" } },
  );

/** The log line of one operation. */
function createLine(log: FastifyBaseLogger, trace: Trace) {
  const beganAt = performance.now();
  let results = 0;
  return {
    countResult: () => {
      results += 1;
    },
    write: () => {
      for (const fault of trace.faults) log.error({ err: fault }, "fault");
      const durationMs = Math.round((performance.now() - beganAt) * 10) / 10;
      log.info({ durationMs, results, ...operationPart(trace) }, "operation");
    },
  };
}
