/** What an operation is told of the request that it came with. */
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply } from "fastify";
import type { OperationContext } from "../graphql/context.ts";
import type { OperationLog } from "../model/operation-log.ts";

interface RequestFacts {
  /** With the caller's credentials, tenant and language; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Where the operation is noted. */
  readonly operationLog: OperationLog;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Whether more than one result can be sent. */
  readonly acceptsSubscriptions: boolean;
}

/** Makes the context of one operation. */
export type CreateContext = (facts: RequestFacts) => OperationContext;

/** Aborts when the client goes away before its response is complete. */
export function clientAbortSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.on("close", () => {
    if (!raw.writableFinished) controller.abort(new Error(CLIENT_GONE));
  });
  return controller.signal;
}

export const CLIENT_GONE = "The client has gone away.";
