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
import type { Operations } from "../graphql/operations.ts";
import { endedWith } from "../graphql/subscription/ended-with.ts";
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
  /** Operations that are about to begin, also those that the client has completed meanwhile. */
  beginning: number;
  /** Of these, the last one with each id. */
  readonly lastWithId: Map<string, Trace>;
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
  const begin = async (ctx: Ctx, id: string, payload: SubscribePayload) => {
    const { extra } = ctx;
    const running = Object.values(ctx.subscriptions).filter((results) => results !== null).length;
    if (running + extra.beginning >= MAX_OPERATIONS) return [tooMany()];
    const { headers, signal, texts, log, lastWithId } = extra;
    const trace = createTrace();
    lastWithId.set(id, trace);
    extra.beginning += 1;
    const line = createLine(log, trace, signal);
    const context = createContext({ headers, trace, signal, takesSubscription: true });
    const { query, operationName, variables, extensions } = payload;
    const request = {
      query,
      operationName: operationName ?? undefined,
      variables: variables ?? undefined,
      extensions: extensions ?? undefined,
    };
    const opened = await operations.open(request, context).finally(() => {
      extra.beginning -= 1;
    });
    const isLast = lastWithId.get(id) === trace;
    if (isLast) lastWithId.delete(id);
    if (!isLast || !(id in ctx.subscriptions)) {
      // The client has completed it, and perhaps gave its id to another, for which the library would take this one.
      if (opened.kind === "running") await opened.results.return();
      line.write();
      return new Promise<never>(() => {});
    }
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
    onConnect: (ctx) => {
      const { extra, connectionParams } = ctx;
      try {
        extra.headers = withParams(extra.headers, connectionParams);
        // Nothing else of them is kept.
        Object.assign(ctx, { connectionParams: undefined });
        return true;
      } catch (error) {
        if (!(error instanceof InvalidConnectionParams)) throw error;
        extra.close(CloseCode.BadRequest, error.message);
        return false;
      }
    },
    onSubscribe: begin,
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

/** The log line of one operation. What a client caused by going away, the reason of `gone`, is no fault. */
function createLine(log: FastifyBaseLogger, trace: Trace, gone: AbortSignal) {
  const beganAt = performance.now();
  let results = 0;
  return {
    countResult: () => {
      results += 1;
    },
    write: () => {
      for (const fault of trace.faults) {
        if (!gone.aborted || fault !== gone.reason) log.error({ err: fault }, "fault");
      }
      const durationMs = Math.round((performance.now() - beganAt) * 10) / 10;
      log.info({ durationMs, results, ...operationPart(trace) }, "operation");
    },
  };
}
